#include "authority/principals.h"

#include <algorithm>

#include "authority/change_token.h"

namespace latchkey::authority {
namespace {

using store::PrincipalKind;

Status add_users(store::Connection& db, const ProjectId& project, const PrincipalQuery& query,
                 std::vector<PrincipalView>& found) {
    auto members = TRY(store::list_members(db, project));
    std::sort(members.begin(), members.end(),
              [](const auto& one, const auto& other) { return one.user < other.user; });
    for (const auto& membership : members) {
        const bool is_before = query.after_kind && membership.user.bytes <= query.after;
        if (is_before || found.size() == query.limit) continue;
        found.push_back(TRY(view_of(db, membership)));
    }
    return {};
}

Status add_tokens(store::Connection& db, const ProjectId& project, const PrincipalQuery& query,
                  std::vector<PrincipalView>& found) {
    if (found.size() == query.limit) return {};
    store::GrantQuery wanted;
    wanted.project = project;
    wanted.kind = PrincipalKind::kToken;
    if (query.after_kind == PrincipalKind::kToken) wanted.after = query.after;
    wanted.limit = query.limit - found.size();
    for (const auto& grant : TRY(store::list_grants(db, wanted))) {
        found.push_back(TRY(view_of(db, grant)));
    }
    return {};
}

}  // namespace

std::string_view principal_kind_name(PrincipalKind kind) {
    return kind == PrincipalKind::kToken ? "token" : "user";
}

std::optional<PrincipalKind> principal_kind_named(std::string_view name) {
    if (name == "token") return PrincipalKind::kToken;
    if (name == "user") return PrincipalKind::kUser;
    return std::nullopt;
}

Error no_such_principal() {
    return Error{ErrorCode::kNotFound, "there is no such principal in this project"}.with_reason(
        "unknown_principal");
}

Result<PrincipalView> view_of(store::Connection& db, const store::MembershipRecord& membership) {
    PrincipalView view;
    view.kind = PrincipalKind::kUser;
    view.id = membership.user.bytes;
    view.added_at = membership.created_at;
    if (const auto user = TRY(store::find_user(db, membership.user))) view.name = user->name;
    view.role = place_name(membership.role);
    if (membership.custom_role) {
        if (const auto role = TRY(store::find_role(db, *membership.custom_role))) {
            view.role = role->name;
        }
    }
    const auto grant =
        TRY(store::find_grant(db, membership.project, PrincipalKind::kUser, membership.user.bytes));
    view.has_policy = grant && !grant->policy_json.empty();
    return view;
}

Result<PrincipalView> view_of(store::Connection& db, const store::GrantRecord& grant) {
    PrincipalView view;
    view.kind = grant.kind;
    view.id = grant.principal;
    view.added_at = grant.created_at;
    view.has_policy = !grant.policy_json.empty();
    if (const auto token = TRY(store::find_token(db, grant.principal))) {
        view.name = token->name;
        view.owner = token->owner;
    }
    return view;
}

Result<std::vector<PrincipalView>> list_principals(store::Connection& db, const Actor& actor,
                                                   std::string_view project,
                                                   const PrincipalQuery& query) {
    TRY(actor.require("project:read"));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("project:read"));
    std::vector<PrincipalView> found;
    const bool is_in_tokens = query.after_kind == PrincipalKind::kToken;
    if (query.kind != PrincipalKind::kToken && !is_in_tokens) {
        TRY(add_users(db, access.project.id, query, found));
    }
    if (query.kind != PrincipalKind::kUser) {
        TRY(add_tokens(db, access.project.id, query, found));
    }
    return found;
}

Result<std::vector<TokenProject>> projects_of_token(store::Connection& db, const Actor& actor,
                                                    std::string_view token) {
    const auto details = TRY(get_token(db, actor, token));
    std::vector<TokenProject> found;
    for (auto& grant : TRY(store::grants_of(db, PrincipalKind::kToken, details.token.id.bytes))) {
        auto access = access_to_project(db, actor, grant.project.uuid());
        if (!access && access.error().code == ErrorCode::kNotFound) continue;
        if (!access) return std::move(access).error();
        found.push_back({std::move(access->project), std::move(grant)});
    }
    return found;
}

}  // namespace latchkey::authority
