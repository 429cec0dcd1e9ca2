#include "verify/bulk_rules.h"

#include <algorithm>
#include <utility>

#include "token/scope.h"

namespace latchkey::verify {
namespace {

bool is_in(const std::vector<TokenId>& sorted, const TokenId& token) {
    return std::binary_search(sorted.begin(), sorted.end(), token);
}

bool holds(const Row& row, const std::string& scope, const StringSets& sets) {
    if (row.scopes == 0) return false;
    const auto& items = sets.at(row.scopes).items;
    return std::any_of(items.begin(), items.end(),
                       [&](const std::string& item) { return scope_matches(item, scope); });
}

bool matches(const BulkRules::Rule& rule, const Row& row, const StringSets& sets) {
    const BulkFact& fact = rule.fact;
    if (fact.last_token < row.token || is_in(fact.spared, row.token)) return false;
    if (is_in(*rule.tokens, row.token)) return true;
    if (fact.is_list) return false;
    return (rule.owner == BulkRules::kAny || rule.owner == row.owner) &&
           (rule.api == BulkRules::kAny || rule.api == row.api) &&
           (rule.key == BulkRules::kAny || rule.key == row.key) &&
           (fact.scope.empty() || holds(row, fact.scope, sets));
}

}  // namespace

TokenState BulkRules::state_of(const Set& rules, const Row& row, const StringSets& sets) {
    auto state = static_cast<TokenState>(row.state);
    for (const Rule& rule : rules) {
        if (rule.fact.action > state && matches(rule, row, sets)) state = rule.fact.action;
    }
    return state;
}

void BulkRules::set(Rule rule) {
    std::sort(rule.fact.tokens.begin(), rule.fact.tokens.end());
    std::sort(rule.fact.spared.begin(), rule.fact.spared.end());
    rule.tokens = std::make_shared<const std::vector<TokenId>>(std::move(rule.fact.tokens));
    rule.fact.tokens.clear();
    const Set* const old = set_.load();
    auto next = old == nullptr ? std::make_unique<Set>() : std::make_unique<Set>(*old);
    std::erase_if(*next, [&](const Rule& one) { return one.fact.id == rule.fact.id; });
    if (!rule.fact.is_settled) next->push_back(std::move(rule));
    replace(std::move(next));
}

void BulkRules::spare(const BulkSparedFact& fact) {
    const Set* const old = set_.load();
    if (old == nullptr) return;
    auto next = std::make_unique<Set>(*old);
    for (Rule& rule : *next) {
        auto& spared = rule.fact.spared;
        if (rule.fact.id != fact.rule || is_in(spared, fact.token)) continue;
        spared.insert(std::upper_bound(spared.begin(), spared.end(), fact.token), fact.token);
    }
    replace(std::move(next));
}

void BulkRules::replace(std::unique_ptr<Set> next) {
    const Set* const old = set_.load();
    set_.store(next->empty() ? nullptr : next.release());
    ++version_;
    if (old != nullptr) epochs_.retire([old] { delete old; });
}

}  // namespace latchkey::verify
