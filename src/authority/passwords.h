// What a password must be, and the login that checks one. Slow on purpose: only ever called on the
// password worker, never on a reactor or the writer.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey::authority {

// 8 to 128 code points, any characters, not among the most used ones (ASVS 5.0 §6.2).
Status check_password(std::string_view password);
// A login name of a person: something@something, at most 254 bytes, lower-cased by the caller.
Status check_email(std::string_view email);
std::string normalise_login(std::string_view login);  // ASCII lower case, outer spaces cut

}  // namespace latchkey::authority
