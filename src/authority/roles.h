// Custom roles: names for scope patterns per API, for users and for members of projects. Nobody
// makes a role that allows more than he may do himself, and nobody hands one out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/directory.h"
#include "authority/rights.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

struct EditRole {
    std::optional<std::string> name;
    std::optional<Rights> patterns;
};

// Errors: bad_role_name, role_exists, unknown_api, bad_scope, unknown_scope (nearly one of the
// catalogue), insufficient_scope with what is beyond the actor's own.
Result<store::RoleRecord> create_role(store::Transaction& tx, const Actor& actor,
                                      const DirectoryView& apis, const std::string& name,
                                      const Rights& patterns);
// Built-in ones are fixed: built_in_role. One that is a member's place in a project is widened by
// administrators alone (user:write): role_in_use for everybody else.
Result<store::RoleRecord> edit_role(store::Transaction& tx, const Actor& actor,
                                    const DirectoryView& apis, std::string_view id,
                                    const EditRole& edit);
// role_in_use while a user or a member of a project has it.
Status delete_role(store::Transaction& tx, const Actor& actor, std::string_view id);

// Whether the actor may give these rights to somebody. The lone "*" at latchkey may everything: who
// has it can make an administrator.
Status check_may_give(store::Connection& db, const Actor& actor, const Rights& rights);

}  // namespace latchkey::authority
