// One API's tokens behind a door of their own, as a dialect has one: whoever comes in meets his own
// tokens of that API and no others, an administrator too. A token of the API itself comes in as
// well when it holds the API's scope for that, and then hands on only what it has there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authority/actor.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

// The API's own scopes for its tokens; empty: none.
struct Door {
    ApiId api;
    std::string_view write_scope;
    std::string_view read_scope;
};

// From now on no other token exists for the actor. Sessions, and tokens of `latchkey`, keep what
// they may do.
void confine(Actor& actor, const Door& door);

// The actor is a token of the door's API that may do `held` there; its owner may do `owned` at
// `latchkey`. It may do with its owner's tokens what its scopes say, and no more than its owner.
// The scopes count behind this door alone, for the actor of one request.
void let_in(Actor& actor, const Door& door, std::vector<std::string> held,
            const std::vector<std::string>& owned);

// What a project's own token may do is its policy's to say, and making tokens is never part of it.
Status require_no_project(const store::UserRecord& owner);

struct OwnTokensQuery {
    store::TokenSort sort{store::TokenSort::kOldest};
    std::string text;         // in the name or the description
    bool with_revoked{true};  // they stay until they are deleted
    std::size_t skip{0};
    std::size_t limit{50};  // 0: only the count
    Timestamp now;
};
struct OwnTokens {
    std::vector<store::ListedToken> tokens;
    std::size_t count{0};  // of all that fit, not of this page
};

// Behind a door. Needs token:read.
Result<OwnTokens> list_own_tokens(store::Connection& db, const Actor& actor,
                                  const OwnTokensQuery& query);
// The token that asks: what it is itself it may always know, whatever its scopes.
Result<store::TokenRecord> get_asking_token(store::Connection& db, const Actor& actor);

}  // namespace latchkey::authority
