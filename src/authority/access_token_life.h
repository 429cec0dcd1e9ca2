// How long an access token lives. Off-line nothing shortens it, so it is short; signing keys stay
// published for longer (key_ring.h).
#pragma once

#include <chrono>

#include "base/clock.h"

namespace latchkey::authority {

inline constexpr Microseconds kAccessTokenLife = std::chrono::hours(1);

}  // namespace latchkey::authority
