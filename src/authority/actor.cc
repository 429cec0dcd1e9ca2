#include "authority/actor.h"

#include <algorithm>

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

}  // namespace latchkey::authority
