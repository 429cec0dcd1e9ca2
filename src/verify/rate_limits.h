// How often tokens are used, counted on this node alone: the generic cell rate algorithm, one
// moment a token. Any number of threads count at once, without a lock and without allocating. The
// memory is fixed: when more limited tokens are busy in one place than it has slots, the one that
// would soonest be idle again is forgotten, so that a limit may let too much through and never too
// little.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/id.h"
#include "token/rate_limit.h"

namespace latchkey::verify {

// What is said of a token's rate after a use, in whole seconds.
struct RateState {
    bool is_allowed{true};
    std::uint32_t remaining{0};  // so many more at once
    std::uint32_t reset{0};      // until all of them are there again; of a denial, until one is
};

class RateLimits {
public:
    RateLimits();
    RateLimits(const RateLimits&) = delete;
    RateLimits& operator=(const RateLimits&) = delete;

    // Counts one use, unless it is one too many. `steady` never jumps. The rate is set.
    RateState take(const TokenId& token, const RateLimit& rate, Microseconds steady);

    static constexpr std::size_t kSets = std::size_t{1} << 15;
    static constexpr std::size_t kWays = 8;

private:
    struct Slot {
        std::atomic<std::uint64_t> owner{0};  // a hash of the token; 0: nobody
        std::atomic<std::int64_t> full{0};    // nanoseconds: when its whole allowance is back
    };
    struct alignas(64) Set {
        std::array<Slot, kWays> slots;
    };

    Slot& slot_of(const TokenId& token, std::int64_t now);

    std::unique_ptr<std::array<Set, kSets>> sets_;
};

}  // namespace latchkey::verify
