#include "authority/grants.h"

#include "authority/facts_of_records.h"
#include "authority/own_rights.h"
#include "authority/policy_rights.h"
#include "authority/rights.h"

namespace latchkey::authority {
namespace {

using store::GrantRecord;
using store::PrincipalKind;

Error no_such_token() {
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

Status append_grant_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                          const GrantRecord& grant,
                          const std::optional<store::TokenRecord>& token) {
    auto fact = fact_of(grant);
    if (type == "grant.removed") {
        fact.is_removed = true;
        fact.policy.reset();
    }
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    if (token) {
        event.owner = token->owner;
        event.token = token->id;
    } else {
        event.owner = UserId{grant.principal};
    }
    event.data = json::object{{"facts", {verify::to_json(fact)}},
                              {"project", grant.project.uuid()},
                              {"principal", std::string(principal_kind_name(grant.kind)) + "/" +
                                                format_uuid(grant.principal)}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

// Where a token belongs is for its owner to say: who could add another's would turn what it does,
// as soon as it names no project, to his own. A project's own tokens stay in their project.
Result<bool> is_addable(store::Connection& db, const Actor& actor,
                        const store::TokenRecord& token) {
    const auto owner = TRY(store::find_user(db, token.owner));
    if (!owner || owner->kind == store::UserKind::kProject) return false;
    return token.owner == actor.user || actor.may("user:write");
}

Result<store::TokenRecord> addable_token(store::Connection& db, const Actor& actor,
                                         std::string_view text) {
    const auto id = parse_uuid(text);
    auto token = id ? TRY(store::find_token(db, *id)) : std::nullopt;
    if (!token || token->deleted_at) return no_such_token();
    if (!TRY(is_addable(db, actor, *token))) return no_such_token();
    if (token->state == store::TokenState::kRevoked) {
        return Error{ErrorCode::kConflict, "the token is revoked, and that is for ever"}
            .with_reason("token_revoked")
            .with_hint("create a new token");
    }
    return std::move(*token);
}

// A document may name its principal (as other products write them); then it must be this one.
Status check_principals(const Policy& policy, std::string_view text, const ProjectId& project,
                        const Principal& principal) {
    const std::string kind(principal_kind_name(principal.kind));
    for (std::size_t i = 0; i < policy.statements.size(); ++i) {
        const auto& names = policy.statements[i].principals;
        for (std::size_t j = 0; j < names.size(); ++j) {
            const std::string& name = names[j];
            const std::string prefix = "ari:iam::" + project.uuid() + ":" + kind + "/";
            const bool is_this =
                name.starts_with(prefix) && parse_uuid(name.substr(prefix.size())) == principal.id;
            if (is_this) continue;
            return bad_policy(text,
                              "/statement/" + std::to_string(i) + "/principal/" + std::to_string(j),
                              "this is the policy of another principal")
                .with_hint("leave principal out, or write " + prefix + format_uuid(principal.id));
        }
    }
    return {};
}

Policy policy_of(const Principal& principal) {
    const bool has_text = principal.grant && !principal.grant->policy_json.empty();
    if (has_text) {
        auto parsed = parse_policy(principal.grant->policy_json);
        CHECK(parsed.has_value());  // we wrote it
        return std::move(*parsed);
    }
    return principal.kind == PrincipalKind::kUser ? Policy::allowing({"*"}) : Policy{};
}

Error beyond_own(std::vector<std::string> actions, const Actor& actor) {
    return Error{ErrorCode::kPermissionDenied,
                 actor.token ? "a token can hand on only what it has: it can only narrow policies"
                             : "a policy can allow only what you may do yourself"}
        .with_reason("insufficient_scope")
        .with_hint(actor.token ? "log in to allow more"
                               : "leave these actions out, or ask an administrator")
        .with_scopes(std::move(actions));
}

// A token's policy gives rights at the token's API.
Status check_token_policy(const OwnRights& own, const Actor& actor, const DirectoryEntry& api,
                          const Policy& before, const Policy& after) {
    auto missing = not_given(after, {source_at(own, api.api.slug), PolicySource{{}, &before}});
    return missing.empty() ? Status{} : Status(beyond_own(std::move(missing), actor));
}

// A user's policy limits his tokens at every API. Where it lets more through than before, that is a
// gift of what his own roles allow.
Status check_user_policy(store::Connection& db, const OwnRights& own, const ProjectAccess& access,
                         const Principal& member, const Policy& after) {
    const Policy before = policy_of(member);
    const auto widened = not_given(after, {PolicySource{{}, &before}});
    if (widened.empty()) return {};
    Rights limit = own.rights;
    if (own.place) limit = intersection(limit, *own.place);
    const auto possible = TRY(rights_of_user(db, UserId{member.id}));
    std::vector<std::string> missing;
    const std::string management(kManagementApi);
    for (const auto& action : widened) {
        const Rights wanted = {{"*", {action}}, {management, {action}}};
        if (!beyond(intersection(wanted, possible), limit).empty()) missing.push_back(action);
    }
    if (missing.empty() && own.policy) {
        missing = not_given(after, {PolicySource{{}, &*own.policy}, PolicySource{{}, &before}});
    }
    return missing.empty() ? Status{} : Status(beyond_own(std::move(missing), access.actor));
}

Status check_policy(store::Connection& db, const DirectoryView& apis, const ProjectAccess& access,
                    const Principal& principal, const Policy& after) {
    const auto own = TRY(own_rights(db, access));
    if (principal.kind == PrincipalKind::kUser) {
        return check_user_policy(db, own, access, principal, after);
    }
    const auto* api = apis.find(principal.token->api);
    if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API is not known"};
    return check_token_policy(own, access.actor, *api, policy_of(principal), after);
}

}  // namespace

Result<Principal> find_principal(store::Connection& db, const ProjectId& project,
                                 PrincipalKind kind, std::string_view id) {
    const auto parsed = parse_uuid(id);
    if (!parsed) return no_such_principal();
    Principal principal;
    principal.kind = kind;
    principal.id = *parsed;
    if (kind == PrincipalKind::kToken) {
        principal.token = TRY(store::find_token(db, *parsed));
        if (!principal.token) return no_such_principal();
        principal.id = principal.token->id.bytes;
    } else if (!TRY(store::find_membership(db, project, UserId{*parsed}))) {
        return no_such_principal();
    }
    principal.grant = TRY(store::find_grant(db, project, kind, principal.id));
    if (kind == PrincipalKind::kToken && !principal.grant) return no_such_principal();
    return principal;
}

Result<std::optional<Policy>> own_policy(store::Connection& db, const ProjectAccess& access) {
    if (access.actor.may("user:write")) return std::optional<Policy>();
    const auto grant = TRY(
        store::find_grant(db, access.project.id, PrincipalKind::kUser, access.actor.user.bytes));
    if (!grant || grant->policy_json.empty()) return std::optional<Policy>();
    return std::optional(TRY(parse_policy(grant->policy_json)));
}

Result<Policy> read_policy(const DirectoryView& apis, const ProjectId& project,
                           const Principal& principal, std::string_view text) {
    auto policy = TRY(parse_policy(text));
    std::vector<const DirectoryEntry*> entries;
    for (const auto& entry : apis.entries) {
        if (!principal.token || entry.api.id == principal.token->api) entries.push_back(&entry);
    }
    TRY(check_actions(policy, text, entries));
    TRY(check_principals(policy, text, project, principal));
    return policy;
}

Result<PrincipalView> add_token(store::Transaction& tx, const Actor& actor,
                                std::string_view project, std::string_view token) {
    TRY(actor.require("policy:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("policy:write"));
    const auto record = TRY(addable_token(db, actor, token));
    const auto known =
        TRY(store::find_grant(db, access.project.id, PrincipalKind::kToken, record.id.bytes));
    if (known) return view_of(db, *known);
    GrantRecord grant;
    grant.project = access.project.id;
    grant.kind = PrincipalKind::kToken;
    grant.principal = record.id.bytes;
    grant.created_at = tx.now();
    grant.updated_at = tx.now();
    TRY(store::put_grant(db, grant));
    TRY(append_grant_event(tx, "grant.added", actor, grant, record));
    return view_of(db, grant);
}

Status remove_token(store::Transaction& tx, const Actor& actor, std::string_view project,
                    std::string_view token) {
    TRY(actor.require("policy:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("policy:write"));
    const auto principal = TRY(find_principal(db, access.project.id, PrincipalKind::kToken, token));
    TRY(store::delete_grant(db, access.project.id, principal.kind, principal.id));
    return append_grant_event(tx, "grant.removed", actor, *principal.grant, principal.token);
}

Result<Policy> get_policy(store::Connection& db, const Actor& actor, const PrincipalName& name) {
    TRY(actor.require("policy:read"));
    const auto access = TRY(access_to_project(db, actor, name.project));
    TRY(access.require("policy:read"));
    return policy_of(TRY(find_principal(db, access.project.id, name.kind, name.id)));
}

Result<Policy> set_policy(store::Transaction& tx, const Actor& actor, const DirectoryView& apis,
                          const PrincipalName& name, std::string_view text) {
    TRY(actor.require("policy:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    const auto access = TRY(access_to_project(db, actor, name.project));
    TRY(access.require("policy:write"));
    const auto principal = TRY(find_principal(db, access.project.id, name.kind, name.id));
    auto policy = TRY(read_policy(apis, access.project.id, principal, text));
    const bool is_same = principal.grant && principal.grant->policy_json == to_text(policy);
    if (!is_same) TRY(check_policy(db, apis, access, principal, policy));
    GrantRecord grant;
    if (principal.grant) grant = *principal.grant;
    grant.project = access.project.id;
    grant.kind = principal.kind;
    grant.principal = principal.id;
    // A token without a statement has no policy; a user's then allows him nothing.
    const bool is_emptied = principal.kind == PrincipalKind::kToken && policy.statements.empty();
    grant.policy_json = is_emptied ? std::string() : to_text(policy);
    if (!principal.grant) grant.created_at = tx.now();
    grant.updated_at = tx.now();
    TRY(store::put_grant(db, grant));
    TRY(append_grant_event(tx, "policy.updated", actor, grant, principal.token));
    return policy;
}

}  // namespace latchkey::authority
