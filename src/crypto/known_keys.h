// Keys whose private halves are printed in standards and tutorials, where people copy them from.
// Private to this layer.
#pragma once

#include <string_view>

namespace latchkey {

bool is_known_leaked(std::string_view thumbprint);  // RFC 7638

}  // namespace latchkey
