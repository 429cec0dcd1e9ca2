// What the reactors recorded goes into the store: by maintenance, and before somebody decides on
// it. Blocks; never on a reactor.
#pragma once

#include <chrono>

#include "api/services.h"

namespace latchkey::api {

// When one of these returns without an error, every use recorded before the call is written: of
// all tokens (that may be a million rows), or of one.
Status flush_usage(Services& services);
Status flush_usage_of(Services& services, const TokenId& token);

// Of all recorders, since the start.
std::uint64_t uses_left_out(const Services& services);

// When nothing is answered any more. An error when the time was too short.
Status flush_last_usage(Services& services, std::chrono::steady_clock::time_point end);

// Asked every second. Uses of up to 64 tokens are written at once, those of up to 9,000 within
// five seconds, and above that no more than some 2,000 rows a second and reactor: a million tokens
// that are all in use are written once in eight minutes, however often each is used.
Status flush_usage_of_a_second(Services& services);

}  // namespace latchkey::api
