// What people may call things. Any printable Unicode, so that nobody's language is shut out; no
// control characters, line separators or bidirectional overrides, which forge lines in terminals
// and logs. Where a name is shown it is still escaped.
#pragma once

#include <string_view>

#include "base/result.h"

namespace latchkey {

inline constexpr std::size_t kNameLengthMax = 100;         // code points
inline constexpr std::size_t kDescriptionLengthMax = 500;  // code points

// 1..100 code points, no white space at either end (so that two names never look alike but for
// it). Reason "bad_name", with `field` as given.
Status check_name(std::string_view name, std::string_view field = "/name");
// 0..500 code points on one line. Reason "bad_description".
Status check_description(std::string_view description, std::string_view field = "/description");

}  // namespace latchkey
