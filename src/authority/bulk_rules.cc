#include "authority/bulk_rules.h"

#include <algorithm>
#include <limits>

#include "token/scope.h"

namespace latchkey::authority {
namespace {

constexpr std::int64_t kAllOfThem = std::numeric_limits<std::int64_t>::max();

bool fits_record(const store::BulkMatch& match, const store::TokenRecord& token) {
    if (match.owner && *match.owner != token.owner) return false;
    if (match.api && *match.api != token.api) return false;
    if (match.scope.empty()) return true;
    return token.scopes &&
           std::any_of(token.scopes->begin(), token.scopes->end(),
                       [&](const std::string& held) { return scope_matches(held, match.scope); });
}

Result<bool> has_key(store::Connection& db, const store::BulkRecord& rule, const TokenId& token) {
    if (rule.match.kid.empty()) return true;
    store::BulkMatch only_key;
    only_key.last_token = rule.match.last_token;
    only_key.kid = rule.match.kid;
    return store::matches(db, only_key, token);
}

Result<bool> concerns(store::Connection& db, const store::BulkRecord& rule,
                      const store::TokenRecord& token) {
    const store::BulkMatch& match = rule.match;
    if (match.last_token < token.id) return false;
    const bool is_spared = TRY(store::is_spared(db, rule.id, token.id));
    if (is_spared) return false;
    const bool is_named = TRY(store::is_bulk_token(db, rule.id, token.id));
    if (is_named || rule.is_list) return is_named;
    if (!fits_record(match, token)) return false;
    return has_key(db, rule, token.id);
}

}  // namespace

Result<verify::BulkFact> fact_of(store::Connection& db, const store::BulkRecord& rule) {
    verify::BulkFact fact;
    fact.id = rule.id;
    fact.action = static_cast<verify::TokenState>(rule.match.action);
    fact.last_token = rule.match.last_token;
    fact.owner = rule.match.owner;
    fact.api = rule.match.api;
    fact.kid = rule.match.kid;
    fact.scope = rule.match.scope;
    fact.is_list = rule.is_list;
    fact.is_settled = rule.settled_at.has_value();
    if (fact.is_settled) return fact;
    fact.tokens = TRY(store::bulk_tokens(db, rule.id, TokenId{}, kAllOfThem));
    fact.spared = TRY(store::spared_tokens(db, rule.id));
    return fact;
}

Status apply_bulk_rules(store::Connection& db, const std::vector<store::BulkRecord>& rules,
                        store::TokenRecord& token) {
    for (const auto& rule : rules) {
        if (token.deleted_at || rule.match.action <= token.state) continue;
        const bool is_about_it = TRY(concerns(db, rule, token));
        if (!is_about_it) continue;
        token.state = rule.match.action;
        token.reason = rule.reason;
        token.updated_at = std::max(token.updated_at, rule.created_at);
        if (token.state == store::TokenState::kRevoked) token.revoked_at = rule.created_at;
    }
    return {};
}

Status apply_bulk_rules(store::Connection& db, store::TokenRecord& token) {
    return apply_bulk_rules(db, TRY(store::open_bulks(db)), token);
}

Result<std::vector<verify::BulkSparedFact>> spare_from_bulk_rules(store::Transaction& tx,
                                                                  const store::TokenRecord& token) {
    std::vector<verify::BulkSparedFact> facts;
    auto& db = tx.connection();
    for (const auto& rule : TRY(store::open_bulks(db))) {
        const bool is_about_it = TRY(concerns(db, rule, token));
        if (!is_about_it) continue;
        TRY(store::spare_bulk_token(db, rule.id, token.id));
        facts.push_back({rule.id, token.id});
    }
    return facts;
}

Status check_no_bulk_rule(store::Connection& db, const store::TokenRecord& token) {
    for (const auto& rule : TRY(store::open_bulks(db))) {
        const bool is_about_it = TRY(concerns(db, rule, token));
        if (!is_about_it) continue;
        return Error{ErrorCode::kUnavailable, "tokens like this one are being stopped; try again"};
    }
    return {};
}

}  // namespace latchkey::authority
