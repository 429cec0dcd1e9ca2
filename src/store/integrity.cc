#include <string>

#include <fmt/format.h>

#include "base/encoding.h"
#include "store/rows.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

Error wrong(std::string message) {
    return Error{ErrorCode::kPrecondition, std::move(message)}
        .with_reason("database_damaged")
        .with_hint("Bring a backup back with `latchkey admin restore FILE`.");
}

Status check_pages(Connection& db) {
    Statement rows = TRY(db.prepare("PRAGMA integrity_check(1)"));
    const bool has_row = TRY(rows.step());
    if (!has_row || rows.text(0) != "ok") {
        return wrong("the database file is damaged: " + std::string(rows.text(0)));
    }
    return {};
}

Status check_foreign_keys(Connection& db) {
    Statement rows = TRY(db.prepare("PRAGMA foreign_key_check"));
    const bool has_row = TRY(rows.step());
    if (!has_row) return {};
    return wrong(fmt::format("a row of {} belongs to a row of {} that is not there", rows.text(0),
                             rows.text(2)));
}

Status check_nothing_found(Connection& db, Sql sql, const char* message) {
    Statement rows = TRY(db.prepare(sql));
    const bool has_row = TRY(rows.step());
    return has_row ? Status{wrong(message)} : Status{};
}

// What no foreign key can say.
Status check_projects(Connection& db) {
    TRY(check_nothing_found(db,
                            "SELECT 1 FROM token_grants g WHERE NOT EXISTS (SELECT 1 FROM tokens t"
                            " WHERE g.principal_kind = 1 AND t.id = g.principal_id)"
                            " AND NOT EXISTS (SELECT 1 FROM users u"
                            " WHERE g.principal_kind = 2 AND u.id = g.principal_id) LIMIT 1",
                            "a policy in a project belongs to nobody who is there"));
    return check_nothing_found(db,
                               "SELECT 1 FROM users u WHERE u.kind = 3 AND NOT EXISTS"
                               " (SELECT 1 FROM projects p WHERE p.id = u.id) LIMIT 1",
                               "the user of a project has no project");
}

// The columns repeat what the hashed text says; an edited column must not go unseen.
Status check_columns(const Event& event) {
    const JsonLimits limits{.bytes_max = 1U << 24, .depth_max = 64, .members_max = 1U << 20};
    const auto body = parse_json(event.body, limits);
    const bool is_object = body && body->is_object() && body->get_object().contains("data");
    const bool is_alike =
        is_object &&
        body->get_object() ==
            json::object{{"actor", event.actor},       {"at", format_rfc3339(event.at)},
                         {"data", body->at("data")},   {"epoch", event.epoch},
                         {"revision", event.revision}, {"type", event.type}};
    if (is_alike) return {};
    return wrong(fmt::format("event {}: its columns differ from its text", event.revision));
}

Status check_event(const Event& event, const FeedHead& before) {
    if (event.revision != before.revision + 1) {
        return wrong(fmt::format("event {} is missing", before.revision + 1));
    }
    if (sha256(as_text(before.hash), event.body) != event.hash) {
        return wrong(fmt::format("event {}: the hash does not fit", event.revision));
    }
    if (event.at < before.at || event.epoch < before.epoch) {
        return wrong(fmt::format("event {} is older than the one before", event.revision));
    }
    return check_columns(event);
}

Result<std::uint64_t> check_chain(Connection& db) {
    constexpr std::size_t kPage = 200;
    const FeedHead head = TRY(read_head(db));
    FeedHead last;
    while (true) {
        EventQuery query;
        query.after = last.revision;
        query.limit = kPage;
        const std::vector<Event> page = TRY(list_events(db, query));
        for (const Event& event : page) {
            TRY(check_event(event, last));
            last = FeedHead{event.epoch, event.revision, event.hash, event.at};
        }
        if (page.size() < kPage) break;
    }
    if (last.revision != head.revision || last.hash != head.hash) {
        return wrong("the head of the event log is not its newest event");
    }
    return head.revision;
}

}  // namespace

Result<std::string> check_integrity(Connection& db) {
    TRY(check_pages(db));
    TRY(check_foreign_keys(db));
    TRY(check_projects(db));
    const std::uint64_t events = TRY(check_chain(db));
    const std::uint64_t tokens = TRY(count_tokens(db));
    return fmt::format("{} events, {} tokens", events, tokens);
}

}  // namespace latchkey::store
