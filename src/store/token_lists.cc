#include <limits>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

// Every list is one of six literals; what is asked for becomes a range of states and a range of
// expiry. A token without expiry counts as expiring at the end of 64 bits.
#define LATCHKEY_LIST_FROM                                                        \
    "SELECT " LATCHKEY_TOKEN_COLUMNS                                              \
    ", u.last_used_at FROM tokens t LEFT JOIN token_usage u ON u.token_id = t.id" \
    " WHERE t.deleted_at IS NULL AND t.state >= $1 AND t.state <= $2"             \
    " AND COALESCE(t.expires_at, 9223372036854775807) > $3"                       \
    " AND COALESCE(t.expires_at, 9223372036854775807) <= $4"

constexpr Sql kNewest = LATCHKEY_LIST_FROM " AND t.id < $5 ORDER BY t.id DESC LIMIT $6";
constexpr Sql kOldest = LATCHKEY_LIST_FROM " AND t.id > $5 ORDER BY t.id LIMIT $6";
constexpr Sql kByName =
    LATCHKEY_LIST_FROM " AND (t.name, t.id) > ($5, $6) ORDER BY t.name, t.id LIMIT $7";
constexpr Sql kNewestOf =
    LATCHKEY_LIST_FROM " AND t.owner_id = $5 AND t.id < $6 ORDER BY t.id DESC LIMIT $7";
constexpr Sql kOldestOf =
    LATCHKEY_LIST_FROM " AND t.owner_id = $5 AND t.id > $6 ORDER BY t.id LIMIT $7";
constexpr Sql kByNameOf = LATCHKEY_LIST_FROM
    " AND t.owner_id = $5 AND (t.name, t.id) > ($6, $7) ORDER BY t.name, t.id LIMIT $8";

Sql sql_of(const TokenQuery& query) {
    switch (query.sort) {
        case TokenSort::kNewest: return query.owner ? kNewestOf : kNewest;
        case TokenSort::kOldest: return query.owner ? kOldestOf : kOldest;
        case TokenSort::kName: break;
    }
    return query.owner ? kByNameOf : kByName;
}

struct Range {
    TokenState lowest{TokenState::kActive};
    TokenState highest{TokenState::kRevoked};
    std::int64_t expires_after{std::numeric_limits<std::int64_t>::min()};
    std::int64_t expires_until{std::numeric_limits<std::int64_t>::max()};
};

// In the judge's order: revoked wins over expired, expired over suspended. Each token that is not
// deleted is in exactly one of the four.
Range range_of(TokenFilter filter, Timestamp now) {
    Range range;
    switch (filter) {
        case TokenFilter::kAll: break;
        case TokenFilter::kActive:
            range.highest = TokenState::kActive;
            range.expires_after = now.microseconds();
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

void bind_position(Statement& rows, const TokenQuery& query) {
    // Before the first page: an id above, or below, all others.
    TokenId after;
    if (query.sort == TokenSort::kNewest) after.bytes.fill(0xFF);
    if (query.after) after = *query.after;
    if (query.sort == TokenSort::kName) rows.bind(std::string_view(query.after_name));
    rows.bind(after);
}

Result<ListedToken> read_listed(const Statement& row) {
    ListedToken listed;
    listed.token = TRY(read_token(row));
    listed.last_used_at = row.optional_time(kTokenColumns);
    return listed;
}

}  // namespace

Result<std::vector<ListedToken>> list_tokens(Connection& db, const TokenQuery& query) {
    const Range range = range_of(query.filter, query.now);
    Statement rows = TRY(db.prepare(sql_of(query)));
    rows.bind(as_integer(range.lowest)).bind(as_integer(range.highest));
    rows.bind(range.expires_after).bind(range.expires_until);
    if (query.owner) rows.bind(*query.owner);
    bind_position(rows, query);
    rows.bind(page_limit(query.limit));
    return collect<ListedToken>(rows, read_listed);
}

}  // namespace latchkey::store
