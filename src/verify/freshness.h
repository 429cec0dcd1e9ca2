// Freshness: since when a replica can prove that it is current. Past a bound it may only say what
// stays true whatever it has missed. Thread-safe; steady time is Clock::steady().
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "verify/judge.h"

namespace latchkey::verify {

enum class Freshness : std::uint8_t { kLive, kStale };

class FreshnessBound {
public:
    // For a replica fed in the process that owns the store: it is always current.
    FreshnessBound() = default;
    // Stale until the first proof, and again once the last one is older than `bound`.
    explicit FreshnessBound(Microseconds bound) : bound_(bound.count()) {}

    // The replica was current at this moment. An earlier one than the last changes nothing.
    void prove(Microseconds steady);
    [[nodiscard]] Freshness at(Microseconds steady) const;

private:
    static constexpr std::int64_t kAlways = -1;
    static constexpr std::int64_t kUnproven = -1;

    std::int64_t bound_{kAlways};
    std::atomic<std::int64_t> proven_{kUnproven};
};

// Whether a verdict may be said. Stale, only those that no missed event takes back: all others are
// "could not tell", an error and never a verdict.
bool may_say(Verdict verdict, Freshness freshness);

}  // namespace latchkey::verify
