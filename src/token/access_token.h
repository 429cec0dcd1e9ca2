// Access tokens (RFC 9068): what a key token is exchanged for. Signed by us, for one API, at most
// one project and an hour:
//   aud [api] · client_id = sub (UUID of the key token) · exp · iat · iss · jti
//   scope (what is allowed on every resource) · client_key (thumbprint of the key that asked)
//   project_id? · requested_scope? (what was asked for: the ceiling on-line)
// Pure; nothing is compared with a clock here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "token/scope.h"

namespace latchkey {

inline constexpr std::string_view kAccessTokenTyp = "at+jwt";

struct AccessClaims {
    std::string issuer;
    std::string audience;
    TokenId client;
    std::string client_key;  // RFC 7638
    std::optional<ProjectId> project;
    ScopeSet scopes;
    std::optional<ScopeSet> requested;
    Timestamp issued_at;
    Timestamp expires_at;
    std::string id;  // jti
};

json::object to_claims(const AccessClaims& claims);
// Strict about what it reads; claims it does not know are ignored. Reason "malformed_token".
Result<AccessClaims> parse_access_claims(const json::object& claims);

// What a key of a key token is looked up by. No text that anybody could present has this digest.
Digest key_digest(const TokenId& token, std::string_view thumbprint);

}  // namespace latchkey
