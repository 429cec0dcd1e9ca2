#include "authority/restore_bulk.h"

#include "authority/bulk_rules.h"
#include "base/json.h"
#include "store/bulk.h"
#include "verify/facts.h"

namespace latchkey::authority {
namespace {

constexpr std::int64_t kRowsOfPage = 2'000;

Status add_matches(store::Connection& db, const store::BulkRecord& rule,
                   std::vector<TokenId>& tokens) {
    for (std::optional<TokenId> after = TokenId{}; after;) {
        const auto page = TRY(store::match_tokens(db, rule.match, *after, kRowsOfPage));
        tokens.insert(tokens.end(), page.tokens.begin(), page.tokens.end());
        after = page.next;
    }
    return {};
}

}  // namespace

Result<std::vector<TokenId>> tokens_settled_by(const store::Event& event) {
    std::vector<TokenId> tokens;
    if (event.type != "token.bulk_settled") return tokens;
    const JsonLimits limits{.bytes_max = 1U << 28, .depth_max = 64, .members_max = 1U << 26};
    const auto body = TRY(parse_json(event.body, limits));
    const auto* data = body.is_object() ? body.get_object().if_contains("data") : nullptr;
    if (data == nullptr || !data->is_object()) {
        return Error{ErrorCode::kPrecondition, "the event of a bulk change is damaged"};
    }
    for (const auto& fact : TRY(verify::facts_of(data->get_object()))) {
        const auto* states = std::get_if<verify::TokenStatesFact>(&fact);
        if (states == nullptr) continue;
        tokens.insert(tokens.end(), states->tokens.begin(), states->tokens.end());
    }
    return tokens;
}

Result<std::vector<TokenId>> tokens_under_rules(store::Connection& db) {
    std::vector<TokenId> tokens;
    for (const auto& rule : TRY(store::open_bulks(db))) {
        const auto fact = TRY(fact_of(db, rule));
        tokens.insert(tokens.end(), fact.tokens.begin(), fact.tokens.end());
        if (!rule.is_list) TRY(add_matches(db, rule, tokens));
    }
    return tokens;
}

}  // namespace latchkey::authority
