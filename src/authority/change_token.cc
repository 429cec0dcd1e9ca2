#include "authority/change_token.h"

#include "authority/facts_of_records.h"
#include "token/names.h"

namespace latchkey::authority {
namespace {

using store::TokenState;

Error no_such_token() {
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

Result<TokenDetails> read_token(store::Connection& db, const Actor& actor, std::string_view id,
                                std::string_view needed_for_others) {
    const auto parsed = parse_uuid(id);
    if (!parsed) return no_such_token();
    auto token = TRY(store::find_token(db, *parsed));
    if (!token || token->deleted_at) return no_such_token();
    if (token->owner != actor.user && !actor.may(needed_for_others)) return no_such_token();
    TokenDetails details;
    details.secrets = TRY(store::secrets_of(db, token->id));
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

// Bringing a token back is like making one: a token can do that only for what it may do itself.
Status check_may_resume(const Actor& actor, const store::TokenRecord& token) {
    if (!actor.token) return {};
    std::vector<std::string> beyond;
    for (const auto& scope : token.scopes.value_or(std::vector<std::string>{"*"})) {
        if (!actor.may(scope)) beyond.push_back(scope);
    }
    if (beyond.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "a token cannot resume one that may do more"}
        .with_reason("insufficient_scope")
        .with_hint("log in to resume it")
        .with_scopes(std::move(beyond));
}

Status append_token_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                          const store::TokenRecord& token) {
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.owner = token.owner;
    event.token = token.id;
    event.data = json::object{{"facts", {verify::to_json(fact_of(token))}}, {"name", token.name}};
    if (!token.reason.empty()) event.data["reason"] = token.reason;
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace

Result<TokenDetails> get_token(store::Connection& db, const Actor& actor, std::string_view id) {
    TRY(actor.require("token:read"));
    return read_token(db, actor, id, "user:read");
}

Result<TokenDetails> change_token(store::Transaction& tx, const Actor& actor, std::string_view id,
                                  TokenChange change, const std::string& reason) {
    TRY(actor.require("token:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    TRY(check_description(reason, "/reason"));
    auto details = TRY(read_token(tx.connection(), actor, id, "user:write"));
    if (change == TokenChange::kResume) TRY(check_may_resume(actor, details.token));
    if (!TRY(apply(details.token, change, reason, tx.now()))) return details;
    details.token.updated_at = tx.now();
    TRY(store::update_token(tx.connection(), details.token));
    TRY(append_token_event(tx, event_type(change), actor, details.token));
    return details;
}

Result<TokenDetails> edit_token(store::Transaction& tx, const Actor& actor, std::string_view id,
                                const TokenEdit& edit) {
    TRY(actor.require("token:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    if (edit.name) TRY(check_name(*edit.name));
    if (edit.description) TRY(check_description(*edit.description));
    auto details = TRY(read_token(tx.connection(), actor, id, "user:write"));
    auto& token = details.token;
    const store::TokenRecord before = token;
    token.name = edit.name.value_or(token.name);
    token.description = edit.description.value_or(token.description);
    if (token.name == before.name && token.description == before.description) return details;
    token.updated_at = tx.now();
    TRY(store::update_token(tx.connection(), token));
    TRY(append_token_event(tx, "token.updated", actor, token));
    return details;
}

}  // namespace latchkey::authority
