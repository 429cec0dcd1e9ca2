// The members of a project and their places. Nobody hands on a place that allows more than his own;
// who leaves takes the grants of his tokens with him.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/principals.h"
#include "store/store.h"

namespace latchkey::authority {

// Adds a user, or changes his place. `role` is a built-in place or a custom role's name; none: what
// he has, or member. Errors: unknown_user, unknown_role, owner_needed, last_owner,
// insufficient_scope for a place that allows more than the actor's, or that lifts a limit of a
// member or a former one beyond what the actor may do himself.
Result<PrincipalView> put_member(store::Transaction& tx, const Actor& actor,
                                 std::string_view project, std::string_view user,
                                 const std::optional<std::string>& role);

// The same for a member alone: who left meanwhile is not added again (unknown_principal).
Result<PrincipalView> change_member(store::Transaction& tx, const Actor& actor,
                                    const store::MembershipRecord& member,
                                    const std::optional<std::string>& role);

// Anybody may leave. The grants of his tokens go in the same event; a policy that limits him stays,
// and holds when he is added again. Errors: unknown_principal, owner_needed, last_owner.
Status remove_member(store::Transaction& tx, const Actor& actor, std::string_view project,
                     std::string_view user);

}  // namespace latchkey::authority
