#include "authority/actor.h"

#include <algorithm>

#include "store/tables.h"
#include "token/scope.h"

namespace latchkey::authority {

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
    if (!actor.token) return {};
    const auto token = TRY(store::find_token(db, actor.token->bytes));
    const bool is_active = token && !token->deleted_at &&
                           token->state == store::TokenState::kActive &&
                           (!token->expires_at || *token->expires_at > now);
    return is_active ? Status{} : Status(ended());
}

}  // namespace latchkey::authority
