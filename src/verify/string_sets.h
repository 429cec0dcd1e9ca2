// StringSets: scope lists and address lists, each kept once however many tokens have it. Numbers
// stay valid for readers inside an epoch; the writer counts who uses a set and retires it after the
// last. Number 0 is no set at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "verify/address_block.h"
#include "verify/chunks.h"
#include "verify/epochs.h"

namespace latchkey::verify {

struct StringSet {
    std::vector<std::string> items;
    std::string text;  // separated by one space
    // Of a list of addresses, read once; empty when one of them is none.
    std::vector<AddressBlock> blocks;
};

class StringSets {
public:
    explicit StringSets(Epochs& epochs);
    ~StringSets();
    StringSets(const StringSets&) = delete;
    StringSets& operator=(const StringSets&) = delete;

    // For readers too; `number` is not 0.
    [[nodiscard]] const StringSet& at(std::uint32_t number) const {
        return *slots_[number].set.load();
    }

    // --- the writer ------------------------------------------------------------------------------
    std::uint32_t intern(const std::vector<std::string>& items);  // counts one user
    void retain(std::uint32_t number);
    void release(std::uint32_t number);

    [[nodiscard]] std::size_t size() const { return known_.size(); }
    [[nodiscard]] std::size_t bytes() const { return slots_.bytes() + set_bytes_.load(); }

private:
    struct Slot {
        std::atomic<const StringSet*> set{nullptr};
        std::uint32_t users{0};
    };
    struct Known {
        const StringSet* set;
        std::uint32_t number;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const std::vector<std::string>& items) const;
        std::size_t operator()(const Known& known) const { return (*this)(known.set->items); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Known& a, const Known& b) const { return a.set == b.set; }
        bool operator()(const Known& a, const std::vector<std::string>& b) const {
            return a.set->items == b;
        }
        bool operator()(const std::vector<std::string>& a, const Known& b) const {
            return a == b.set->items;
        }
    };

    Epochs& epochs_;
    Chunks<Slot, 10, 16'384> slots_;
    std::unordered_set<Known, Hash, Equal> known_;
    std::atomic<std::size_t> set_bytes_{0};
};

}  // namespace latchkey::verify
