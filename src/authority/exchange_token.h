// From one token to another (RFC 8693): a token that somebody keeps, or an access token, to an
// access token that may do no more, lives no longer, and dies with what it came from.
#pragma once

#include <optional>
#include <string>

#include "authority/authority.h"
#include "token/access_token.h"
#include "verify/judge.h"

namespace latchkey::authority {

// The token that is exchanged, active and with its grant in the project that the result is for.
struct ExchangeSubject {
    const verify::TokenView& view;
    Digest facts{};  // what they are found by: the secret or the key at the root of it
};

struct ExchangeRequest {
    std::optional<ProjectId> project;
    std::optional<std::string> scope;  // as sent
    verify::Requirement wanted;        // as it was judged
    std::optional<TokenId> actor;      // a verifier that asks in its place
    std::optional<Digest> holder_key;  // that the result is bound to
};

// Reasons invalid_request, invalid_scope, invalid_target.
Result<AccessClaims> derive_access(Authority& authority, const ExchangeSubject& subject,
                                   const ExchangeRequest& asked);

}  // namespace latchkey::authority
