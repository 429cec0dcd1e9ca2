#include "authority/members.h"

#include <algorithm>

#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "authority/grants.h"
#include "authority/policy_rights.h"
#include "authority/rights.h"

namespace latchkey::authority {
namespace {

using store::MembershipRecord;
using store::ProjectRole;

// A place as it may be handed on: what it allows at `latchkey`, and what it limits elsewhere.
struct Place {
    ProjectRole role{ProjectRole::kMember};
    std::optional<RoleId> custom_role;
    std::vector<std::string> patterns;
    Rights limits = everything();
};

Result<Place> place_of_custom(const store::RoleRecord& role) {
    Place place;
    place.role = ProjectRole::kCustom;
    place.custom_role = role.id;
    place.limits = TRY(rights_of(role));
    place.patterns = rights_at(place.limits, kManagementApi);
    return place;
}

Place place_of_built_in(ProjectRole role) {
    Place place;
    place.role = role;
    const auto patterns = patterns_of_place(role);
    place.patterns.assign(patterns.begin(), patterns.end());
    return place;
}

// By name. The built-in roles of the installation are no places.
Result<Place> find_place(store::Connection& db, const std::string& name) {
    if (const auto built_in = place_named(name)) return place_of_built_in(*built_in);
    for (const auto& role : TRY(store::list_roles(db))) {
        if (!role.is_built_in && role.name == name) return place_of_custom(role);
    }
    return invalid("there is no role " + name.substr(0, 100) + " for a project", "unknown_role",
                   "/role")
        .with_hint(
            "roles: owner, admin, member, viewer, and the custom ones of latchkey role list");
}

Result<Place> place_of(store::Connection& db, const MembershipRecord& membership) {
    if (!membership.custom_role) return place_of_built_in(membership.role);
    const auto role = TRY(store::find_role(db, *membership.custom_role));
    if (!role) return Error{ErrorCode::kInternal, "a membership has a role that does not exist"};
    return place_of_custom(*role);
}

Error allows_more(std::vector<std::string> missing) {
    return Error{ErrorCode::kPermissionDenied, "this role allows more than you may do here"}
        .with_reason("insufficient_scope")
        .with_field("/role")
        .with_scopes(std::move(missing));
}

// What the place allows in the project, the actor must be allowed there himself.
Status check_place(const ProjectAccess& access, const Place& place) {
    if (place.role == ProjectRole::kOwner) TRY(access.require_owner());
    std::vector<std::string> missing;
    for (const auto permission : kProjectPermissions) {
        if (covers(place.patterns, permission) && !access.may(permission)) {
            missing.emplace_back(permission);
        }
    }
    return missing.empty() ? Status{} : Status(allows_more(std::move(missing)));
}

std::vector<std::string> actions_beyond(const Rights& wanted, const Rights& limit) {
    std::vector<std::string> actions;
    for (const auto& [slug, patterns] : wanted) {
        const auto allowed = rights_at(limit, slug);
        for (const auto& pattern : patterns) {
            if (!covers(allowed, pattern)) actions.push_back(pattern);
        }
    }
    return actions;
}

// A custom role limits what a member's tokens may do. Nobody lifts a limit that holds for himself,
// and who widens another's must have what that one gains by it.
Status check_limits(store::Connection& db, const ProjectAccess& access, const UserId& user,
                    const std::optional<Place>& before, const Place& after) {
    const auto gains = intersection(after.limits, TRY(rights_of_user(db, user)));
    const bool is_administrator = access.actor.may("user:write");
    const bool is_limited = access.custom_role && !is_administrator;
    if (is_limited) {
        auto provider_gains = gains;
        provider_gains.erase(std::string(kManagementApi));
        auto missing = beyond(provider_gains, access.custom_role->patterns);
        if (!missing.empty()) return allows_more(std::move(missing));
    }
    if (!before) return {};
    auto own = TRY(rights_of_actor(db, access.actor));
    if (is_limited) own = intersection(own, access.custom_role->patterns);
    auto missing = beyond(gains, united(std::move(own), before->limits));
    if (!missing.empty()) return allows_more(std::move(missing));
    // The limit is lifted on every resource: the actor's own policy must leave him that much.
    const auto policy = TRY(own_policy(db, access));
    if (!policy) return {};
    missing = not_given(Policy::allowing(actions_beyond(gains, before->limits)),
                        {PolicySource{{}, &*policy}});
    return missing.empty() ? Status{} : Status(allows_more(std::move(missing)));
}

// Without an owner nobody could ever make one again.
Status check_not_last_owner(store::Connection& db, const MembershipRecord& leaving) {
    if (leaving.role != ProjectRole::kOwner) return {};
    const auto members = TRY(store::list_members(db, leaving.project));
    const auto owners = std::count_if(members.begin(), members.end(), [](const auto& member) {
        return member.role == ProjectRole::kOwner;
    });
    if (owners > 1) return {};
    return Error{ErrorCode::kConflict, "this is the last owner of the project"}
        .with_reason("last_owner")
        .with_hint("make somebody else an owner first");
}

Status append_member_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                           const MembershipRecord& membership, json::array facts) {
    auto fact = fact_of(membership);
    fact.is_removed = type == "member.removed";
    facts.insert(facts.begin(), verify::to_json(fact));
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.owner = membership.user;
    event.data = json::object{{"facts", std::move(facts)},
                              {"project", membership.project.uuid()},
                              {"user", membership.user.uuid()}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

// A user who may be added: somebody who acts, not a project's own user.
Result<UserId> addable(store::Connection& db, std::string_view text) {
    const auto id = UserId::parse(text);
    const auto user = id ? TRY(store::find_user(db, *id)) : std::nullopt;
    if (!user || user->kind == store::UserKind::kProject) {
        return Error{ErrorCode::kNotFound, "there is no such user"}.with_reason("unknown_user");
    }
    return user->id;
}

Status remove_grant(store::Connection& db, const store::GrantRecord& grant, json::array& facts) {
    TRY(store::delete_grant(db, grant.project, grant.kind, grant.principal));
    auto fact = fact_of(grant);
    fact.is_removed = true;
    fact.policy.reset();
    facts.push_back(verify::to_json(fact));
    return {};
}

}  // namespace

Result<PrincipalView> put_member(store::Transaction& tx, const Actor& actor,
                                 std::string_view project, std::string_view user,
                                 const std::optional<std::string>& role) {
    TRY(actor.require("project:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("project:write"));
    const UserId id = TRY(addable(db, user));
    auto membership = TRY(store::find_membership(db, access.project.id, id));
    if (membership && !role) return view_of(db, *membership);
    const Place after = TRY(find_place(db, role.value_or("member")));
    std::optional<Place> before;
    if (membership) {
        before = TRY(place_of(db, *membership));
        if (before->role == after.role && before->custom_role == after.custom_role) {
            return view_of(db, *membership);
        }
        if (before->role == ProjectRole::kOwner) TRY(access.require_owner());
        TRY(check_not_last_owner(db, *membership));
    }
    TRY(check_place(access, after));
    TRY(check_limits(db, access, id, before, after));
    MembershipRecord record;
    record.project = access.project.id;
    record.user = id;
    record.role = after.role;
    record.custom_role = after.custom_role;
    record.created_at = membership ? membership->created_at : tx.now();
    TRY(store::put_membership(db, record));
    TRY(append_member_event(tx, membership ? "member.updated" : "member.added", actor, record, {}));
    return view_of(db, record);
}

Status remove_member(store::Transaction& tx, const Actor& actor, std::string_view project,
                     std::string_view user) {
    TRY(actor.require("project:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    const auto access = TRY(access_to_project(db, actor, project));
    const auto id = UserId::parse(user);
    const bool leaves = id && *id == actor.user;
    if (!leaves) TRY(access.require("project:write"));
    const auto membership =
        id ? TRY(store::find_membership(db, access.project.id, *id)) : std::nullopt;
    if (!membership) return no_such_principal();
    if (membership->role == ProjectRole::kOwner && !leaves) TRY(access.require_owner());
    TRY(check_not_last_owner(db, *membership));
    json::array facts;
    for (const auto& grant : TRY(store::grants_of_owner(db, access.project.id, *id))) {
        TRY(remove_grant(db, grant, facts));
    }
    const auto policy =
        TRY(store::find_grant(db, access.project.id, store::PrincipalKind::kUser, id->bytes));
    if (policy) TRY(remove_grant(db, *policy, facts));
    TRY(store::delete_membership(db, access.project.id, *id));
    return append_member_event(tx, "member.removed", actor, *membership, std::move(facts));
}

}  // namespace latchkey::authority
