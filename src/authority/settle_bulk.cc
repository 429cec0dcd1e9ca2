// Rules over many tokens become the tokens' own rows, a batch at a time, each batch one event that
// names them. When every row says so the last event takes the rule away.
#include <algorithm>

#include "authority/bulk.h"
#include "authority/bulk_rules.h"

namespace latchkey::authority {
namespace {

using store::BulkRecord;

// A revocation behind it in the queue waits for so many rows: a few milliseconds. The smaller, the
// shorter do the engine and the kernel keep a core from a check.
constexpr std::int64_t kTokensOfBatch = 100;
constexpr std::int64_t kRowsOfScan = 4'000;

struct Batch {
    std::vector<TokenId> tokens;
    std::optional<TokenId> next;  // none: the last one
};

Result<Batch> next_batch(store::Connection& db, const BulkRecord& rule) {
    Batch batch;
    if (rule.is_list) {
        batch.tokens = TRY(store::bulk_tokens(db, rule.id, rule.cursor, kTokensOfBatch));
        if (static_cast<std::int64_t>(batch.tokens.size()) == kTokensOfBatch) {
            batch.next = batch.tokens.back();
        }
        return batch;
    }
    auto page = TRY(store::match_tokens(db, rule.match, rule.cursor, kTokensOfBatch));
    // Few of them match: larger steps get there sooner.
    if (page.next && static_cast<std::int64_t>(page.tokens.size()) < kTokensOfBatch / 4) {
        page = TRY(store::match_tokens(db, rule.match, rule.cursor, kRowsOfScan));
    }
    batch.next = page.next;
    batch.tokens = std::move(page.tokens);
    if (static_cast<std::int64_t>(batch.tokens.size()) > kTokensOfBatch) {
        batch.tokens.resize(static_cast<std::size_t>(kTokensOfBatch));
        batch.next = batch.tokens.back();
    }
    return batch;
}

Result<std::vector<TokenId>> write_states(store::Connection& db, const BulkRecord& rule,
                                          const std::vector<TokenId>& tokens) {
    std::vector<TokenId> changed;
    for (const auto& id : tokens) {
        const bool is_spared = TRY(store::is_spared(db, rule.id, id));
        if (is_spared) continue;
        const bool is_new = TRY(store::put_token_state(db, id, rule));
        if (is_new) changed.push_back(id);
    }
    return changed;
}

// `rule` by value: a mutation may run twice.
Status settle_batch(store::Transaction& tx, BulkRecord rule, const Batch& batch) {
    auto& db = tx.connection();
    verify::TokenStatesFact states;
    states.state = static_cast<verify::TokenState>(rule.match.action);
    states.tokens = TRY(write_states(db, rule, batch.tokens));
    rule.settled += static_cast<std::int64_t>(states.tokens.size());
    if (batch.next) {
        rule.cursor = *batch.next;
    } else {
        rule.settled_at = tx.now();
        rule.total = rule.settled;
        TRY(store::forget_bulk_lists(db, rule.id));
    }
    TRY(store::update_bulk(db, rule));
    if (batch.next && states.tokens.empty()) return {};
    json::array facts;
    if (!states.tokens.empty()) facts.push_back(verify::to_json(verify::Fact{states}));
    if (!batch.next) {
        const verify::Fact last = TRY(fact_of(db, rule));
        facts.push_back(verify::to_json(last));
    }
    store::EventDraft event;
    event.type = "token.bulk_settled";
    event.actor = "system";
    event.owner = rule.match.owner;
    event.data = json::object{{"facts", std::move(facts)}, {"bulk", rule.id.uuid()}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace

Status settle_bulk_rules(Authority& authority, Microseconds budget) {
    const Microseconds start = authority.clock().steady();
    do {
        const auto rules = TRY(authority.store().query<std::vector<BulkRecord>>(store::open_bulks));
        if (rules.empty()) return {};
        const BulkRecord& rule = rules.front();
        const auto batch = TRY(authority.store().query<Batch>(
            [&](store::Connection& db) { return next_batch(db, rule); }));
        TRY(authority.store().mutate(
            [&](store::Transaction& tx) { return settle_batch(tx, rule, batch); }));
    } while (authority.clock().steady() - start < budget);
    return {};
}

}  // namespace latchkey::authority
