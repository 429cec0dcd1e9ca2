#include <algorithm>
#include <charconv>
#include <limits>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"
#include "token/scope.h"

namespace latchkey::store {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

// Every list is one of twelve literals: an order, and whose tokens. What is asked for becomes a
// range of states, of expiry and of the last use. A token without expiry counts as expiring at the
// end of 64 bits.
#define LATCHKEY_EXPIRY "COALESCE(t.expires_at, 9223372036854775807)"
#define LATCHKEY_LAST_USE "COALESCE(u.last_used_at, 0)"
#define LATCHKEY_LIST_FROM                                                                 \
    "SELECT " LATCHKEY_TOKEN_COLUMNS                                                       \
    ", u.last_used_at FROM tokens t LEFT JOIN token_usage u ON u.token_id = t.id"          \
    " WHERE t.deleted_at IS NULL AND t.state >= $1 AND t.state <= $2 AND " LATCHKEY_EXPIRY \
    " > $3 AND " LATCHKEY_EXPIRY                                                           \
    " <= $4 AND COALESCE(u.last_used_at, t.created_at) <= $5"                              \
    " AND ($6 IS NULL OR t.api_id = $6) AND ($7 IS NULL OR t.owner_id = $7 OR EXISTS"      \
    " (SELECT 1 FROM token_grants g WHERE g.project_id = $7 AND g.principal_kind = 1"      \
    " AND g.principal_id = t.id))"
#define LATCHKEY_OF_ALL LATCHKEY_LIST_FROM " AND $8 IS NULL"
#define LATCHKEY_OF_ONE LATCHKEY_LIST_FROM " AND t.owner_id = $8"
#define LATCHKEY_NEWEST " AND t.id < $9 ORDER BY t.id DESC LIMIT $10"
#define LATCHKEY_OLDEST " AND t.id > $9 ORDER BY t.id LIMIT $10"
#define LATCHKEY_BY_NAME " AND (t.name, t.id) > ($9, $10) ORDER BY t.name, t.id LIMIT $11"
#define LATCHKEY_BY_EXPIRY                                                   \
    " AND (" LATCHKEY_EXPIRY ", t.id) > ($9, $10) ORDER BY " LATCHKEY_EXPIRY \
    ", t.id"                                                                 \
    " LIMIT $11"
#define LATCHKEY_IDLEST                                                          \
    " AND (" LATCHKEY_LAST_USE ", t.id) > ($9, $10) ORDER BY " LATCHKEY_LAST_USE \
    ", t.id"                                                                     \
    " LIMIT $11"
#define LATCHKEY_LATEST_USED                                                     \
    " AND (" LATCHKEY_LAST_USE ", t.id) < ($9, $10) ORDER BY " LATCHKEY_LAST_USE \
    " DESC,"                                                                     \
    " t.id DESC LIMIT $11"

Sql sql_of_all(TokenSort sort) {
    switch (sort) {
        case TokenSort::kNewest: return LATCHKEY_OF_ALL LATCHKEY_NEWEST;
        case TokenSort::kOldest: return LATCHKEY_OF_ALL LATCHKEY_OLDEST;
        case TokenSort::kName: return LATCHKEY_OF_ALL LATCHKEY_BY_NAME;
        case TokenSort::kExpiry: return LATCHKEY_OF_ALL LATCHKEY_BY_EXPIRY;
        case TokenSort::kIdlest: return LATCHKEY_OF_ALL LATCHKEY_IDLEST;
        case TokenSort::kLatestUsed: break;
    }
    return LATCHKEY_OF_ALL LATCHKEY_LATEST_USED;
}

Sql sql_of_one(TokenSort sort) {
    switch (sort) {
        case TokenSort::kNewest: return LATCHKEY_OF_ONE LATCHKEY_NEWEST;
        case TokenSort::kOldest: return LATCHKEY_OF_ONE LATCHKEY_OLDEST;
        case TokenSort::kName: return LATCHKEY_OF_ONE LATCHKEY_BY_NAME;
        case TokenSort::kExpiry: return LATCHKEY_OF_ONE LATCHKEY_BY_EXPIRY;
        case TokenSort::kIdlest: return LATCHKEY_OF_ONE LATCHKEY_IDLEST;
        case TokenSort::kLatestUsed: break;
    }
    return LATCHKEY_OF_ONE LATCHKEY_LATEST_USED;
}

struct Range {
    TokenState lowest{TokenState::kActive};
    TokenState highest{TokenState::kRevoked};
    std::int64_t expires_after{std::numeric_limits<std::int64_t>::min()};
    std::int64_t expires_until{kForever};
};

// In the judge's order: revoked wins over expired, expired over suspended. Each token that is not
// deleted is in exactly one of the four; one that expires soon is an active one.
Range range_of(TokenFilter filter, Timestamp now) {
    Range range;
    switch (filter) {
        case TokenFilter::kAll: break;
        case TokenFilter::kActive:
            range.highest = TokenState::kActive;
            range.expires_after = now.microseconds();
            break;
        case TokenFilter::kExpiring:
            range.highest = TokenState::kActive;
            range.expires_after = now.microseconds();
            range.expires_until = (now + kExpiringWithin).microseconds();
            break;
        case TokenFilter::kSuspended:
            range.lowest = TokenState::kSuspended;
            range.highest = TokenState::kSuspended;
            range.expires_after = now.microseconds();
            break;
        case TokenFilter::kExpired:
            range.highest = TokenState::kSuspended;
            range.expires_until = now.microseconds();
            break;
        case TokenFilter::kRevoked: range.lowest = TokenState::kRevoked; break;
    }
    return range;
}

bool is_sorted_by_id(TokenSort sort) {
    return sort == TokenSort::kNewest || sort == TokenSort::kOldest;
}
bool is_descending(TokenSort sort) {
    return sort == TokenSort::kNewest || sort == TokenSort::kLatestUsed;
}

Result<std::int64_t> number_of(const std::string& key) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == key.data() + key.size()) return value;
    return invalid("this cursor belongs to another order", "bad_query");
}

Status bind_position(Statement& rows, const TokenQuery& query) {
    // Before the first page: an id above, or below, all others.
    TokenId after;
    const bool is_first = !query.after;
    if (is_descending(query.sort)) after.bytes.fill(0xFF);
    if (query.after) after = *query.after;
    if (query.sort == TokenSort::kName) {
        rows.bind(std::string_view(query.after_key));
    } else if (!is_sorted_by_id(query.sort)) {
        std::int64_t key = query.sort == TokenSort::kLatestUsed ? kForever : -1;
        if (!is_first) key = TRY(number_of(query.after_key));
        rows.bind(key);
    }
    rows.bind(after);
    return {};
}

bool contains_without_case(std::string_view text, std::string_view part) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

// What SQL cannot say in few words.
bool is_wanted(const TokenRecord& token, const TokenQuery& query) {
    if (!query.text.empty() && !contains_without_case(token.name, query.text) &&
        !contains_without_case(token.description, query.text)) {
        return false;
    }
    if (query.scope.empty()) return true;
    return token.scopes &&
           std::any_of(token.scopes->begin(), token.scopes->end(),
                       [&](const std::string& held) { return scope_matches(held, query.scope); });
}

Result<ListedToken> read_listed(const Statement& row) {
    ListedToken listed;
    listed.token = TRY(read_token(row));
    listed.last_used_at = row.optional_time(kTokenColumns);
    return listed;
}

}  // namespace

std::string sort_key(const ListedToken& listed, TokenSort sort) {
    switch (sort) {
        case TokenSort::kNewest:
        case TokenSort::kOldest: return {};
        case TokenSort::kName: return listed.token.name;
        case TokenSort::kExpiry:
            return std::to_string(listed.token.expires_at ? listed.token.expires_at->microseconds()
                                                          : kForever);
        case TokenSort::kIdlest:
        case TokenSort::kLatestUsed: break;
    }
    return std::to_string(listed.last_used_at ? listed.last_used_at->microseconds() : 0);
}

Result<std::vector<ListedToken>> list_tokens(Connection& db, const TokenQuery& query) {
    Range range = range_of(query.filter, query.now);
    if (query.expires_before) {
        range.expires_until = std::min(range.expires_until, query.expires_before->microseconds());
    }
    Statement rows = TRY(db.prepare(query.owner ? sql_of_one(query.sort) : sql_of_all(query.sort)));
    rows.bind(as_integer(range.lowest)).bind(as_integer(range.highest));
    rows.bind(range.expires_after).bind(range.expires_until);
    rows.bind(query.unused_since ? query.unused_since->microseconds() : kForever);
    rows.bind(query.api).bind(query.project).bind(query.owner);
    TRY(bind_position(rows, query));
    const std::int64_t limit = page_limit(query.limit);
    const bool is_sifted = !query.text.empty() || !query.scope.empty();
    rows.bind(is_sifted ? kForever : limit);
    std::vector<ListedToken> found;
    while (static_cast<std::int64_t>(found.size()) < limit && TRY(rows.step())) {
        auto listed = TRY(read_listed(rows));
        if (is_wanted(listed.token, query)) found.push_back(std::move(listed));
    }
    return found;
}

}  // namespace latchkey::store
