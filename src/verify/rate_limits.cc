#include "verify/rate_limits.h"

#include <algorithm>

namespace latchkey::verify {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::uint32_t seconds_up(std::int64_t nanoseconds) {
    return static_cast<std::uint32_t>((nanoseconds + kSecond - 1) / kSecond);
}

}  // namespace

RateLimits::RateLimits() : sets_(std::make_unique<std::array<Set, kSets>>()) {}

// A place once taken is found by everybody; who loses the race for one looks again. Two tokens with
// one hash would share a limit: 64 bits make that as good as never.
RateLimits::Slot& RateLimits::slot_of(const TokenId& token, std::int64_t now) {
    const std::uint64_t owner = IdHash<TokenTag>{}(token) | 1U;
    auto& slots = (*sets_)[owner >> 40 & (kSets - 1)].slots;
    while (true) {
        Slot* idlest = &slots.front();
        for (auto& slot : slots) {
            if (slot.owner.load() == owner) return slot;
            if (slot.full.load() < idlest->full.load()) idlest = &slot;
        }
        std::uint64_t former = idlest->owner.load();
        if (former == owner) return *idlest;
        if (!idlest->owner.compare_exchange_strong(former, owner)) continue;
        // The debt of another is not this token's.
        if (idlest->full.load() > now) idlest->full.store(now);
        return *idlest;
    }
}

RateState RateLimits::take(const TokenId& token, const RateLimit& rate, Microseconds steady) {
    const std::int64_t now = steady.count() * 1000;
    const std::int64_t whole = rate.seconds * kSecond;
    const std::int64_t one = std::max<std::int64_t>(1, whole / rate.requests);
    auto& full = slot_of(token, now).full;
    std::int64_t known = full.load();
    while (true) {
        // A rate that was made stricter meanwhile costs one period at most.
        if (known > now + whole) {
            full.compare_exchange_strong(known, now + whole);
            continue;
        }
        const std::int64_t wanted = std::max(known, now) + one;
        const std::int64_t over = wanted - now - whole;
        if (over > 0) return {false, 0, std::max(1U, seconds_up(over))};
        if (!full.compare_exchange_weak(known, wanted)) continue;
        return {true, static_cast<std::uint32_t>((now + whole - wanted) / one),
                seconds_up(wanted - now)};
    }
}

}  // namespace latchkey::verify
