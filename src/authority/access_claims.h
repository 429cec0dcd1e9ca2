// What every access token's claims are made of, whatever it is got with: how long it lives, what it
// may do now of what was asked for, and its signature.
#pragma once

#include <optional>
#include <string>

#include "authority/authority.h"
#include "token/access_token.h"
#include "verify/judge.h"

namespace latchkey::authority {

// Whole seconds, never past the end of the token, of the key or secret, or of the access token that
// it is got with.
void set_access_life(const verify::TokenView& view, Timestamp now, AccessClaims& claims);

// As sent to canonical names; a pattern must mean something in the catalogue. Reason invalid_scope.
Result<std::optional<ScopeSet>> read_access_scopes(const DirectoryEntry& api,
                                                   const std::optional<std::string>& text);

// claims.scopes: what it may do on every resource now, of claims.requested when that is set. Reason
// invalid_scope when nothing of what was asked for can ever be allowed there.
Status set_access_scopes(const verify::TokenView& view, const verify::Requirement& wanted,
                         const DirectoryEntry& api, Timestamp now, AccessClaims& claims);

// Reason invalid_scope when it gets too long for a request's header.
Result<std::string> sign_access_claims(Authority& authority, const AccessClaims& claims);

}  // namespace latchkey::authority
