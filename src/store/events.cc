#include <limits>
#include <string>

#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

// One literal for each index there is; type and actor are looked at row by row.
#define LATCHKEY_EVENTS_FROM                                                              \
    "SELECT epoch, revision, at, type, actor, owner_id, token_id, body, hash FROM events" \
    " WHERE revision > $1 AND type >= $2 AND type < $3 AND ($4 = '' OR actor = $4)"

constexpr Sql kAll = LATCHKEY_EVENTS_FROM " ORDER BY revision LIMIT $5";
constexpr Sql kOfToken = LATCHKEY_EVENTS_FROM " AND token_id = $5 ORDER BY revision LIMIT $6";
constexpr Sql kOfOwner = LATCHKEY_EVENTS_FROM " AND owner_id = $5 ORDER BY revision LIMIT $6";
constexpr Sql kOfBoth =
    LATCHKEY_EVENTS_FROM " AND token_id = $5 AND owner_id = $6 ORDER BY revision LIMIT $7";

Sql sql_of(const EventQuery& query) {
    if (query.token) return query.owner ? kOfBoth : kOfToken;
    return query.owner ? kOfOwner : kAll;
}

// "token." stands for all that begins with it. Types are ASCII: 0x7F is above them all.
std::string end_of_types(const std::string& type) {
    if (type.empty()) return "\x7F";
    return type.back() == '.' ? type + '\x7F' : type + '\x01';
}

Result<Event> read_event(const Statement& row) {
    Event event;
    event.epoch = static_cast<std::uint64_t>(row.integer(0));
    event.revision = static_cast<std::uint64_t>(row.integer(1));
    event.at = row.time(2);
    event.type = row.text(3);
    event.actor = row.text(4);
    if (!row.is_null(5)) event.owner = row.id<UserId>(5);
    if (!row.is_null(6)) event.token = row.id<TokenId>(6);
    event.body = row.text(7);
    event.hash = row.digest(8);
    return event;
}

}  // namespace

Result<std::vector<Event>> list_events(Connection& db, const EventQuery& query) {
    constexpr auto kHighest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    Statement rows = TRY(db.prepare(sql_of(query)));
    rows.bind(static_cast<std::int64_t>(std::min(query.after, kHighest)));
    rows.bind(std::string_view(query.type));
    rows.bind(std::string_view(end_of_types(query.type)));
    rows.bind(std::string_view(query.actor));
    if (query.token) rows.bind(*query.token);
    if (query.owner) rows.bind(*query.owner);
    rows.bind(page_limit(query.limit));
    return collect<Event>(rows, read_event);
}

Result<FeedHead> read_head(Connection& db) {
    Statement rows =
        TRY(db.prepare("SELECT epoch, revision, hash, at FROM feed_head WHERE id = 1"));
    const bool has_row = TRY(rows.step());
    if (!has_row) {
        return Error{ErrorCode::kUnavailable, "the database file is damaged", "no feed_head"}
            .with_reason("database_damaged");
    }
    return FeedHead{.epoch = static_cast<std::uint64_t>(rows.integer(0)),
                    .revision = static_cast<std::uint64_t>(rows.integer(1)),
                    .hash = rows.digest(2),
                    .at = rows.time(3)};
}

Status begin_epoch(Connection& db, std::uint64_t epoch) {
    Statement statement =
        TRY(db.prepare("UPDATE feed_head SET epoch = $1 WHERE id = 1 AND epoch < $1"));
    TRY(statement.bind(static_cast<std::int64_t>(epoch)).run());
    if (db.changes() == 1) return {};
    return Error{ErrorCode::kConflict, "an epoch only ever follows a lower one"};
}

}  // namespace latchkey::store
