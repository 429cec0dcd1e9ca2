#include "verify/epochs.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/result.h"

namespace latchkey::verify {

std::size_t Epochs::claim() {
    for (std::size_t slot = 0; slot < kReadersMax; ++slot) {
        bool expected = false;
        if (slots_[slot].is_taken.compare_exchange_strong(expected, true)) return slot;
    }
    CHECK(false && "more readers than slots");
    return kReadersMax;
}

void Epochs::release(std::size_t slot) {
    leave(slot);
    slots_[slot].is_taken.store(false);
}

void Epochs::retire(std::function<void()> free) {
    retired_.push_back({now_.load(), std::move(free)});
}

void Epochs::advance() {
    now_.store(now_.load() + 1);
    if (retired_.empty()) return;
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (const auto& slot : slots_) {
        const std::uint64_t epoch = slot.epoch.load();
        if (epoch != 0) oldest = std::min(oldest, epoch);
    }
    while (!retired_.empty() && retired_.front().epoch < oldest) {
        const auto free = std::move(retired_.front().free);
        retired_.pop_front();
        free();
    }
}

void Epochs::drain() {
    while (!retired_.empty()) {
        const auto free = std::move(retired_.front().free);
        retired_.pop_front();
        free();
    }
}

}  // namespace latchkey::verify
