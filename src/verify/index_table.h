// IndexTable: from a hash to a slot number, open addressing with linear probing, one writer and any
// number of readers inside an epoch. A word is hash << 32 | slot + 1, zero is empty; the position
// comes from the hash's upper bits, so that growing never touches what the slots hold. Entries are
// added and redirected, never removed. Readers neither lock, wait nor allocate.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/large_array.h"
#include "verify/epochs.h"

namespace latchkey::verify {

class IndexTable {
public:
    static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

    explicit IndexTable(Epochs& epochs);
    ~IndexTable();
    IndexTable(const IndexTable&) = delete;
    IndexTable& operator=(const IndexTable&) = delete;

    // The first slot with this hash for which `is_it(slot)`, or kNone. Different keys may share a
    // hash: only is_it decides.
    template <typename Predicate>
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, Predicate&& is_it) const {
        const Table& table = *table_.load();
        for (std::size_t i = hash >> table.shift;; i = (i + 1) & table.mask) {
            const std::uint64_t word = table.words[i].load();
            if (word == 0) return kNone;
            const auto slot = static_cast<std::uint32_t>(word) - 1;
            if (word >> 32 == hash && is_it(slot)) return slot;
        }
    }

    // The slots that stand in the table as it is now.
    template <typename Visitor>
    void for_each(Visitor&& visitor) const {
        const Table& table = *table_.load();
        for (std::size_t i = 0; i <= table.mask; ++i) {
            const std::uint64_t word = table.words[i].load();
            if (word != 0) visitor(static_cast<std::uint32_t>(word) - 1);
        }
    }

    // --- the writer ------------------------------------------------------------------------------
    void reserve(std::size_t entries);
    void insert(std::uint32_t hash, std::uint32_t slot);
    // Atomically: a reader finds one or the other. The old one must be there (a CHECK).
    void redirect(std::uint32_t hash, std::uint32_t old_slot, std::uint32_t new_slot);

    [[nodiscard]] std::size_t bytes() const { return bytes_.load(); }

private:
    struct Table {
        explicit Table(unsigned bits);
        void insert(std::uint64_t word);

        unsigned shift;
        std::size_t mask;
        LargeArray<std::atomic<std::uint64_t>> words;
    };

    void grow_to(unsigned bits);

    Epochs& epochs_;
    std::atomic<Table*> table_;
    std::atomic<std::size_t> bytes_{0};
    unsigned bits_;
    std::size_t count_{0};
};

}  // namespace latchkey::verify
