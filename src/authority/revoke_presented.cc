#include "authority/revoke_presented.h"

#include "authority/facts_of_records.h"
#include "token/access_token.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kReason = "its holder revoked it";

store::EventDraft event_of(std::string_view type, const TokenId& token, const UserId& owner) {
    store::EventDraft event;
    event.type = type;
    event.actor = "token/" + token.uuid();
    event.owner = owner;
    event.token = token;
    return event;
}

}  // namespace

Status revoke_presented_token(store::Transaction& tx, const TokenId& id) {
    auto token = TRY(store::find_token(tx.connection(), id.bytes));
    if (!token || token->state == store::TokenState::kRevoked) return {};
    token->state = store::TokenState::kRevoked;
    token->revoked_at = tx.now();
    token->updated_at = tx.now();
    token->reason = kReason;
    TRY(store::update_token(tx.connection(), *token));
    auto event = event_of("token.revoked", token->id, token->owner);
    event.data = json::object{{"facts", json::array{verify::to_json(fact_of(*token))}},
                              {"name", token->name},
                              {"reason", token->reason}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

Status revoke_presented_access(store::Transaction& tx, const PresentedAccess& access) {
    auto& db = tx.connection();
    const store::RevokedAccessRecord revoked{access.id, access.token, access.expires_at};
    const bool is_new = TRY(store::insert_revoked_access(db, revoked));
    if (!is_new) return {};
    if (TRY(store::count_revoked_access(db, access.token)) > kRevokedAccessMax) {
        Error error{ErrorCode::kRateLimited,
                    "too many access tokens of this token were revoked within the last hours"};
        error.retry_after_seconds = 600;
        return std::move(error).with_hint("revoke the token that they were got with");
    }
    auto event = event_of("access.revoked", access.token, access.owner);
    event.data = json::object{{"facts", json::array{verify::to_json(fact_of(revoked))}}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace latchkey::authority
