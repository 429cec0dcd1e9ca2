// How often a token may be used: so many requests in so many seconds, all of them at once if its
// holder likes.
#pragma once

#include <cstdint>

namespace latchkey {

struct RateLimit {
    std::uint32_t requests{0};  // 0: as often as one likes
    std::uint32_t seconds{0};

    [[nodiscard]] bool is_set() const { return requests != 0; }
    friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

// Whether `narrow` allows nothing that `wide` does not, neither at once nor in the long run.
inline bool is_within(const RateLimit& narrow, const RateLimit& wide) {
    if (!wide.is_set()) return true;
    if (!narrow.is_set() || narrow.requests > wide.requests) return false;
    return std::uint64_t{narrow.requests} * wide.seconds <=
           std::uint64_t{wide.requests} * narrow.seconds;
}

}  // namespace latchkey
