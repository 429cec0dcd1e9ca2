// Client assertions (RFC 7523, as rfc7523bis narrows it): what the holder of a key token signs to
// get an access token. Pure: the key is found and the signature checked by the caller.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace latchkey {

// client-authentication+jwt, JWT or absent; anything else is a token of another kind.
bool is_assertion_typ(std::string_view typ);

struct AssertionClaims {
    TokenId client;  // iss = sub
    std::string id;  // jti, any text of 1 to 256 bytes
    Timestamp expires_at;
};

// Demands: iss = sub, both one token id (UUID or shortuuid); aud exactly the issuer, as a string
// and nothing else (against audience injection, CVE-2025-27370); jti; exp after `now`; at most 300
// s between iat (or now) and exp; iat and nbf at most 10 s ahead (FAPI 2.0 §5.3.2.1). Numbers are
// integers. Reason "bad_assertion"; the message is the same for every cause, the detail says which
// for our log alone.
Result<AssertionClaims> check_assertion(const json::object& claims, std::string_view issuer,
                                        Timestamp now);

// Other names that an assertion may be for, where other products' clients ask: the address of the
// token endpoint, as a string or as a list of it alone. Never two names at once.
struct AssertionAudiences {
    std::span<const std::string> names;
    bool may_be_list{false};
};
Result<AssertionClaims> check_assertion(const json::object& claims,
                                        const AssertionAudiences& audiences, Timestamp now);

// What makes it single-use: who and jti, never its bytes, since a signature can be written in more
// than one way.
Digest assertion_digest(const AssertionClaims& claims);

}  // namespace latchkey
