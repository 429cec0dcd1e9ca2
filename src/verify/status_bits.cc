#include "verify/status_bits.h"

#include "base/result.h"

namespace latchkey::verify {

StatusBits::~StatusBits() {
    for (auto& list : *lists_) {
        delete list.load();
    }
}

void StatusBits::set(std::uint64_t index, TokenStatus status) {
    CHECK(index <= kIndexMax);
    auto& published = (*lists_)[index >> kListBits];
    List* list = published.load();
    if (list == nullptr) {
        list = new List;
        bytes_ += sizeof(List);
        published.store(list);
    }
    const std::uint64_t bit = (index & ((std::uint64_t{1} << kListBits) - 1)) * kStatusBits;
    auto& word = list->words[bit / 64];
    const std::uint64_t old = word.load(std::memory_order_relaxed);
    const std::uint64_t cleared = old & ~(std::uint64_t{3} << (bit % 64));
    const std::uint64_t now = cleared | static_cast<std::uint64_t>(status) << (bit % 64);
    if (now == old) return;
    word.store(now, std::memory_order_relaxed);
    list->version.fetch_add(1, std::memory_order_release);
}

std::string StatusBits::copy(std::uint64_t list) const {
    const List* const found = list < kListsMax ? (*lists_)[list].load() : nullptr;
    if (found == nullptr) return {};
    std::string bytes;
    bytes.reserve(kWords * 8);
    for (const auto& word : found->words) {
        std::uint64_t value = word.load(std::memory_order_relaxed);
        for (int i = 0; i < 8; ++i, value >>= 8) {
            bytes.push_back(static_cast<char>(value & 0xFF));
        }
    }
    return bytes;
}

std::uint64_t StatusBits::version(std::uint64_t list) const {
    const List* const found = list < kListsMax ? (*lists_)[list].load() : nullptr;
    return found == nullptr ? 0 : found->version.load(std::memory_order_acquire);
}

}  // namespace latchkey::verify
