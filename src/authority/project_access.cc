#include "authority/project_access.h"

#include <algorithm>
#include <array>

#include "authority/facts_of_records.h"
#include "store/tables.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

using store::ProjectRole;

constexpr std::array<std::string_view, 3> kEverything = {"project:*", "policy:*", "token:*"};
constexpr std::array<std::string_view, 4> kAdmin = {"project:read", "project:write", "policy:*",
                                                    "token:*"};
constexpr std::array<std::string_view, 3> kMember = {"project:read", "policy:read", "token:read"};
constexpr std::array<std::string_view, 2> kViewer = {"project:read", "policy:read"};
// The project's own user, who is no member: what his tokens may do of it is for their actor to say.
constexpr std::array<std::string_view, 4> kItself = {"project:read", "project:write", "token:read",
                                                     "token:write"};

struct Place {
    ProjectRole role;
    std::string_view name;
    std::span<const std::string_view> patterns;
};

constexpr std::array<Place, 4> kPlaces = {{
    {ProjectRole::kOwner, "owner", kEverything},
    {ProjectRole::kAdmin, "admin", kAdmin},
    {ProjectRole::kMember, "member", kMember},
    {ProjectRole::kViewer, "viewer", kViewer},
}};

void add(std::vector<std::string>& place, std::span<const std::string_view> patterns) {
    place.insert(place.end(), patterns.begin(), patterns.end());
}

// What his membership gives, by its built-in or its custom role.
Status take_place(store::Connection& db, ProjectAccess& access) {
    const auto& membership = *access.membership;
    access.is_owner = membership.role == ProjectRole::kOwner;
    access.role = place_name(membership.role);
    add(access.place, patterns_of_place(membership.role));
    if (!membership.custom_role) return {};
    const auto role = TRY(store::find_role(db, *membership.custom_role));
    if (!role) return Error{ErrorCode::kInternal, "a membership has a role that does not exist"};
    access.role = role->name;
    access.custom_role = TRY(fact_of(*role));
    const auto& patterns = access.custom_role->patterns;
    if (const auto at = patterns.find("latchkey"); at != patterns.end()) access.place = at->second;
    return {};
}

}  // namespace

std::span<const std::string_view> patterns_of_place(ProjectRole role) {
    for (const auto& place : kPlaces) {
        if (place.role == role) return place.patterns;
    }
    return {};
}

std::string_view place_name(ProjectRole role) {
    for (const auto& place : kPlaces) {
        if (place.role == role) return place.name;
    }
    return {};
}

std::optional<ProjectRole> place_named(std::string_view name) {
    for (const auto& place : kPlaces) {
        if (place.name == name) return place.role;
    }
    return std::nullopt;
}

bool ProjectAccess::may(std::string_view permission) const {
    const bool place_allows =
        std::any_of(place.begin(), place.end(),
                    [&](const std::string& pattern) { return scope_matches(pattern, permission); });
    return place_allows && actor.may(permission);
}

Status ProjectAccess::require(std::string_view permission) const {
    TRY(actor.require(permission));
    if (may(permission)) return {};
    return Error{ErrorCode::kPermissionDenied,
                 "in this project you need the permission " + std::string(permission)}
        .with_reason("insufficient_scope")
        .with_hint("an owner or an administrator of the project can change your role there")
        .with_scopes({std::string(permission)});
}

Status ProjectAccess::require_owner() const {
    if (is_owner) return {};
    return Error{ErrorCode::kPermissionDenied, "only an owner of the project may do this"}
        .with_reason("owner_needed");
}

Error no_such_project() {
    return Error{ErrorCode::kNotFound, "there is no such project"}.with_reason("unknown_project");
}

Result<ProjectAccess> access_to_project(store::Connection& db, const Actor& actor,
                                        std::string_view id) {
    const auto parsed = ProjectId::parse(id);
    if (!parsed) return no_such_project();
    auto project = TRY(store::find_project(db, *parsed));
    if (!project || project->deleted_at) return no_such_project();
    ProjectAccess access;
    access.project = std::move(*project);
    access.actor = actor;
    access.membership = TRY(store::find_membership(db, *parsed, actor.user));
    const bool sees_all = actor.may("user:read");
    const bool changes_all = actor.may("user:write");
    const bool is_itself = actor.token && actor.user.bytes == parsed->bytes;
    if (!access.membership && !is_itself && !sees_all && !changes_all) return no_such_project();
    if (is_itself) add(access.place, kItself);
    if (access.membership) TRY(take_place(db, access));
    static constexpr std::array<std::string_view, 3> kSee = {"project:read", "policy:read",
                                                             "token:read"};
    if (sees_all) add(access.place, kSee);
    if (changes_all) {
        add(access.place, kEverything);
        access.is_owner = true;
    }
    return access;
}

}  // namespace latchkey::authority
