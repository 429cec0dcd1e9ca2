// Actor: who asks for a change, as every way of presenting a credential yields it. What it may do
// is decided here and nowhere else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "store/sql.h"
#include "token/rate_limit.h"

namespace latchkey::authority {

struct Actor {
    UserId user;
    std::optional<TokenId> token;    // none: a session, or the system itself
    std::optional<SecretId> secret;  // of the token, the one that was presented
    // What it may do at the API `latchkey` now: scopes or patterns, already cut to its owner's.
    std::vector<std::string> permissions;
    std::optional<Timestamp> expires_at;   // of the token: nothing it makes may live longer
    std::vector<std::string> allowed_ips;  // of the token: handed on to what it makes
    RateLimit rate;                        // of the token: handed on as well
    // Through a door for one API's tokens (own_tokens.h): his own of this API are all there are.
    std::optional<ApiId> only_api;
    // And he is a token of that API himself: what it may do there, and so hand on.
    std::optional<std::vector<std::string>> hands_on;
    bool is_system{false};
    // False in a session whose person has not given his password for a while.
    bool is_proven{true};

    static Actor system();

    [[nodiscard]] bool may(std::string_view permission) const;
    // kPermissionDenied that names the missing scope.
    [[nodiscard]] Status require(std::string_view permission) const;
    // kPermissionDenied, session_needed: for what opens somebody's way in. A token that did it
    // would become a session, and outlive itself.
    [[nodiscard]] Status require_session() const;
    // kPermissionDenied, step_up_needed: for what whoever finds an open session must not do.
    [[nodiscard]] Status require_proof() const;
    // The same for a token of this API with these scopes (none: what policies give) that he would
    // make or give a new secret: one that could change something in his name. One that only reads
    // shows no more than the session does.
    [[nodiscard]] Status require_proof_for(
        std::string_view api_slug, const std::optional<std::vector<std::string>>& scopes) const;
    [[nodiscard]] std::string text() const;  // "user/<uuid>", "token/<uuid>", "system"
};

// In the writer's transaction, before anything is changed: whoever was let in when his request came
// may have been stopped while it waited. kUnauthenticated when the user or the token is not active
// any more; kPermissionDenied when his roles do not allow any more what he was let in with.
Status require_still_active(store::Connection& db, const Actor& actor, Timestamp now);

}  // namespace latchkey::authority
