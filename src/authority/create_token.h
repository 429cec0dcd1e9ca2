// Creating a token in two steps. prepare_token decides (names, scopes, rights, expiry), makes the
// secret and signs it: no query, so it may run on a reactor. insert_token writes what was prepared,
// on the writer, as one event.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "authority/authority.h"
#include "base/secret.h"
#include "store/records.h"

namespace latchkey::authority {

// The longest secret that fits every way of presenting it (api/ refuses longer ones unread).
inline constexpr std::size_t kSecretBytesMax = 8192;

struct CreateToken {
    std::string name;
    std::string description;
    store::TokenKind kind{store::TokenKind::kJwt};
    std::string api;                                 // slug, audience or id; empty: the default
    std::optional<std::vector<std::string>> scopes;  // none: the API's default scopes
    std::optional<Timestamp> expires_at;             // none: never
    std::vector<std::string> allowed_ips;
    std::optional<UserId> owner;  // none: the actor's user; another one needs user:write
};

struct PreparedToken {
    store::TokenRecord token;
    store::SecretRecord secret;
    Secret text;  // what the holder gets, once
    std::string api_slug;
    std::string audience;
    Actor actor;
};

// `reader` is the calling thread's own. Errors: invalid_argument with reason and field;
// kPermissionDenied with the scopes that the owner, or the token that asks, does not have.
Result<PreparedToken> prepare_token(Authority& authority, verify::Replica::Reader& reader,
                                    const Actor& actor, CreateToken wanted);

// When the random status index is taken by now, another is drawn and the jwt signed anew.
Status insert_token(Authority& authority, store::Transaction& tx, PreparedToken& prepared);

}  // namespace latchkey::authority
