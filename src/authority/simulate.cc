#include "authority/simulate.h"

#include <algorithm>
#include <array>

#include "authority/rights.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

using store::PrincipalKind;
using verify::GrantView;
using verify::TokenView;

const std::vector<std::string>& all_scopes() {
    static const std::vector<std::string> kAll = {"*"};
    return kAll;
}

Status check_question(const Simulation& wanted) {
    if (!is_scope(wanted.action)) {
        return invalid("an action is written resource:action, like license:read", "bad_scope",
                       "/action");
    }
    const bool is_named = !wanted.resource.empty() && wanted.resource != "*";
    if (is_named && !is_resource(wanted.resource)) {
        return invalid("a resource is a name without *, of at most 2000 characters", "bad_resource",
                       "/resource");
    }
    return {};
}

// The API whose tokens could do the action; a user has none of his own.
std::string api_of_action(const DirectoryView& apis, const store::ProjectRecord& project,
                          std::string_view action) {
    const auto* own = project.api_slug.empty() ? nullptr : apis.find(project.api_slug);
    if (own != nullptr && own->canonical(action)) return own->api.slug;
    for (const auto& entry : apis.entries) {
        if (entry.canonical(action)) return entry.api.slug;
    }
    return own != nullptr ? own->api.slug : "pipelines";
}

Status read_user(store::Connection& db, const DirectoryView& apis, const ProjectAccess& access,
                 const Principal& principal, PreparedSimulation& prepared) {
    const UserId user{principal.id};
    prepared.api_slug = api_of_action(apis, access.project, prepared.action);
    prepared.shows_roles =
        user == access.actor.user || access.actor.may("user:read") || access.may("project:write");
    if (prepared.shows_roles) {
        prepared.user_patterns = rights_at(TRY(rights_of_user(db, user)), prepared.api_slug);
    }
    prepared.user_policy =
        TRY(get_policy(db, access.actor,
                       {prepared.project.uuid(), PrincipalKind::kUser, format_uuid(principal.id)}));
    const auto membership = TRY(store::find_membership(db, prepared.project, user));
    if (!membership || !membership->custom_role) return {};
    const auto role = TRY(store::find_role(db, *membership->custom_role));
    prepared.is_limited = true;
    if (role) prepared.place = rights_at(TRY(rights_of(*role)), prepared.api_slug);
    return {};
}

// A token outside the project that the actor may see: his own, or any for an administrator.
Result<store::TokenRecord> visible_token(store::Connection& db, const ProjectAccess& access,
                                         std::string_view id) {
    const auto parsed = parse_uuid(id);
    auto token = parsed ? TRY(store::find_token(db, *parsed)) : std::nullopt;
    if (!token || token->deleted_at) return no_such_principal();
    const bool is_seen = token->owner == access.actor.user || access.actor.may("user:read");
    if (!is_seen) return no_such_principal();
    return std::move(*token);
}

Result<std::optional<Principal>> find_granted(store::Connection& db, const ProjectId& project,
                                              PrincipalKind kind, std::string_view id) {
    auto found = find_principal(db, project, kind, id);
    if (found) return std::optional(std::move(*found));
    if (found.error().code != ErrorCode::kNotFound || kind == PrincipalKind::kUser) {
        return std::move(found).error();
    }
    return std::optional<Principal>();
}

TokenView view_of_user(const PreparedSimulation& prepared) {
    TokenView view;
    view.owner = UserId{prepared.principal};
    view.api_slug = prepared.api_slug;
    view.scopes = all_scopes();
    // Nor may the answer itself tell what his roles allow.
    view.owner_allows_everything = !prepared.shows_roles;
    view.owner_patterns = prepared.user_patterns;
    GrantView grant;
    grant.project = prepared.project;
    grant.policy = prepared.draft ? &*prepared.draft : &*prepared.user_policy;
    grant.owner_is_limited = prepared.is_limited;
    grant.member_patterns = prepared.place;
    view.grant = grant;
    return view;
}

// One question of judge, with everything open but what the caller closes again.
struct Question {
    const PreparedSimulation& prepared;
    const TokenView& view;
    Timestamp now;
    Policy all = Policy::allowing({"*"});

    [[nodiscard]] TokenView open() const {
        TokenView opened = view;
        opened.has_scopes = true;
        opened.scopes = all_scopes();
        opened.owner_allows_everything = true;
        GrantView grant;
        grant.project = prepared.project;
        grant.policy = &all;
        opened.grant = grant;
        return opened;
    }
    [[nodiscard]] bool ask(const TokenView& asked) const {
        const std::array<std::string_view, 1> scopes = {prepared.action};
        verify::Requirement wanted;
        wanted.api_slug = view.api_slug;
        wanted.scopes = scopes;
        wanted.project = prepared.project;
        wanted.resource = prepared.resource;
        return verify::judge(asked, wanted, now).verdict == verify::Verdict::kActive;
    }
    [[nodiscard]] bool is_alive() const {
        verify::Requirement wanted;
        wanted.api_slug = view.api_slug;
        return verify::judge(view, wanted, now).verdict == verify::Verdict::kActive;
    }
    // A dead token must not hide what else is wrong.
    [[nodiscard]] TokenView alive() const {
        TokenView opened = open();
        opened.state = verify::TokenState::kActive;
        opened.secret_is_revoked = false;
        opened.owner_is_disabled = false;
        opened.key_is_compromised = false;
        opened.expires_at.reset();
        opened.secret_ends_at.reset();
        return opened;
    }
};

void add_limits(const Question& question, SimulationAnswer& answer) {
    const TokenView& view = question.view;
    const bool is_token = question.prepared.kind == PrincipalKind::kToken;
    TokenView by_scopes = question.alive();
    by_scopes.has_scopes = view.has_scopes;
    by_scopes.scopes = view.scopes;
    if (is_token) answer.limits.push_back({"token_scopes", question.ask(by_scopes)});
    TokenView by_owner = question.alive();
    by_owner.owner_allows_everything = view.owner_allows_everything;
    by_owner.owner_patterns = view.owner_patterns;
    if (is_token || question.prepared.shows_roles) {
        answer.limits.push_back({"owner_roles", question.ask(by_owner)});
    }
    TokenView by_place = question.alive();
    if (view.grant) {
        by_place.grant->owner_is_limited = view.grant->owner_is_limited;
        by_place.grant->member_patterns = view.grant->member_patterns;
    }
    answer.limits.push_back({"member_role", question.ask(by_place)});
    if (!is_token) return;
    TokenView by_policy = question.alive();
    if (view.grant) by_policy.grant->owner_policy = view.grant->owner_policy;
    answer.limits.push_back({"owner_policy", question.ask(by_policy)});
    answer.limits.push_back({"token_state", question.is_alive()});
}

void decide_by_policy(const PreparedSimulation& prepared, const TokenView& view,
                      SimulationAnswer& answer) {
    if (!view.grant) {
        answer.decision = Decision::kNotGranted;
        return;
    }
    const Policy* policy = view.grant->policy;
    if (policy == nullptr) {
        answer.decision = Decision::kNoPolicy;
        return;
    }
    const auto decided = decide(*policy, prepared.action, prepared.resource);
    answer.index = decided.statement;
    if (decided.statement) answer.statement = policy->statements[*decided.statement];
    answer.decision = decided.is_allowed  ? Decision::kAllow
                      : decided.statement ? Decision::kDeny
                                          : Decision::kNoMatch;
}

std::string_view why_limited(std::string_view limit) {
    if (limit == "token_scopes") return "the token's own scopes do not have it";
    if (limit == "owner_roles") return "the roles of the user do not allow it";
    if (limit == "member_role") return "the user's role in the project does not allow it";
    if (limit == "owner_policy") return "the policy of the token's owner does not allow it";
    return "the token is not active";
}

std::string reason_of(const PreparedSimulation& prepared, const SimulationAnswer& answer) {
    const std::string statement =
        answer.index ? "The statement at index " + std::to_string(*answer.index) : std::string();
    switch (answer.decision) {
        case Decision::kNotGranted: return "The token was not added to this project.";
        case Decision::kNoPolicy: return "The token has no policy in this project.";
        case Decision::kDeny: return statement + " denies it, and Deny wins over Allow.";
        case Decision::kNoMatch: {
            const bool is_named = !prepared.resource.empty() && prepared.resource != "*";
            if (is_named) return "No statement allows it, and what none allows is denied.";
            return "No statement allows it on every resource, and no resource was named.";
        }
        case Decision::kAllow: break;
    }
    for (const auto& limit : answer.limits) {
        if (limit.is_allowed) continue;
        return statement + " allows it, but " + std::string(why_limited(limit.name)) + ".";
    }
    return statement + " allows it.";
}

SimulationAnswer answer_for(const PreparedSimulation& prepared, const TokenView& view,
                            Timestamp now) {
    SimulationAnswer answer;
    const Question question{prepared, view, now};
    decide_by_policy(prepared, view, answer);
    add_limits(question, answer);
    answer.is_allowed = question.ask(view);
    answer.reason = reason_of(prepared, answer);
    return answer;
}

}  // namespace

std::string_view decision_name(Decision decision) {
    switch (decision) {
        case Decision::kAllow: return "allow";
        case Decision::kDeny: return "deny";
        case Decision::kNoMatch: return "no_match";
        case Decision::kNoPolicy: return "no_policy";
        case Decision::kNotGranted: return "not_granted";
    }
    return "not_granted";
}

Result<PreparedSimulation> prepare_simulation(store::Connection& db, const Actor& actor,
                                              const DirectoryView& apis, const Simulation& wanted) {
    TRY(actor.require("policy:read"));
    const auto access = TRY(access_to_project(db, actor, wanted.principal.project));
    TRY(access.require("policy:read"));
    TRY(check_question(wanted));
    PreparedSimulation prepared;
    prepared.project = access.project.id;
    prepared.kind = wanted.principal.kind;
    prepared.action = wanted.action;
    prepared.resource = wanted.resource;
    auto principal = TRY(find_granted(db, prepared.project, prepared.kind, wanted.principal.id));
    prepared.is_granted = principal.has_value();
    if (!principal) {
        principal.emplace();
        principal->token = TRY(visible_token(db, access, wanted.principal.id));
        principal->id = principal->token->id.bytes;
    }
    prepared.principal = principal->id;
    if (principal->token) {
        const auto* api = apis.find(principal->token->api);
        if (api != nullptr) prepared.api_slug = api->api.slug;
    }
    if (wanted.draft) {
        prepared.draft = TRY(read_policy(apis, prepared.project, *principal, *wanted.draft));
    }
    if (prepared.kind == PrincipalKind::kUser) {
        TRY(read_user(db, apis, access, *principal, prepared));
    }
    return prepared;
}

SimulationAnswer simulate(const PreparedSimulation& prepared, verify::Replica::Reader& reader,
                          Timestamp now) {
    if (prepared.kind == PrincipalKind::kUser) {
        return answer_for(prepared, view_of_user(prepared), now);
    }
    const verify::ReadGuard guard(reader);
    TokenView view;
    // A token that the replica forgot is revoked and expired.
    if (!reader.find_by_token(TokenId{prepared.principal}, view)) {
        view.state = verify::TokenState::kRevoked;
        view.api_slug = prepared.api_slug;
    }
    view.allowed_ips = {};  // nobody said from which address
    const bool is_granted = reader.find_grant(prepared.project, view);
    if (is_granted && prepared.draft) view.grant->policy = &*prepared.draft;
    return answer_for(prepared, view, now);
}

}  // namespace latchkey::authority
