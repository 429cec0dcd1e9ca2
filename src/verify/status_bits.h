// StatusBits: the status lists behind the served Token Status Lists, two bits a secret, 2^20
// secrets a list, LSB first in each byte. One writer sets entries, readers copy whole lists.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "token/status_list.h"

namespace latchkey::verify {

class StatusBits {
public:
    static constexpr unsigned kListBits = 20;
    static constexpr std::uint64_t kListsMax = 4096;
    static constexpr std::uint64_t kIndexMax = (kListsMax << kListBits) - 2;

    StatusBits() : lists_(std::make_unique<Lists>()) {}
    ~StatusBits();
    StatusBits(const StatusBits&) = delete;
    StatusBits& operator=(const StatusBits&) = delete;

    // The writer's. `index` is list * 2^20 + entry, at most kIndexMax.
    void set(std::uint64_t index, TokenStatus status);

    [[nodiscard]] std::string copy(std::uint64_t list) const;  // empty: no such list
    // Grows after every change. Read it before the copy: a list that changes meanwhile is then
    // known to be old, never taken for new.
    [[nodiscard]] std::uint64_t version(std::uint64_t list) const;
    [[nodiscard]] std::size_t bytes() const { return sizeof(Lists) + bytes_.load(); }

private:
    static constexpr std::size_t kWords = (std::size_t{1} << kListBits) * kStatusBits / 64;
    struct List {
        std::array<std::atomic<std::uint64_t>, kWords> words{};
        std::atomic<std::uint64_t> version{1};
    };
    using Lists = std::array<std::atomic<List*>, kListsMax>;

    std::unique_ptr<Lists> lists_;
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace latchkey::verify
