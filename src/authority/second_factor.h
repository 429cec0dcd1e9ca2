// The second factor: time-based codes of an authenticator (RFC 6238), and ten recovery codes for
// the day when it is lost. The authenticator's secret is wrapped by the key-encryption key and
// shown once; recovery codes are kept as an HMAC under that key, so that the database alone gives
// none of them away. Every code serves once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/authority.h"
#include "base/secret.h"
#include "store/factors.h"

namespace latchkey::authority {

inline constexpr std::size_t kRecoveryCodes = 10;

struct FactorStart {
    Secret secret;  // base32, to be typed
    Secret uri;     // otpauth://, to be scanned
};
// Another one while the last was not confirmed; factor_exists when one counts.
Result<FactorStart> begin_factor(Authority& authority, const Actor& actor);
// It counts from now on. Every other session of his ends, and what he allowed before: nobody proved
// two factors for it. The recovery codes are shown this once.
using RecoveryCodes = std::vector<Secret>;
Result<RecoveryCodes> confirm_factor(Authority& authority, const Actor& actor,
                                     std::string_view code, const SessionId& session = {});

struct FactorState {
    std::optional<Timestamp> since;  // none: it is off
    std::size_t recovery_codes{0};   // that are left
};
Result<FactorState> read_factor(Authority& authority, const UserId& user);

// Uses one code of a user who has a factor up: reasons totp_needed (none given), bad_code (also one
// that was used) and a rate limit by user.
Status use_code(Authority& authority, const store::UserRecord& user, std::string_view code);

// His password and a code were proven before.
Result<RecoveryCodes> renew_recovery_codes(Authority& authority, const Actor& actor);
Status end_factor(Authority& authority, const Actor& actor);
// Whether the key-encryption key is the one that it was wrapped with.
bool opens(const KeyRing& ring, const store::FactorRecord& factor);
// For somebody who lost both, by another one who may do everything (own_account): his own he turns
// off with a code.
Status reset_factor(Authority& authority, const Actor& actor, std::string_view id);

}  // namespace latchkey::authority
