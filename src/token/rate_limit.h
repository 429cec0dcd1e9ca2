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

}  // namespace latchkey
