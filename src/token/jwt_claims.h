// The claims of our own tokens of kind jwt, to and from JSON:
//   aud [api] · iat · iss · jti (shortuuid of the secret) · nbf = iat · sub (UUID of the owner)
//   exp? · scope? (space separated) · status.status_list{idx, uri}? · token_id? (after a rotation)
// Times are whole seconds. Pure; nothing is compared with a clock here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "token/scope.h"

namespace latchkey {

inline constexpr std::string_view kJwtTyp = "JWT";

struct StatusReference {
    std::uint64_t index{0};
    std::string uri;
    bool operator==(const StatusReference&) const = default;
};

struct JwtClaims {
    std::string audience;
    Timestamp issued_at;
    std::string issuer;
    SecretId id;
    UserId subject;
    std::optional<Timestamp> expires_at;
    ScopeSet scopes;  // empty: the claim is left out
    std::optional<StatusReference> status;
    std::optional<TokenId> token_id;  // only when it differs from `id`
};

// Members in the order above.
json::object to_claims(const JwtClaims& claims);
// Strict about what it reads: aud with several entries, fractions, negative times, nbf ≠ iat and
// ids that are none are refused. Claims it does not know are ignored (RFC 7519 §4), so that an
// older verifier still reads tomorrow's tokens. Reason "malformed_token".
Result<JwtClaims> parse_claims(const json::object& claims);

}  // namespace latchkey
