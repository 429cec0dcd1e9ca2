#include "authority/change_token.h"

#include <algorithm>

#include "authority/addresses.h"
#include "authority/bulk_rules.h"
#include "authority/create_token.h"
#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "authority/own_rights.h"
#include "authority/own_tokens.h"
#include "authority/policy_rights.h"
#include "authority/project_access.h"
#include "authority/rights.h"
#include "authority/token_keys.h"
#include "authority/token_terms.h"
#include "token/names.h"

namespace latchkey::authority {
namespace {

using store::TokenState;

Error no_such_token() {
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

enum class Touch : std::uint8_t { kRead, kChange };

// The token of somebody else: an administrator's business, or that of the members of the project
// whose token it is. What a member may see but not change says so; all else is unknown to him.
Status check_may_touch(store::Connection& db, const Actor& actor, const store::TokenRecord& token,
                       Touch touch) {
    if (actor.may(touch == Touch::kRead ? "user:read" : "user:write")) return {};
    const auto owner = TRY(store::find_user(db, token.owner));
    if (!owner || owner->kind != store::UserKind::kProject) return no_such_token();
    const auto access = access_to_project(db, actor, token.owner.uuid());
    if (!access && access.error().code != ErrorCode::kNotFound) return access.error();
    if (!access || !access->may("token:read")) return no_such_token();
    return touch == Touch::kRead ? Status{} : access->require("token:write");
}

// His own of that API; and a project's own token comes nowhere through such a door.
Status check_behind_door(store::Connection& db, const Actor& actor,
                         const store::TokenRecord& token) {
    if (token.owner != actor.user || token.api != *actor.only_api) return no_such_token();
    const auto owner = TRY(store::find_user(db, actor.user));
    return owner ? require_no_project(*owner) : Status(no_such_token());
}

Result<TokenDetails> read_token(store::Connection& db, const Actor& actor, std::string_view id,
                                Touch touch) {
    const auto parsed = parse_uuid(id);
    if (!parsed) return no_such_token();
    auto token = TRY(store::find_token(db, *parsed));
    if (!token || token->deleted_at) return no_such_token();
    if (actor.only_api) TRY(check_behind_door(db, actor, *token));
    if (token->owner != actor.user) TRY(check_may_touch(db, actor, *token, touch));
    TRY(apply_bulk_rules(db, *token));
    TokenDetails details;
    details.secrets = TRY(store::recent_secrets_of(db, *token));
    details.usage = TRY(store::find_usage(db, token->id));
    details.token = std::move(*token);
    return details;
}

std::string_view event_type(TokenChange change) {
    switch (change) {
        case TokenChange::kRevoke: return "token.revoked";
        case TokenChange::kSuspend: return "token.suspended";
        case TokenChange::kResume: return "token.resumed";
        case TokenChange::kDelete: return "token.deleted";
    }
    return "token.revoked";
}

// True: the record changed and is to be written.
Result<bool> apply(store::TokenRecord& token, TokenChange change, const std::string& reason,
                   Timestamp now) {
    const bool is_revoked = token.state == TokenState::kRevoked;
    switch (change) {
        case TokenChange::kRevoke:
            if (is_revoked) return false;
            token.state = TokenState::kRevoked;
            token.revoked_at = now;
            token.reason = reason;
            return true;
        case TokenChange::kDelete:
            token.deleted_at = now;
            if (is_revoked) return true;
            token.state = TokenState::kRevoked;
            token.revoked_at = now;
            token.reason = reason;
            return true;
        case TokenChange::kSuspend:
            if (is_revoked) break;
            if (token.state == TokenState::kSuspended) return false;
            token.state = TokenState::kSuspended;
            token.reason = reason;
            return true;
        case TokenChange::kResume:
            if (is_revoked) break;
            if (token.state == TokenState::kActive) return false;
            token.state = TokenState::kActive;
            token.reason.clear();
            return true;
    }
    return Error{ErrorCode::kConflict, "the token is revoked, and that is for ever"}
        .with_reason("token_revoked")
        .with_hint("create a new token");
}

// The token lives again, and the rules that suspended it are not about it any more.
Status append_spared_event(store::Transaction& tx, const Actor& actor,
                           const store::TokenRecord& token,
                           const std::vector<verify::BulkSparedFact>& rules) {
    store::EventDraft event;
    event.type = event_type(TokenChange::kResume);
    event.actor = actor.text();
    event.owner = token.owner;
    event.token = token.id;
    json::array facts;
    facts.push_back(verify::to_json(fact_of(token)));
    for (const auto& rule : rules) {
        facts.push_back(verify::to_json(rule));
    }
    event.data = json::object{{"facts", std::move(facts)}, {"name", token.name}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

struct Scopes {
    std::string api_slug;
    std::vector<std::string> names;
};

// What of these scopes the actor may not give: in a project he has what his place and his policy
// there leave him.
Result<std::vector<std::string>> beyond_actor(store::Connection& db, const Actor& actor,
                                              const store::UserRecord& owner,
                                              const Scopes& wanted) {
    if (owner.kind != store::UserKind::kProject) {
        return not_covered(wanted.names,
                           rights_at(TRY(rights_of_actor(db, actor)), wanted.api_slug));
    }
    const auto access = TRY(access_to_project(db, actor, owner.id.uuid()));
    const auto own = TRY(own_rights(db, access));
    return not_given(Policy::allowing(wanted.names), {source_at(own, wanted.api_slug)});
}

// Another one's token: what it may do, who brings it back must be allowed himself.
Status check_session_could_make(store::Connection& db, const Actor& actor,
                                const store::TokenRecord& token, const std::string& api_slug) {
    if (token.owner == actor.user || actor.may("*")) return {};
    const auto owner = TRY(store::find_user(db, token.owner));
    if (!owner) return no_such_token();
    const bool has_all = !token.scopes || covers(*token.scopes, "*");
    const Scopes wanted{api_slug, has_all
                                      ? rights_at(TRY(rights_of_user(db, token.owner)), api_slug)
                                      : *token.scopes};
    auto beyond = TRY(beyond_actor(db, actor, *owner, wanted));
    if (beyond.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "this token may do more than you"}
        .with_reason("insufficient_scope")
        .with_scopes(std::move(beyond));
}

// A session that was left open makes no secret in another person's or machine's name. Those of
// projects have no owner but who is there.
Status check_proof_for_other(store::Connection& db, const Actor& actor,
                             const store::TokenRecord& token) {
    const auto owner = TRY(store::find_user(db, token.owner));
    const bool is_of_project = owner && owner->kind == store::UserKind::kProject;
    return is_of_project ? Status{} : actor.require_proof();
}

}  // namespace

Status check_could_make(store::Connection& db, const Actor& actor,
                        const store::TokenRecord& token) {
    const auto api = TRY(store::find_api(db, token.api));
    TRY(actor.require_proof_for(api ? api->slug : "", token.scopes));
    if (!actor.is_proven && token.owner != actor.user) TRY(check_proof_for_other(db, actor, token));
    if (!actor.token) return check_session_could_make(db, actor, token, api ? api->slug : "");
    const bool is_own_api = api && api->slug == kManagementApi;
    std::vector<std::string> beyond;
    // Declaring none means all that policies give: only who may do everything has that.
    for (const auto& scope : token.scopes.value_or(std::vector<std::string>{"*"})) {
        if (!is_own_api || !actor.may(scope)) beyond.push_back(scope);
    }
    if (!is_own_api || !beyond.empty()) {
        return Error{ErrorCode::kPermissionDenied,
                     "a token cannot do this to one that may do more than itself"}
            .with_reason("insufficient_scope")
            .with_hint("log in to do it")
            .with_scopes(std::move(beyond));
    }
    if (actor.expires_at && (!token.expires_at || *token.expires_at > *actor.expires_at)) {
        return Error{ErrorCode::kPermissionDenied,
                     "a token cannot do this to one that lives longer than itself"}
            .with_reason("expiry_beyond_parent")
            .with_hint("log in to do it");
    }
    TRY(check_rate_within(token.rate, actor));
    const std::vector<std::string> everywhere = {"::/0", "0.0.0.0/0"};
    return check_within(token.allowed_ips.empty() ? everywhere : token.allowed_ips,
                        actor.allowed_ips);
}

Status append_token_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                          const store::TokenRecord& token, const KeyChanges& secrets) {
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.owner = token.owner;
    event.token = token.id;
    json::array facts;
    facts.push_back(verify::to_json(fact_of(token)));
    append_facts(secrets, facts);
    event.data = json::object{{"facts", std::move(facts)}, {"name", token.name}};
    if (!token.reason.empty()) event.data["reason"] = token.reason;
    TRY(tx.append_event(std::move(event)));
    return {};
}

Result<TokenDetails> token_to_change(store::Transaction& tx, const Actor& actor,
                                     std::string_view id) {
    TRY(actor.require("token:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    return read_token(tx.connection(), actor, id, Touch::kChange);
}

Result<TokenDetails> get_token(store::Connection& db, const Actor& actor, std::string_view id) {
    // Who may change a token is shown it by every change; routes that only read ask for token:read.
    if (!actor.may("token:write")) TRY(actor.require("token:read"));
    auto details = TRY(read_token(db, actor, id, Touch::kRead));
    details.generations = TRY(store::secret_usages(db, details.token.id));
    return details;
}

Result<TokenDetails> change_token(store::Transaction& tx, const Actor& actor, std::string_view id,
                                  TokenChange change, const std::string& reason) {
    TRY(check_description(reason, "/reason"));
    auto details = TRY(token_to_change(tx, actor, id));
    if (change == TokenChange::kResume) {
        TRY(check_could_make(tx.connection(), actor, details.token));
    }
    if (!TRY(apply(details.token, change, reason, tx.now()))) return details;
    details.token.updated_at = tx.now();
    TRY(store::update_token(tx.connection(), details.token));
    if (change == TokenChange::kResume) {
        const auto rules = TRY(spare_from_bulk_rules(tx, details.token));
        if (!rules.empty()) {
            TRY(append_spared_event(tx, actor, details.token, rules));
            return details;
        }
    }
    TRY(append_token_event(tx, event_type(change), actor, details.token, {}));
    return details;
}

}  // namespace latchkey::authority
