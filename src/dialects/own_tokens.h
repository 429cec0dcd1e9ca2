// What cape and cryptlex have in common: their clients know one person's tokens of one API. The use
// cases are everybody's; here a request becomes one, and an error a sentence.
#pragma once

#include <string>
#include <string_view>

#include "api/body.h"
#include "api/edge.h"
#include "authority/change_token.h"
#include "authority/create_token.h"
#include "authority/directory.h"
#include "authority/own_tokens.h"

namespace latchkey::dialects {

struct OwnTokensDoor {
    authority::Door door;
    std::string api_slug;
};

// Who asks, and only by the Authorization field: the portal's cookie, which browsers send to every
// port of a host, means nothing here. From then on he is behind the door. Tokens of other APIs, and
// access tokens, do not come in.
Result<api::Principal> enter(api::Services& services, std::size_t reactor,
                             const http::Request& request, const OwnTokensDoor& door);

// On a worker. A token of the kind that is usual here, or a jwt: these clients have no keys.
Result<authority::PreparedToken> create_own_token(api::Call& call, authority::CreateToken wanted);
// `expiresAt` under whatever name, when it is left out the installation's default.
Result<std::optional<Timestamp>> read_end(const api::Call& call, api::Body& body,
                                          std::string_view name);
Result<authority::OwnTokens> list_own_tokens(api::Call& call,
                                             const authority::OwnTokensQuery& query);
Result<authority::TokenDetails> change_own_token(api::Call& call, authority::TokenChange change);

// A JSON object, whatever JSON is called: these clients name no type, or an odd one. No page of a
// stranger can send it in somebody's name, for no cookie is taken.
Result<api::Body> read_object(const http::Request& request);

// These clients know 400 for whatever is wrong with what they sent.
int status_of(const Error& error);
// What went wrong and what to do about it, in one line.
std::string sentence_of(const Error& error);
// What every error has besides its body.
void add_error_fields(const api::Services& services, const Error& error, http::Response& response);

}  // namespace latchkey::dialects
