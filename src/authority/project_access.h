// What somebody may do in a project: his management permissions, cut to what his place there
// allows. The one place where that is decided, and where the built-in places are written down.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/actor.h"
#include "store/records.h"
#include "store/sql.h"
#include "verify/facts.h"

namespace latchkey::authority {

// The permissions that a place in a project can give. No pattern of a place reaches beyond them.
inline constexpr std::string_view kProjectPermissions[] = {
    "project:read", "project:write", "policy:read", "policy:write", "token:read", "token:write"};

// What a built-in place allows at the API `latchkey`; nothing for kCustom.
std::span<const std::string_view> patterns_of_place(store::ProjectRole role);
// "owner", "admin", "member", "viewer"; empty for kCustom. And back.
std::string_view place_name(store::ProjectRole role);
std::optional<store::ProjectRole> place_named(std::string_view name);

struct ProjectAccess {
    store::ProjectRecord project;
    std::optional<store::MembershipRecord> membership;  // none: he sees it as an administrator
    std::optional<verify::RoleFact> custom_role;        // of a membership that has one
    std::string role;                                   // the name of his place; empty: none
    std::vector<std::string> place;                     // its patterns at `latchkey`
    // May delete the project, and make and remove owners.
    bool is_owner{false};
    Actor actor;

    [[nodiscard]] bool may(std::string_view permission) const;
    // kPermissionDenied with the missing scope.
    [[nodiscard]] Status require(std::string_view permission) const;
    [[nodiscard]] Status require_owner() const;  // reason "owner_needed"
};

Error no_such_project();

// The project as the actor sees it. kNotFound, one and the same, when it does not exist, was
// deleted, or is not his to see: he is no member and no administrator of the installation
// (user:read sees every project, user:write changes every one), and none of its own tokens.
Result<ProjectAccess> access_to_project(store::Connection& db, const Actor& actor,
                                        std::string_view id);

}  // namespace latchkey::authority
