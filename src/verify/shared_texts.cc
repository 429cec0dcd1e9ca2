#include "verify/shared_texts.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace latchkey::verify {
namespace {

constexpr std::size_t kBucketsMin = 8;
// Clients choose these texts, and could choose such as share a bucket: what is not found within so
// many steps is kept twice, which costs memory and nothing else.
constexpr int kStepsMax = 8;

}  // namespace

std::uint32_t SharedTexts::hold(std::string_view text) {
    text = text.substr(0, kBytesMax);
    if (size_ >= buckets_.size()) grow();
    const auto bucket =
        static_cast<std::uint32_t>(std::hash<std::string_view>{}(text) & (buckets_.size() - 1));
    std::uint32_t index = find(bucket, text);
    if (index == kNone) index = add(bucket, text);
    ++slots_[index].holders;
    return index;
}

std::uint32_t SharedTexts::add(std::uint32_t bucket, std::string_view text) {
    Slot slot;
    slot.bytes = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), slot.text.begin());  // it may be one of ours
    slot.bucket = bucket;
    std::uint32_t index = free_;
    if (index == kNone) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        free_ = slots_[index].next;
    }
    slot.next = std::exchange(buckets_[bucket], index);
    slots_[index] = slot;
    ++size_;
    return index;
}

void SharedTexts::release(std::uint32_t index) {
    Slot& slot = slots_[index];
    if (--slot.holders > 0) return;
    place_of(index) = slot.next;
    slot.next = std::exchange(free_, index);
    --size_;
}

std::uint32_t SharedTexts::find(std::uint32_t bucket, std::string_view text) const {
    std::uint32_t index = buckets_[bucket];
    for (int step = 0; step < kStepsMax && index != kNone; ++step) {
        if (view(index) == text) return index;
        index = slots_[index].next;
    }
    return kNone;
}

// Where the chain of its bucket names it.
std::uint32_t& SharedTexts::place_of(std::uint32_t index) {
    std::uint32_t* place = &buckets_[slots_[index].bucket];
    while (*place != index) {
        place = &slots_[*place].next;
    }
    return *place;
}

void SharedTexts::grow() {
    const std::size_t count = std::max(kBucketsMin, buckets_.size() * 2);
    std::vector<std::uint32_t> buckets(count, kNone);
    for (std::uint32_t first : buckets_) {
        while (first != kNone) {
            Slot& slot = slots_[first];
            const std::uint32_t rest = slot.next;
            slot.bucket = static_cast<std::uint32_t>(std::hash<std::string_view>{}(view(first)) &
                                                     (count - 1));
            slot.next = std::exchange(buckets[slot.bucket], first);
            first = rest;
        }
    }
    buckets_ = std::move(buckets);
}

void SharedTexts::clear() {
    slots_.clear();
    std::fill(buckets_.begin(), buckets_.end(), kNone);
    free_ = kNone;
    size_ = 0;
}

}  // namespace latchkey::verify
