#include "authority/bulk.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "authority/bulk_rules.h"
#include "authority/facts_of_records.h"
#include "crypto/random.h"
#include "token/names.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

using store::BulkMatch;
using store::BulkRecord;

constexpr std::int64_t kRowsOfPage = 2'000;
constexpr std::int64_t kRowsOfCount = 500;
// Counting must not keep anybody waiting for a revocation; beyond, settling counts.
constexpr Microseconds kCountingMax{15'000};

TokenId highest_id() {
    TokenId id;
    id.bytes.fill(0xFF);
    return id;
}

// The last id that a moment before this one can have given.
TokenId last_before(Timestamp time) {
    const auto milliseconds = static_cast<std::uint64_t>(time.microseconds() / 1'000);
    TokenId id;
    if (milliseconds == 0) return id;
    id.bytes.fill(0xFF);
    for (std::size_t i = 0; i < 6; ++i) {
        id.bytes[i] = static_cast<std::uint8_t>((milliseconds - 1) >> (40 - 8 * i));
    }
    return id;
}

bool is_about_changing_things(const BulkFilter& filter) {
    return filter.project || filter.unused_since;
}

BulkMatch match_of(store::TokenState action, const BulkFilter& filter, const TokenId& newest) {
    BulkMatch match;
    match.action = action;
    match.last_token = newest;
    if (filter.minted_before)
        match.last_token = std::min(newest, last_before(*filter.minted_before));
    match.owner = filter.owner;
    match.api = filter.api;
    match.kid = filter.kid;
    match.scope = filter.scope;
    match.project = filter.project;
    match.unused_since = filter.unused_since;
    return match;
}

// Each token that matches and that no rule has already; false ends it.
template <typename Visit>
Status for_each_match(store::Connection& db, const BulkMatch& match, const Visit& visit) {
    const auto rules = TRY(store::open_bulks(db));
    std::optional<TokenId> after = TokenId{};
    while (after) {
        const auto page = TRY(store::match_tokens(db, match, *after, kRowsOfPage));
        for (const auto& id : page.tokens) {
            if (!rules.empty()) {
                auto token = TRY(store::find_token(db, id.bytes));
                if (!token) continue;
                TRY(apply_bulk_rules(db, rules, *token));
                if (token->state >= match.action) continue;
            }
            const bool goes_on = TRY(visit(id));
            if (!goes_on) return {};
        }
        after = page.next;
    }
    return {};
}

// None when it would take too long.
Result<std::optional<std::int64_t>> count_quickly(store::Connection& db, const Clock& clock,
                                                  const BulkMatch& match) {
    const Microseconds start = clock.steady();
    std::int64_t count = 0;
    std::optional<TokenId> after = TokenId{};
    while (after) {
        const auto page = TRY(store::match_tokens(db, match, *after, kRowsOfCount));
        count += static_cast<std::int64_t>(page.tokens.size());
        after = page.next;
        if (after && clock.steady() - start > kCountingMax) return std::optional<std::int64_t>{};
    }
    return std::optional{count};
}

json::object filter_json(const BulkFilter& filter) {
    json::object object;
    if (filter.owner) object["owner"] = filter.owner->uuid();
    if (filter.project) object["project"] = filter.project->uuid();
    if (filter.api) object["api"] = filter.api->uuid();
    if (filter.minted_before) object["mintedBefore"] = format_rfc3339(*filter.minted_before);
    if (!filter.kid.empty()) object["kid"] = filter.kid;
    if (!filter.scope.empty()) object["scope"] = filter.scope;
    if (filter.unused_since) object["unusedSince"] = format_rfc3339(*filter.unused_since);
    return object;
}

Status name_all(store::Connection& db, PreparedBulk& bulk) {
    return for_each_match(db, bulk.rule.match, [&](const TokenId& id) -> Result<bool> {
        if (bulk.tokens.size() >= kBulkListMax) {
            return invalid("more than 100,000 tokens match", "too_many_tokens", "/filter")
                .with_hint("narrow the filter: by owner, api or mintedBefore");
        }
        bulk.tokens.push_back(id);
        return true;
    });
}

// A look-up sees one secret of a token; those with several, of which one has the key, are named.
// Only those that were rotated after `since`.
Status name_rotated(store::Connection& db, PreparedBulk& bulk, const SecretId& since) {
    if (bulk.rule.match.kid.empty() || bulk.rule.is_list) return {};
    for (const auto& id : TRY(store::rotated_tokens_of_key(db, bulk.rule.match.kid, since))) {
        const bool fits = TRY(store::matches(db, bulk.rule.match, id));
        if (fits) bulk.tokens.push_back(id);
    }
    return {};
}

// Half of the places are for whoever may stop anybody's tokens: nobody fills them with rules over
// his own and keeps an administrator from stopping a leak.
Status check_room(const std::vector<BulkRecord>& open, const Actor& actor) {
    const bool may_all = actor.is_system || actor.may("user:write");
    const auto is_over_own = [](const BulkRecord& rule) {
        return rule.actor_user && rule.match.owner == rule.actor_user;
    };
    const auto own = std::count_if(open.begin(), open.end(), is_over_own);
    const auto his = std::count_if(open.begin(), open.end(), [&](const BulkRecord& rule) {
        return is_over_own(rule) && rule.actor_user == actor.user;
    });
    const bool has_room =
        may_all ? open.size() < kOpenBulksMax
                : std::cmp_less(own, kOpenBulksMax / 2) && std::cmp_less(his, kOpenBulksOfUserMax);
    if (has_room) return {};
    return Error{ErrorCode::kConflict, "too many bulk changes are still being settled"}
        .with_reason("too_many_bulk_rules")
        .with_hint("try again in a minute");
}

// Below the id of every secret that was made since the rule was prepared.
SecretId since_prepared(const store::BulkRecord& rule) {
    constexpr std::size_t kTimeBytes = 6;
    SecretId id;
    std::copy_n(rule.id.bytes.begin(), kTimeBytes, id.bytes.begin());
    return id;
}

}  // namespace

bool BulkFilter::is_empty() const {
    return !owner && !project && !api && !minted_before && kid.empty() && scope.empty() &&
           !unused_since;
}

Result<BulkFilter> allowed_filter(store::Connection& db, const Actor& actor, BulkFilter filter) {
    TRY(actor.require("token:write"));
    if (filter.is_empty()) {
        return invalid("a filter needs at least one member", "empty_filter", "/filter")
            .with_hint("owner, project, api, mintedBefore, kid, scope or unusedFor");
    }
    if (!filter.scope.empty() && !is_scope(filter.scope)) {
        return invalid("this is not a scope", "bad_scope", "/filter/scope");
    }
    const bool may_all = actor.may("user:write");
    if (!may_all && filter.owner && *filter.owner != actor.user) TRY(actor.require("user:write"));
    if (!may_all) filter.owner = actor.user;
    if (filter.owner) {
        const auto owner = TRY(store::find_user(db, *filter.owner));
        if (!owner) return invalid("there is no such user", "unknown_user", "/filter/owner");
    }
    return filter;
}

Result<BulkPreview> preview_bulk(store::Connection& db, store::TokenState action,
                                 const BulkFilter& filter) {
    BulkPreview preview;
    TRY(for_each_match(db, match_of(action, filter, highest_id()),
                       [&](const TokenId& id) -> Result<bool> {
                           if (++preview.count > kBulkShown) return true;
                           auto token = TRY(store::find_token(db, id.bytes));
                           const auto usage = TRY(store::find_usage(db, id));
                           store::ListedToken listed;
                           if (token) listed.token = std::move(*token);
                           if (usage) listed.last_used_at = usage->last_used_at;
                           preview.tokens.push_back(std::move(listed));
                           return true;
                       }));
    return preview;
}

Result<PreparedBulk> prepare_bulk(Authority& authority, const Actor& actor,
                                  store::TokenState action, const BulkFilter& filter,
                                  const std::string& reason) {
    TRY(check_description(reason, "/reason"));
    PreparedBulk bulk;
    bulk.rule.id = new_id<BulkId>(authority.clock().now());
    bulk.rule.is_list = is_about_changing_things(filter);
    bulk.rule.reason = reason;
    bulk.rule.actor = actor.text();
    if (!actor.is_system) bulk.rule.actor_user = actor.user;
    bulk.filter = filter_json(filter);
    TRY(authority.store().read([&](store::Connection& db) -> Status {
        bulk.rule.match = match_of(action, filter, highest_id());
        if (bulk.rule.is_list) {
            TRY(name_all(db, bulk));
            bulk.rule.total = static_cast<std::int64_t>(bulk.tokens.size());
            return {};
        }
        TRY(name_rotated(db, bulk, SecretId{}));
        bulk.rule.total = TRY(count_quickly(db, authority.clock(), bulk.rule.match));
        return {};
    }));
    // The list says it all; what it was made from may change meanwhile.
    bulk.rule.match.project.reset();
    bulk.rule.match.unused_since.reset();
    return bulk;
}

Result<std::uint64_t> start_bulk(store::Transaction& tx, const Actor& actor, PreparedBulk& bulk) {
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    auto& db = tx.connection();
    const auto open = TRY(store::open_bulks(db));
    TRY(check_room(open, actor));
    // Exactly the tokens that are there: what is made from now on has a newer id.
    bulk.rule.match.last_token = std::min(bulk.rule.match.last_token, TRY(store::newest_token(db)));
    bulk.rule.created_at = tx.now();
    TRY(name_rotated(db, bulk, since_prepared(bulk.rule)));  // a rotation may have come between
    TRY(store::insert_bulk(db, bulk.rule));
    for (const auto& token : bulk.tokens) {
        TRY(store::add_bulk_token(db, bulk.rule.id, token));
    }
    const bool is_revoking = bulk.rule.match.action == store::TokenState::kRevoked;
    store::EventDraft event;
    event.type = is_revoking ? "token.bulk_revoked" : "token.bulk_suspended";
    event.actor = actor.text();
    event.owner = bulk.rule.match.owner;
    json::array facts;
    const verify::Fact fact = TRY(fact_of(db, bulk.rule));
    facts.push_back(verify::to_json(fact));
    event.data = json::object{{"facts", std::move(facts)}, {"filter", bulk.filter}};
    if (!bulk.rule.reason.empty()) event.data["reason"] = bulk.rule.reason;
    if (bulk.rule.total) event.data["count"] = *bulk.rule.total;
    return tx.append_event(std::move(event));
}

Result<store::BulkRecord> get_bulk(store::Connection& db, const Actor& actor, std::string_view id) {
    TRY(actor.require("token:read"));
    const auto unknown =
        Error{ErrorCode::kNotFound, "there is no such bulk change"}.with_reason("unknown_bulk");
    const auto parsed = BulkId::parse(id);
    if (!parsed) return unknown;
    auto found = TRY(store::find_bulk(db, *parsed));
    if (!found) return unknown;
    const bool is_his = found->actor_user && *found->actor_user == actor.user;
    if (!is_his && !actor.may("user:read")) return unknown;
    return std::move(*found);
}

}  // namespace latchkey::authority
