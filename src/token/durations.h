// How people say when something ends:
//   "45s" "90m" "12h" "30d" "2w", sums as "1h30m" (each unit at most once, larger first)
//   "2027-01-31"                 the end of that day, 23:59:59 UTC: a token that "expires on the
//                                31st" still works on the 31st
//   "2027-01-31T12:00:00+01:00"  RFC 3339
//   "never" or "none"            no end
// Pure: `now` is an argument.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace latchkey {

// A moment after `now` and not after year 9999, or none. Reasons "bad_expiry", "expiry_in_past",
// "expiry_too_far", each with a hint.
Result<std::optional<Timestamp>> parse_expiry(std::string_view text, Timestamp now);
// Only the first form, for settings and retention. Longer than zero, at most 10,000 years.
Result<Microseconds> parse_duration(std::string_view text);

}  // namespace latchkey
