#include "authority/create_token.h"

#include <algorithm>

#include "authority/addresses.h"
#include "authority/bulk_rules.h"
#include "authority/facts_of_records.h"
#include "authority/make_secret.h"
#include "authority/project_access.h"
#include "authority/token_keys.h"
#include "authority/token_terms.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "token/names.h"
#include "token/policy.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

Error unknown_scope(const DirectoryEntry& api, const std::string& scope, std::string field) {
    auto error = invalid("the API " + api.api.slug + " has no scope " + scope, "unknown_scope",
                         std::move(field));
    const auto names = api.scope_names();
    const auto near = suggest_scopes(scope, names);
    if (!near.empty()) return std::move(error).with_hint("did you mean " + near.front() + "?");
    if (names.empty()) {
        return std::move(error).with_hint(
            "this API declares no scopes yet: latchkey api import adds a catalogue");
    }
    return std::move(error).with_hint("latchkey scope list --api " + api.api.slug +
                                      " shows what there is");
}

// Nothing widens itself: the scopes must be the owner's now, and a token that creates tokens hands
// on only what it has, at its own API. That is `latchkey`, but for one that came through the door
// of another. Declaring none means all that policies will ever give, which no token has.
Status check_rights(const Actor& actor, const std::vector<std::string>& owner_patterns,
                    const DirectoryEntry& api,
                    const std::optional<std::vector<std::string>>& declared) {
    const auto scopes = declared.value_or(std::vector<std::string>{"*"});
    // "*" asks for whatever the owner may do, so it is never more than that.
    std::vector<std::string> named = scopes;
    std::erase(named, "*");
    auto missing = not_covered(named, owner_patterns);
    if (!missing.empty()) {
        return Error{ErrorCode::kPermissionDenied, "the owner may not do this at " + api.api.slug}
            .with_reason("insufficient_scope")
            .with_scopes(std::move(missing));
    }
    if (!actor.token) return {};
    // At another API it has nothing, not even the name of its owner: a credential without scopes
    // would still open whatever asks for no scope.
    const bool is_own_api =
        actor.hands_on ? actor.only_api == api.api.id : api.api.slug == kManagementApi;
    const auto& has = actor.hands_on ? *actor.hands_on : actor.permissions;
    missing = is_own_api ? not_covered(scopes, has) : scopes;
    if (!is_own_api || !declared || !missing.empty()) {
        return Error{ErrorCode::kPermissionDenied,
                     "a token can hand on only the scopes that it has itself"}
            .with_reason("insufficient_scope")
            .with_hint("log in to create a token with more")
            .with_scopes(std::move(missing));
    }
    return {};
}

// A token hands on nothing that it has not itself: it makes none that outlives it.
Status check_life(const Actor& actor, const std::optional<Timestamp>& expires_at) {
    if (!actor.expires_at || (expires_at && *expires_at <= *actor.expires_at)) return {};
    return Error{ErrorCode::kPermissionDenied,
                 "a token cannot create one that lives longer than itself"}
        .with_reason("expiry_beyond_parent")
        .with_field("/expiresAt");
}

Status check_words(const CreateToken& wanted) {
    TRY(check_token_name(wanted.name, wanted.kind));
    TRY(check_description(wanted.description));
    if (wanted.kind != store::TokenKind::kKey && !wanted.keys.empty()) {
        return invalid("only a token of kind key has keys", "not_a_key_token", "/keys");
    }
    if (wanted.projects.size() > kProjectsOfNewTokenMax) {
        return invalid("at most 50 projects at a time", "too_many_projects", "/projects");
    }
    TRY(check_rate(wanted.rate));
    return check_address_ranges(wanted.allowed_ips);
}

// What the holder will present: a text that is made here, or what his keys sign.
Status make_secrets(Authority& authority, PreparedToken& made, const std::vector<PublicKey>& keys) {
    if (made.token.kind != store::TokenKind::kKey) {
        auto secret = make_secret(authority, made.token, made.audience, 1, made.token.created_at);
        made.secret = std::move(secret.record);
        made.text = std::move(secret.text);
        return {};
    }
    std::vector<store::SecretRecord> rows;
    auto changes = TRY(with_keys_added(rows, made.token, keys, made.token.created_at));
    made.secret = std::move(changes.added.front());
    made.more_keys.assign(std::make_move_iterator(changes.added.begin() + 1),
                          std::make_move_iterator(changes.added.end()));
    return {};
}

}  // namespace

// A secret that no request can carry would only ever read as malformed.
Status check_secret_length(const Secret& text) {
    if (text.expose().size() <= kSecretBytesMax) return {};
    return invalid("with so many scopes the token is too long for a request", "too_many_scopes",
                   "/scopes")
        .with_hint("take kind opaque, whose length does not grow, or fewer scopes");
}

namespace {

Error unknown_owner() {
    return Error{ErrorCode::kNotFound, "there is no such active user"}
        .with_reason("unknown_owner")
        .with_field("/owner");
}

// What the owner may do at the API now. For somebody else only who may do at least as much as he:
// or a helper could mint himself an administrator's token.
Result<std::vector<std::string>> owner_rights(verify::Replica::Reader& reader, const Actor& actor,
                                              const UserId& owner, const std::string& api) {
    std::vector<std::string> patterns;
    std::vector<std::string> at_management;
    const verify::ReadGuard guard(reader);
    if (!reader.find_user_patterns(owner, api, patterns) ||
        !reader.find_user_patterns(owner, kManagementApi, at_management)) {
        return unknown_owner();
    }
    if (owner == actor.user) return patterns;
    TRY(actor.require("user:write"));
    auto beyond = not_covered(at_management, actor.permissions);
    std::vector<std::string> own;
    const bool is_session = !actor.token && !actor.is_system;
    if (is_session && reader.find_user_patterns(actor.user, api, own)) {
        for (auto& pattern : not_covered(patterns, own)) {
            beyond.push_back(std::move(pattern));
        }
    }
    if (!beyond.empty()) {
        return Error{ErrorCode::kPermissionDenied, "this user may do more than you"}
            .with_reason("insufficient_scope")
            .with_scopes(std::move(beyond));
    }
    return patterns;
}

// A project's own user has the tokens that were made in the project, and no others. Only his row
// says what he is.
Status check_owner(store::Connection& db, const PreparedToken& prepared) {
    if (prepared.token.owner == prepared.actor.user) return {};
    const auto owner = TRY(store::find_user(db, prepared.token.owner));
    if (!owner || owner->kind == store::UserKind::kProject) return unknown_owner();
    return {};
}

// One grant for each project, in which the actor may change policies.
Result<std::vector<store::GrantRecord>> grants_for(store::Transaction& tx,
                                                   const PreparedToken& prepared) {
    std::vector<store::GrantRecord> grants;
    for (std::size_t i = 0; i < prepared.projects.size(); ++i) {
        const auto field = "/projects/" + std::to_string(i);
        auto access = access_to_project(tx.connection(), prepared.actor, prepared.projects[i]);
        if (!access) return std::move(access).error().with_field(field);
        auto allowed = access->require("policy:write");
        if (!allowed) return std::move(allowed).error().with_field(field);
        const ProjectId id = access->project.id;
        const bool is_known = std::any_of(grants.begin(), grants.end(),
                                          [&](const auto& grant) { return grant.project == id; });
        if (is_known) continue;
        store::GrantRecord grant;
        grant.project = id;
        grant.principal = prepared.token.id.bytes;
        grant.policy_json = policy_for_scopes(prepared.token.scopes);
        grant.created_at = tx.now();
        grant.updated_at = tx.now();
        grants.push_back(std::move(grant));
    }
    return grants;
}

}  // namespace

Status check_token_name(std::string_view name, store::TokenKind kind) {
    TRY(check_name(name));
    if (kind != store::TokenKind::kKey || utf8_length(name) >= kKeyTokenNameLengthMin) return {};
    return invalid("the name of a key token has at least 8 characters", "name_too_short", "/name");
}

std::string policy_for_scopes(const std::optional<std::vector<std::string>>& scopes) {
    if (!scopes) return to_text(Policy::allowing({"*"}));
    Policy policy;
    for (std::size_t from = 0; from < scopes->size(); from += kPolicyItemsMax) {
        const auto to = std::min(scopes->size(), from + kPolicyItemsMax);
        PolicyStatement statement;
        for (std::size_t i = from; i < to; ++i) {
            statement.actions.push_back((*scopes)[i]);
        }
        statement.resources = {"*"};
        policy.statements.push_back(std::move(statement));
    }
    return policy.statements.empty() ? std::string() : to_text(policy);
}

// The lone "*" stands for all that the owner may do.
Result<std::vector<std::string>> resolve_scopes(const DirectoryEntry& api,
                                                const std::vector<std::string>& asked,
                                                std::string_view pointer) {
    std::vector<std::string> resolved;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (is_everything(asked[i])) {
            resolved.push_back(asked[i]);
            continue;
        }
        const auto name = api.canonical(asked[i]);
        if (!name) {
            return unknown_scope(api, asked[i].substr(0, kScopeBytesMax),
                                 std::string(pointer) + "/" + std::to_string(i));
        }
        resolved.push_back(*name);
    }
    return TRY(ScopeSet::create(std::move(resolved))).items();
}

std::vector<std::string> not_covered(const std::vector<std::string>& scopes,
                                     const std::vector<std::string>& patterns) {
    std::vector<std::string> missing;
    for (const auto& scope : scopes) {
        const bool is_covered =
            std::any_of(patterns.begin(), patterns.end(),
                        [&](const std::string& pattern) { return scope_matches(pattern, scope); });
        if (!is_covered) missing.push_back(scope);
    }
    return missing;
}

Result<PreparedToken> prepare_token(Authority& authority, verify::Replica::Reader& reader,
                                    const Actor& actor, CreateToken wanted) {
    TRY(actor.require("token:write"));
    const UserId owner = wanted.owner.value_or(actor.user);
    if (owner != actor.user) TRY(actor.require("user:write"));
    TRY(check_words(wanted));
    const Timestamp now = whole_milliseconds(authority.clock().now());
    const auto directory = authority.directory().view();
    const DirectoryEntry* api = directory->find(wanted.api);
    const bool is_behind_door =
        api != nullptr && actor.only_api.value_or(api->api.id) == api->api.id;
    if (!is_behind_door) {
        return invalid("there is no API " + wanted.api.substr(0, 100), "unknown_api", "/api")
            .with_hint("latchkey api list shows what there is");
    }
    const auto patterns = TRY(owner_rights(reader, actor, owner, api->api.slug));
    std::optional<std::vector<std::string>> scopes;
    if (wanted.scopes || wanted.kind != store::TokenKind::kKey) {
        scopes =
            TRY(resolve_scopes(*api, wanted.scopes.value_or(api->api.default_scopes), "/scopes"));
    }
    TRY(check_rights(actor, patterns, *api, scopes));
    // In somebody else's name it is more than the session is good for, wherever it counts.
    TRY(owner == actor.user ? actor.require_proof_for(api->api.slug, scopes)
                            : actor.require_proof());
    const auto expires_at = TRY(check_end(wanted.expires_at, now));
    TRY(check_life(actor, expires_at));
    const auto not_before = TRY(check_start(wanted.not_before, expires_at, now));
    // What limits who makes it limits what he makes, unless it is limited more.
    if (wanted.allowed_ips.empty()) wanted.allowed_ips = actor.allowed_ips;
    if (!wanted.rate.is_set()) wanted.rate = actor.rate;
    TRY(check_within(wanted.allowed_ips, actor.allowed_ips));
    TRY(check_rate_within(wanted.rate, actor));

    PreparedToken made;
    made.token.id = new_id<TokenId>(now);
    made.token.owner = owner;
    made.token.api = api->api.id;
    made.token.kind = wanted.kind;
    made.token.name = std::move(wanted.name);
    made.token.description = std::move(wanted.description);
    made.token.scopes = std::move(scopes);
    made.token.allowed_ips = std::move(wanted.allowed_ips);
    made.token.rate = wanted.rate;
    made.token.expires_at = expires_at;
    made.token.not_before = not_before;
    made.token.created_at = now;
    made.token.updated_at = now;
    made.api_slug = api->api.slug;
    made.audience = api->api.audience;
    made.actor = actor;
    made.projects = std::move(wanted.projects);
    TRY(make_secrets(authority, made, wanted.keys));
    TRY(check_secret_length(made.text));
    return made;
}

Status check_prepared(Authority& authority, store::Connection& db, const PreparedToken& prepared,
                      Timestamp now) {
    TRY(require_still_active(db, prepared.actor, now));
    TRY(check_owner(db, prepared));
    TRY(check_rules(authority.site()->rules, prepared.token, prepared.token.created_at));
    return check_no_bulk_rule(db, prepared.token);
}

Status insert_token(Authority& authority, store::Transaction& tx, PreparedToken& prepared) {
    auto& db = tx.connection();
    TRY(check_prepared(authority, db, prepared, tx.now()));
    MadeSecret secret{std::move(prepared.secret), std::move(prepared.text)};
    const auto settled =
        settle_status_index(authority, db, prepared.token, prepared.audience, secret);
    prepared.secret = std::move(secret.record);
    prepared.text = std::move(secret.text);
    TRY(settled);
    TRY(store::insert_token(db, prepared.token));
    json::array facts;
    facts.push_back(verify::to_json(fact_of(prepared.token)));
    facts.push_back(verify::to_json(fact_of(prepared.secret)));
    TRY(store::insert_secret(db, prepared.secret));
    for (const auto& key : prepared.more_keys) {
        TRY(store::insert_secret(db, key));
        facts.push_back(verify::to_json(fact_of(key)));
    }
    for (const auto& grant : TRY(grants_for(tx, prepared))) {
        TRY(store::put_grant(db, grant));
        facts.push_back(verify::to_json(fact_of(grant)));
    }
    store::EventDraft event;
    event.type = "token.created";
    event.actor = prepared.actor.text();
    event.owner = prepared.token.owner;
    event.token = prepared.token.id;
    event.data = json::object{{"facts", std::move(facts)}, {"name", prepared.token.name}};
    if (!prepared.token.source.empty()) event.data["source"] = prepared.token.source;
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace latchkey::authority
