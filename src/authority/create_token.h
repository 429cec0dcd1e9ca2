// Creating a token in two steps. prepare_token decides (names, scopes, rights, expiry), makes the
// secret and signs it: no query, so it may run on a reactor. insert_token writes what was prepared,
// with its places in projects, on the writer, as one event.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "authority/authority.h"
#include "base/secret.h"
#include "crypto/keys.h"
#include "store/records.h"

namespace latchkey::authority {

// The longest secret that fits every way of presenting it (api/ refuses longer ones unread).
inline constexpr std::size_t kSecretBytesMax = 8192;

struct CreateToken {
    std::string name;
    std::string description;
    store::TokenKind kind{store::TokenKind::kJwt};
    std::string api;  // slug, audience or id; empty: the default
    // None: the API's default scopes; of a key token: none declared, so that policies alone count.
    std::optional<std::vector<std::string>> scopes;
    std::optional<Timestamp> expires_at;  // none: never
    std::optional<Timestamp> not_before;  // none: at once
    std::vector<std::string> allowed_ips;
    RateLimit rate;                     // not set: as often as one likes
    std::optional<UserId> owner;        // none: the actor's user; another one needs user:write
    std::vector<PublicKey> keys;        // of a key token, and only there
    std::vector<std::string> projects;  // ids; in each it may do what its scopes say
};

inline constexpr std::size_t kKeyTokenNameLengthMin = 8;
inline constexpr std::size_t kProjectsOfNewTokenMax = 50;

// 1..100 characters, of a key token at least 8 (reason name_too_short).
Status check_token_name(std::string_view name, store::TokenKind kind);

// Reason too_many_scopes.
Status check_secret_length(const Secret& text);

struct PreparedToken {
    store::TokenRecord token;
    store::SecretRecord secret;
    std::vector<store::SecretRecord> more_keys;  // of a key token: all but the first
    Secret text;                                 // what the holder gets, once; a key token has none
    std::vector<std::string> projects;
    std::string api_slug;
    std::string audience;
    Actor actor;
};

// `reader` is the calling thread's own. Errors: invalid_argument with reason and field;
// kPermissionDenied with the scopes that the owner, or the token that asks, does not have.
Result<PreparedToken> prepare_token(Authority& authority, verify::Replica::Reader& reader,
                                    const Actor& actor, CreateToken wanted);

// What may have changed since it was prepared: the actor, the owner, the rules. Writes nothing.
Status check_prepared(Authority& authority, store::Connection& db, const PreparedToken& prepared,
                      Timestamp now);
// When the random status index is taken by now, another is drawn and the jwt signed anew.
// Projects that the actor may not see are unknown ones; he needs policy:write in each.
Status insert_token(Authority& authority, store::Transaction& tx, PreparedToken& prepared);

// The policy that allows these scopes on every resource ("*" for none declared), as text; empty
// when there are no scopes: such a grant gives nothing.
std::string policy_for_scopes(const std::optional<std::vector<std::string>>& scopes);
// Canonical names, each in the API's catalogue; reason unknown_scope, field "<pointer>/<index>".
Result<std::vector<std::string>> resolve_scopes(const DirectoryEntry& api,
                                                const std::vector<std::string>& asked,
                                                std::string_view pointer);
// What no pattern covers.
std::vector<std::string> not_covered(const std::vector<std::string>& scopes,
                                     const std::vector<std::string>& patterns);

}  // namespace latchkey::authority
