#include "authority/project_tokens.h"

#include "authority/bootstrap.h"
#include "authority/bulk_rules.h"
#include "authority/create_token.h"
#include "authority/facts_of_records.h"
#include "authority/own_rights.h"
#include "authority/policy_rights.h"
#include "authority/project_with_token.h"
#include "authority/site.h"
#include "authority/token_terms.h"
#include "crypto/random.h"
#include "token/names.h"
#include "token/policy.h"
#include "token/project_token.h"

namespace latchkey::authority {
namespace {

Result<std::vector<std::string>> check_permissions(const DirectoryEntry& api,
                                                   const std::vector<std::string>& asked) {
    // An empty list must never mean everything, as it does elsewhere.
    if (asked.empty()) {
        return invalid("name at least one permission", "no_permissions", "/permissions")
            .with_hint("latchkey scope list --api " + api.api.slug + " shows what there is");
    }
    auto resolved = TRY(resolve_scopes(api, asked, "/permissions"));
    if (resolved.size() == asked.size()) return resolved;
    return invalid("a permission stands twice", "duplicate_permission", "/permissions");
}

// What the actor may not do himself in the project at its API, he gives to none of its tokens.
Status check_may_give(store::Connection& db, const ProjectAccess& access, const std::string& api,
                      const std::vector<std::string>& permissions) {
    const auto own = TRY(own_rights(db, access));
    auto missing = not_given(Policy::allowing(permissions), {source_at(own, api)});
    if (missing.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "nobody can hand on what he may not do himself"}
        .with_reason("insufficient_scope")
        .with_scopes(std::move(missing));
}

// Makes the project's user with its first token.
Result<UserId> project_user(store::Transaction& tx, const store::ProjectRecord& project,
                            json::array& facts) {
    const UserId id{project.id.bytes};
    const auto known = TRY(store::find_user(tx.connection(), id));
    if (known) return id;
    store::UserRecord user;
    user.id = id;
    user.kind = store::UserKind::kProject;
    user.login = "project/" + project.id.uuid();
    user.name = project.name;
    user.roles = {built_in_role("member")};
    user.created_at = tx.now();
    user.updated_at = tx.now();
    TRY(store::insert_user(tx.connection(), user));
    facts.push_back(verify::to_json(fact_of(user)));
    return id;
}

store::SecretRecord secret_of(const store::TokenRecord& token, const Secret& text) {
    store::SecretRecord secret;
    secret.id.bytes = token.id.bytes;
    secret.token = token.id;
    secret.digest = sha256(text.expose());
    secret.created_at = token.created_at;
    return secret;
}

store::GrantRecord grant_of(const store::TokenRecord& token, const ProjectId& project) {
    store::GrantRecord grant;
    grant.project = project;
    grant.principal = token.id.bytes;
    grant.policy_json = policy_for_scopes(token.scopes);
    grant.created_at = token.created_at;
    grant.updated_at = token.created_at;
    return grant;
}

// Asked in the writer's transaction, so that two who come at once do not both get it.
Status check_name_is_free(store::Connection& db, const ProjectId& project,
                          const std::string& name) {
    store::TokenQuery query;
    query.owner = UserId{project.bytes};
    query.text = name;
    query.limit = 200;
    while (true) {
        const auto rows = TRY(store::list_tokens(db, query));
        for (const auto& row : rows) {
            if (row.token.name != name || row.token.state == store::TokenState::kRevoked) continue;
            return Error{ErrorCode::kConflict, "the project has a token of this name already"}
                .with_reason("token_name_taken")
                .with_field("/name");
        }
        if (rows.size() < query.limit) return {};
        query.after = rows.back().token.id;
    }
}

Status check_is_of_project(store::Connection& db, const store::TokenRecord& token) {
    const auto owner = TRY(store::find_user(db, token.owner));
    if (owner && owner->kind == store::UserKind::kProject) return {};
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

// Writes it, and adds what was written to the facts of an event.
Result<CreatedProjectToken> make_token(store::Transaction& tx, const ProjectAccess& access,
                                       const DirectoryView& apis, const CreateProjectToken& wanted,
                                       json::array& facts) {
    auto& db = tx.connection();
    TRY(access.require("token:write"));
    TRY(check_name(wanted.name));
    const std::string& slug = access.project.api_slug;
    const auto* api = apis.find(slug.empty() ? kProjectTokenApi : slug);
    if (api == nullptr) return Error{ErrorCode::kInternal, "a project's API does not exist"};
    CreatedProjectToken made;
    auto& token = made.token;
    token.scopes = TRY(check_permissions(*api, wanted.permissions));
    TRY(check_may_give(db, access, api->api.slug, *token.scopes));
    if (wanted.needs_unique_name) TRY(check_name_is_free(db, access.project.id, wanted.name));
    token.id = new_id<TokenId>(tx.now());
    token.owner = TRY(project_user(tx, access.project, facts));
    token.api = api->api.id;
    token.kind = store::TokenKind::kOpaque;
    token.name = wanted.name;
    token.created_at = tx.now();
    token.updated_at = tx.now();
    TRY(check_no_bulk_rule(db, token));
    const Site site = TRY(read_site(db));
    if (site.default_life_days) {
        token.expires_at = token.created_at + std::chrono::hours(24) * *site.default_life_days;
    }
    TRY(check_rules(site.rules, token, token.created_at));
    made.text = make_project_token(token.id, access.project.id);
    const auto secret = secret_of(token, made.text);
    const auto grant = grant_of(token, access.project.id);
    TRY(store::insert_token(db, token));
    TRY(store::insert_secret(db, secret));
    TRY(store::put_grant(db, grant));
    facts.push_back(verify::to_json(fact_of(token)));
    facts.push_back(verify::to_json(fact_of(secret)));
    facts.push_back(verify::to_json(fact_of(grant)));
    return made;
}

}  // namespace

Result<CreatedProjectToken> create_project_token(store::Transaction& tx, const Actor& actor,
                                                 const DirectoryView& apis,
                                                 std::string_view project,
                                                 const CreateProjectToken& wanted) {
    TRY(actor.require("token:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    const auto access = TRY(access_to_project(tx.connection(), actor, project));
    json::array facts;
    auto made = TRY(make_token(tx, access, apis, wanted, facts));
    store::EventDraft event;
    event.type = "token.created";
    event.actor = actor.text();
    event.owner = made.token.owner;
    event.token = made.token.id;
    event.data = json::object{{"facts", std::move(facts)},
                              {"name", made.token.name},
                              {"project", access.project.id.uuid()}};
    TRY(tx.append_event(std::move(event)));
    return made;
}

Result<ProjectWithToken> create_project_with_token(store::Transaction& tx, const Actor& actor,
                                                   const DirectoryView& apis,
                                                   const CreateProject& wanted,
                                                   const CreateProjectToken& first) {
    TRY(actor.require("token:write"));
    std::optional<CreatedProjectToken> made;
    const auto also = [&](const store::ProjectRecord& project, json::array& facts) -> Status {
        const auto access = TRY(access_to_project(tx.connection(), actor, project.id.uuid()));
        made = TRY(make_token(tx, access, apis, first, facts));
        return {};
    };
    auto view = TRY(create_project_and(tx, actor, apis, wanted, also));
    return ProjectWithToken{std::move(view), std::move(*made)};
}

Result<ProjectTokenPage> list_project_tokens(store::Connection& db, const Actor& actor,
                                             std::string_view project, store::TokenQuery query) {
    TRY(actor.require("token:read"));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("token:read"));
    query.owner = UserId{access.project.id.bytes};
    auto rows = TRY(store::list_tokens(db, query));
    ProjectTokenPage page;
    if (rows.size() == query.limit) page.next = rows.back().token.id;
    for (auto& row : rows) {
        if (row.token.state == store::TokenState::kRevoked) continue;
        page.tokens.push_back(std::move(row.token));
    }
    return page;
}

Result<TokenDetails> get_project_token(store::Connection& db, const Actor& actor,
                                       std::string_view id) {
    auto details = TRY(get_token(db, actor, id));
    TRY(check_is_of_project(db, details.token));
    return details;
}

Status delete_project_token(store::Transaction& tx, const Actor& actor, std::string_view id) {
    const auto details = TRY(token_to_change(tx, actor, id));
    TRY(check_is_of_project(tx.connection(), details.token));
    TRY(change_token(tx, actor, id, TokenChange::kDelete, {}));
    return {};
}

Result<TokenDetails> edit_project_token(store::Transaction& tx, const Actor& actor,
                                        const DirectoryView& apis, std::string_view id,
                                        const EditProjectToken& edit) {
    const auto before = TRY(token_to_change(tx, actor, id)).token;
    TRY(check_is_of_project(tx.connection(), before));
    TRY(check_still_lives(before, tx.now()));
    TokenEdit terms;
    terms.name = edit.name;
    if (edit.name && *edit.name != before.name) {
        TRY(check_name(*edit.name));
        TRY(check_name_is_free(tx.connection(), ProjectId{before.owner.bytes}, *edit.name));
    }
    if (edit.permissions) {
        const auto* api = apis.find(before.api);
        if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API does not exist"};
        terms.scopes = TRY(check_permissions(*api, *edit.permissions));
    }
    return edit_token_and_grant(tx, actor, apis, id, terms);
}

}  // namespace latchkey::authority
