// The bodies of /v1/tokens that make, change or rotate a token.
#pragma once

#include "api/body.h"
#include "api/route.h"
#include "authority/create_token.h"
#include "authority/edit_token.h"

namespace latchkey::api {

// What is not given is taken from `like`, if there is one; its life counts from now.
Result<authority::CreateToken> read_create(const Call& call, Body& body,
                                           const store::TokenRecord* like = nullptr);
// The token that `like` names, which must be of the owner of the new one. Blocks.
Result<std::optional<store::TokenRecord>> read_like(Call& call, Body& body);

Result<authority::TokenEdit> read_edit(Body& body, Timestamp now);

// RFC 3339, or how long from now on, as "30d".
Result<std::optional<Timestamp>> read_moment(Body& body, std::string_view name, Timestamp now);
// {"requests", "seconds"}; null: not set.
Result<std::optional<RateLimit>> read_rate(Body& body);

}  // namespace latchkey::api
