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

std::uint32_t SharedTexts::hold(std::string_view text, std::size_t most) {
    text = text.substr(0, kBytesMax);
    if (size_ >= buckets_.size()) grow();
    const std::uint32_t bucket = bucket_of(text);
    std::uint32_t index = find(bucket, text);
    if (index == kNone) {
        if (size_ >= most) return kNone;
        index = add(bucket, text);
    }
    ++slots_[index].holders;
    return index;
}

std::uint32_t SharedTexts::add(std::uint32_t bucket, std::string_view text) {
    Slot slot;
    slot.bytes = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), slot.text.begin());  // it may be one of ours
    std::uint32_t index = free_;
    if (index == kNone) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        free_ = slots_[index].next;
    }
    slots_[index] = slot;
    link(bucket, index);
    ++size_;
    return index;
}

void SharedTexts::link(std::uint32_t bucket, std::uint32_t index) {
    Slot& slot = slots_[index];
    slot.bucket = bucket;
    slot.previous = kNone;
    slot.next = std::exchange(buckets_[bucket], index);
    if (slot.next != kNone) slots_[slot.next].previous = index;
}

void SharedTexts::release(std::uint32_t index) {
    Slot& slot = slots_[index];
    if (--slot.holders > 0) return;
    (slot.previous == kNone ? buckets_[slot.bucket] : slots_[slot.previous].next) = slot.next;
    if (slot.next != kNone) slots_[slot.next].previous = slot.previous;
    slot.next = std::exchange(free_, index);
    --size_;
}

std::uint32_t SharedTexts::bucket_of(std::string_view text) const {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(text) & (buckets_.size() - 1));
}

std::uint32_t SharedTexts::find(std::uint32_t bucket, std::string_view text) const {
    std::uint32_t index = buckets_[bucket];
    for (int step = 0; step < kStepsMax && index != kNone; ++step) {
        if (view(index) == text) return index;
        index = slots_[index].next;
    }
    return kNone;
}

void SharedTexts::grow() {
    const std::size_t count = std::max(kBucketsMin, buckets_.size() * 2);
    const auto before = std::exchange(buckets_, std::vector<std::uint32_t>(count, kNone));
    for (std::uint32_t first : before) {
        while (first != kNone) {
            const std::uint32_t rest = slots_[first].next;
            link(bucket_of(view(first)), first);
            first = rest;
        }
    }
}

void SharedTexts::clear() {
    slots_.clear();
    std::fill(buckets_.begin(), buckets_.end(), kNone);
    free_ = kNone;
    size_ = 0;
}

}  // namespace latchkey::verify
