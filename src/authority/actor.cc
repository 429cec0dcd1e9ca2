#include "authority/actor.h"

#include <algorithm>

#include "authority/bulk_rules.h"
#include "authority/directory.h"
#include "authority/own_tokens.h"
#include "authority/rights.h"
#include "store/tables.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

// What was taken from him while his request waited must not serve once more. A token's permissions
// were cut to its owner's, so that these bind it too.
Status require_still_allowed(store::Connection& db, const Actor& actor,
                             const std::vector<RoleId>& roles) {
    const auto now = rights_at(TRY(rights_of_roles(db, roles)), kManagementApi);
    std::vector<std::string> lost;
    for (const auto& permission : actor.permissions) {
        if (!covers(now, permission)) lost.push_back(permission);
    }
    if (lost.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "what you may do here was changed meanwhile"}
        .with_reason("insufficient_scope")
        .with_hint("ask again")
        .with_scopes(std::move(lost));
}

// The same for a token that hands on what it has at another API.
Status require_still_has(store::Connection& db, const Actor& actor, const store::TokenRecord& token,
                         const store::UserRecord& owner) {
    if (!actor.hands_on) return {};
    TRY(require_no_project(owner));
    const auto api = TRY(store::find_api(db, token.api));
    const auto owned = rights_at(TRY(rights_of_roles(db, owner.roles)), api ? api->slug : "");
    const auto held = token.scopes.value_or(std::vector<std::string>());
    std::vector<std::string> lost;
    for (const auto& scope : *actor.hands_on) {
        if (!api || !covers(owned, scope) || !covers(held, scope)) lost.push_back(scope);
    }
    if (lost.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "what this token may do was changed meanwhile"}
        .with_reason("insufficient_scope")
        .with_hint("ask again")
        .with_scopes(std::move(lost));
}

}  // namespace

Actor Actor::system() {
    Actor actor;
    actor.is_system = true;
    actor.permissions = {"*"};
    return actor;
}

bool Actor::may(std::string_view permission) const {
    return std::any_of(permissions.begin(), permissions.end(), [&](const std::string& pattern) {
        return scope_matches(pattern, permission);
    });
}

Status Actor::require(std::string_view permission) const {
    if (may(permission)) return {};
    return Error{ErrorCode::kPermissionDenied,
                 "this needs the permission " + std::string(permission)}
        .with_reason("insufficient_scope")
        .with_scopes({std::string(permission)});
}

Status Actor::require_session() const {
    if (!token) return {};
    return Error{ErrorCode::kPermissionDenied, "only a person's own session may do this"}
        .with_reason("session_needed")
        .with_hint("log in with e-mail and password");
}

Status Actor::require_proof() const {
    if (is_proven) return {};
    return Error{ErrorCode::kPermissionDenied, "your password is needed once more for this"}
        .with_reason("step_up_needed")
        .with_hint("send it to POST /v1/session/proof, then ask again");
}

Status Actor::require_proof_for(std::string_view api_slug,
                                const std::optional<std::vector<std::string>>& scopes) const {
    if (is_proven || api_slug != kManagementApi) return {};
    const bool only_reads =
        scopes && std::all_of(scopes->begin(), scopes->end(),
                              [](const auto& scope) { return scope.ends_with(":read"); });
    return only_reads ? Status{} : require_proof();
}

std::string Actor::text() const {
    if (is_system) return "system";
    return token ? "token/" + token->uuid() : "user/" + user.uuid();
}

Status require_still_active(store::Connection& db, const Actor& actor, Timestamp now) {
    if (actor.is_system) return {};
    const auto ended = [] {
        return Error{ErrorCode::kUnauthenticated, "the token or session was ended meanwhile"}
            .with_reason("invalid_token");
    };
    const auto user = TRY(store::find_user(db, actor.user));
    if (!user || user->state != store::UserState::kActive) return ended();
    TRY(require_still_allowed(db, actor, user->roles));
    if (!actor.token) return {};
    auto token = TRY(store::find_token(db, actor.token->bytes));
    if (token) TRY(apply_bulk_rules(db, *token));
    const bool is_active = token && !token->deleted_at &&
                           token->state == store::TokenState::kActive &&
                           (!token->expires_at || *token->expires_at > now) &&
                           (!token->not_before || *token->not_before <= now);
    if (!is_active) return ended();
    TRY(require_still_has(db, actor, *token, *user));
    if (!actor.secret) return {};
    // A rotation may have ended the very secret that this request came with.
    for (const auto& secret : TRY(store::recent_secrets_of(db, *token))) {
        if (secret.id != *actor.secret) continue;
        const bool lives =
            secret.state == store::SecretState::kLive && (!secret.ends_at || *secret.ends_at > now);
        return lives ? Status{} : Status(ended());
    }
    return ended();
}

}  // namespace latchkey::authority
