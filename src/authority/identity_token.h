// Identity tokens: a key token's holder has shown who he is, and asks for access tokens of single
// projects one after the other without a new signature. The first step of those clients that make
// two of it. No check, no introspection and no exchange takes one: it is a JWT of a type of its
// own, for nobody but us, and all that it says is who and with which key.
#pragma once

#include <string>
#include <string_view>

#include "authority/authority.h"
#include "authority/exchange_assertion.h"
#include "token/access_token.h"

namespace latchkey::authority {

inline constexpr std::string_view kIdentityTyp = "latchkey-identity+jwt";
inline constexpr Microseconds kIdentityLife = std::chrono::minutes(5);

// Not longer than that, nor than the claims live already.
void set_identity_life(AccessClaims& claims);
std::string sign_identity(Authority& authority, AccessClaims claims);

// Somebody presents a JWT of this type. Nothing of it is checked.
bool is_identity_token(std::string_view text);

// One of ours that has not ended. Whether the token and its key still count is decided by
// decide_access_again. Reason invalid_token; kUnavailable when too many forged ones came in this
// key's name from `from`. Only in the name of a key that `reader` knows a signature is checked.
Result<ProvenClient> open_identity(Authority& authority, verify::Replica::Reader& reader,
                                   std::string_view text, const Address& from);

}  // namespace latchkey::authority
