#include "verify/string_sets.h"

#include <functional>
#include <memory>
#include <string_view>

namespace latchkey::verify {
namespace {

std::vector<AddressBlock> blocks_of(const std::vector<std::string>& items) {
    std::vector<AddressBlock> blocks;
    for (const auto& item : items) {
        const auto block = parse_address_block(item);
        if (!block) return {};
        blocks.push_back(*block);
    }
    return blocks;
}

std::size_t bytes_of(const StringSet& set) {
    std::size_t bytes = sizeof set + set.text.capacity() + 32;  // and a node of the hash table
    bytes += set.blocks.capacity() * sizeof(AddressBlock);
    for (const auto& item : set.items) {
        bytes += sizeof item + (item.capacity() > 15 ? item.capacity() + 1 : 0);
    }
    return bytes;
}

}  // namespace

std::size_t StringSets::Hash::operator()(const std::vector<std::string>& items) const {
    std::size_t hash = items.size();
    for (const auto& item : items) {
        hash = hash * 0x9E3779B97F4A7C15ULL + std::hash<std::string_view>{}(item);
    }
    return hash;
}

StringSets::StringSets(Epochs& epochs) : epochs_(epochs) {
    slots_.allocate();  // number 0 is taken
}

StringSets::~StringSets() {
    for (const auto& known : known_) {
        delete known.set;
    }
}

std::uint32_t StringSets::intern(const std::vector<std::string>& items) {
    if (const auto found = known_.find(items); found != known_.end()) {
        retain(found->number);
        return found->number;
    }
    auto set = std::make_unique<StringSet>();
    set->items = items;
    set->blocks = blocks_of(items);
    for (const auto& item : items) {
        if (!set->text.empty()) set->text.push_back(' ');
        set->text += item;
    }
    set_bytes_ += bytes_of(*set);
    const std::uint32_t number = slots_.allocate();
    slots_[number].users = 1;
    known_.insert({set.get(), number});
    slots_[number].set.store(set.release());
    return number;
}

void StringSets::retain(std::uint32_t number) {
    if (number != 0) ++slots_[number].users;
}

void StringSets::release(std::uint32_t number) {
    if (number == 0 || --slots_[number].users > 0) return;
    const StringSet* const set = slots_[number].set.load();
    known_.erase({set, number});
    epochs_.retire([this, number] {
        const StringSet* const last = slots_[number].set.exchange(nullptr);
        set_bytes_ -= bytes_of(*last);
        delete last;
        slots_.free(number);
    });
}

}  // namespace latchkey::verify
