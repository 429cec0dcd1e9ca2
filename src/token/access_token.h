// Access tokens (RFC 9068): what a token is exchanged for. Signed by us, for one API, at most one
// project and an hour:
//   aud [api] · client_id = sub (UUID of the token) · exp · iat · iss · jti
//   scope (what is allowed on every resource) · project_id?
//   requested_scope? (what was asked for: the ceiling on-line)
//   client_key (thumbprint of the key that asked) or client_secret_hash (of the secret that did)
//   derived_from? (the access tokens that it was exchanged for, nearest first)
//   act? (who exchanged it for somebody else, RFC 8693) · cnf? (the holder's key, RFC 9449)
// Pure; nothing is compared with a clock here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    std::string client_key;  // RFC 7638; empty when a secret was exchanged
    Digest client_secret{};  // else
    std::optional<ProjectId> project;
    ScopeSet scopes;
    std::optional<ScopeSet> requested;
    Timestamp issued_at;
    Timestamp expires_at;
    AccessId id;  // jti
    std::vector<AccessId> derived_from;
    std::optional<TokenId> actor;
    std::optional<Digest> holder_key;  // RFC 7638, of the key that it is bound to
};

// A longer chain is not made.
inline constexpr std::size_t kDerivationsMax = 4;

json::object to_claims(const AccessClaims& claims);
// Strict about what it reads; claims it does not know are ignored. Reason "malformed_token".
Result<AccessClaims> parse_access_claims(const json::object& claims);

// 16 bytes as base64url.
std::string format_access_id(const AccessId& id);
std::optional<AccessId> parse_access_id(std::string_view text);

// What the facts behind it are looked up by: its key's, or its secret's digest.
Digest facts_digest(const AccessClaims& claims);
// What a key of a key token is looked up by. No text that anybody could present has this digest.
Digest key_digest(const TokenId& token, std::string_view thumbprint);

}  // namespace latchkey
