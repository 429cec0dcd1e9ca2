#include "verify/index_table.h"

#include <memory>

#include "base/result.h"

namespace latchkey::verify {
namespace {

constexpr unsigned kBitsMin = 6;
constexpr unsigned kBitsMax = 31;

// At most three quarters full: a miss then looks at one or two cache lines.
constexpr std::size_t capacity(unsigned bits) {
    return (std::size_t{3} << bits) / 4;
}

constexpr std::uint64_t make_word(std::uint32_t hash, std::uint32_t slot) {
    return std::uint64_t{hash} << 32 | (std::uint64_t{slot} + 1);
}

}  // namespace

IndexTable::Table::Table(unsigned bits)
    : shift(32 - bits), mask((std::size_t{1} << bits) - 1), words(mask + 1) {}

void IndexTable::Table::insert(std::uint64_t word) {
    std::size_t i = word >> 32 >> shift;
    while (words[i].load(std::memory_order_relaxed) != 0) {
        i = (i + 1) & mask;
    }
    words[i].store(word);
}

IndexTable::IndexTable(Epochs& epochs)
    : epochs_(epochs), table_(new Table(kBitsMin)), bits_(kBitsMin) {
    bytes_ = sizeof(std::uint64_t) << kBitsMin;
}

IndexTable::~IndexTable() {
    delete table_.load();
}

void IndexTable::reserve(std::size_t entries) {
    unsigned bits = bits_;
    while (capacity(bits) < entries && bits < kBitsMax) {
        ++bits;
    }
    if (bits > bits_) grow_to(bits);
}

void IndexTable::insert(std::uint32_t hash, std::uint32_t slot) {
    if (count_ + 1 > capacity(bits_)) grow_to(bits_ + 1);
    table_.load()->insert(make_word(hash, slot));
    ++count_;
}

void IndexTable::redirect(std::uint32_t hash, std::uint32_t old_slot, std::uint32_t new_slot) {
    if (old_slot == new_slot) return;
    Table& table = *table_.load();
    const std::uint64_t old_word = make_word(hash, old_slot);
    for (std::size_t i = hash >> table.shift;; i = (i + 1) & table.mask) {
        const std::uint64_t word = table.words[i].load(std::memory_order_relaxed);
        CHECK(word != 0);
        if (word == old_word) {
            table.words[i].store(make_word(hash, new_slot));
            return;
        }
    }
}

void IndexTable::grow_to(unsigned bits) {
    CHECK(bits <= kBitsMax);
    Table* const old = table_.load();
    auto grown = std::make_unique<Table>(bits);
    for (std::size_t i = 0; i <= old->mask; ++i) {
        const std::uint64_t word = old->words[i].load(std::memory_order_relaxed);
        if (word != 0) grown->insert(word);
    }
    table_.store(grown.release());
    bits_ = bits;
    bytes_ = sizeof(std::uint64_t) << bits;
    epochs_.retire([old] { delete old; });
}

}  // namespace latchkey::verify
