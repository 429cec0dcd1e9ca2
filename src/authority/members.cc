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

// What the user's tokens may do in the place at most: his own policy in the project, which stays
// when his place changes, cuts it.
Result<Rights> gains_of(store::Connection& db, const ProjectId& project, const UserId& user,
                        const Place& place) {
    auto gains = intersection(place.limits, TRY(rights_of_user(db, user)));
    const auto grant = TRY(store::find_grant(db, project, store::PrincipalKind::kUser, user.bytes));
    if (!grant || grant->policy_json.empty()) return gains;
    std::vector<std::string> actions;
    for (const auto& statement : TRY(parse_policy(grant->policy_json)).statements) {
        if (statement.effect != Effect::kAllow) continue;
        actions.insert(actions.end(), statement.actions.begin(), statement.actions.end());
    }
    return intersection(gains, {{"*", actions}, {std::string(kManagementApi), actions}});
}

// Somebody who was limited in the project before he was removed from it (see keep_trace). Whoever
// was never there has no limit that a place could lift, and no right there before somebody who has
// it gives it to his tokens: so tokens and people with few rights of their own may add him.
Result<bool> was_limited(store::Connection& db, const ProjectId& project, const UserId& user) {
    return TRY(store::find_grant(db, project, store::PrincipalKind::kUser, user.bytes)).has_value();
}

// What is lifted is lifted on every resource: the actor's own policy must leave him that much.
Status check_own_policy(store::Connection& db, const ProjectAccess& access,
                        std::vector<std::string> actions) {
    const auto policy = TRY(own_policy(db, access));
    if (!policy) return {};
    auto missing = not_given(Policy::allowing(std::move(actions)), {PolicySource{{}, &*policy}});
    return missing.empty() ? Status{} : Status(allows_more(std::move(missing)));
}

// A custom role limits what a member's tokens may do. Nobody lifts a limit that holds for himself,
// not by adding somebody who has it not, and who widens another's must have what that one gains by
// it: also when he was removed in between.
Status check_limits(store::Connection& db, const ProjectAccess& access, const UserId& user,
                    const std::optional<Place>& before, const Place& after) {
    const auto gains = TRY(gains_of(db, access.project.id, user, after));
    auto provider_gains = gains;
    provider_gains.erase(std::string(kManagementApi));
    const bool is_limited = access.custom_role && !access.actor.may("user:write");
    if (is_limited) {
        auto missing = beyond(provider_gains, access.custom_role->patterns);
        if (!missing.empty()) return allows_more(std::move(missing));
    }
    const Rights had = before ? before->limits : Rights{};
    const bool lifts = before || TRY(was_limited(db, access.project.id, user));
    TRY(check_own_policy(db, access, actions_beyond(lifts ? gains : provider_gains, had)));
    if (!lifts) return {};
    auto own = TRY(rights_of_actor(db, access.actor));
    if (is_limited) own = intersection(own, access.custom_role->patterns);
    auto missing = beyond(gains, united(std::move(own), had));
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

// A policy that limits somebody stays when he is removed, so that adding him again does not lift
// it. A custom role goes with his place; that there was one is kept as a policy that says nothing.
Status keep_trace(store::Transaction& tx, const MembershipRecord& membership, json::array& facts) {
    if (!membership.custom_role) return {};
    auto& db = tx.connection();
    const auto known = TRY(store::find_grant(db, membership.project, store::PrincipalKind::kUser,
                                             membership.user.bytes));
    if (known) return {};
    store::GrantRecord trace;
    trace.project = membership.project;
    trace.kind = store::PrincipalKind::kUser;
    trace.principal = membership.user.bytes;
    trace.created_at = tx.now();
    trace.updated_at = tx.now();
    TRY(store::put_grant(db, trace));
    facts.push_back(verify::to_json(fact_of(trace)));
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

Result<PrincipalView> change_member(store::Transaction& tx, const Actor& actor,
                                    const MembershipRecord& member,
                                    const std::optional<std::string>& role) {
    const auto now = TRY(store::find_membership(tx.connection(), member.project, member.user));
    if (!now) return no_such_principal();
    return put_member(tx, actor, member.project.uuid(), member.user.uuid(), role);
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
    TRY(keep_trace(tx, *membership, facts));
    TRY(store::delete_membership(db, access.project.id, *id));
    return append_member_event(tx, "member.removed", actor, *membership, std::move(facts));
}

}  // namespace latchkey::authority
