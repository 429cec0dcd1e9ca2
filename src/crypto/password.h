// Password hashing: Argon2id with 19 MiB and two passes (the OWASP minimum, about 16 ms), in the
// self-describing text form "$argon2id$v=19$m=…". One hash needs 19 MiB and blocks: callers run it
// on workers behind an admission limit, never on a reactor. Thread-safe.
// How long or weak a password may be is decided in authority/, not here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey {

// Fails as kUnavailable when the memory cannot be had.
Result<std::string> hash_password(std::string_view password);
// False for a wrong password, and for a text that is no hash.
bool verify_password(const std::string& hash, std::string_view password);
// True when the hash was made with other costs than today's and should be made anew at log-in.
bool password_needs_rehash(const std::string& hash);

// Costs what verify_password costs and is always false: for accounts that do not exist, so that
// nobody can tell from the time which ones do.
bool verify_against_nothing(std::string_view password);

}  // namespace latchkey
