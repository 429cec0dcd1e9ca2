#include <string>

#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {

Result<std::optional<std::string>> find_setting(Connection& db, std::string_view key) {
    Statement rows = TRY(db.prepare("SELECT value FROM settings WHERE key = $1"));
    rows.bind(key);
    return first<std::string>(
        rows, [](const Statement& row) -> Result<std::string> { return std::string(row.text(0)); });
}

Status put_setting(Connection& db, std::string_view key, std::string_view value) {
    CHECK(key != "schema");  // belongs to the migrations
    Statement statement =
        TRY(db.prepare("INSERT INTO settings (key, value) VALUES ($1, $2)"
                       " ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
    return statement.bind(key).bind(value).run();
}

Status delete_setting(Connection& db, std::string_view key) {
    CHECK(key != "schema");
    Statement statement = TRY(db.prepare("DELETE FROM settings WHERE key = $1"));
    return statement.bind(key).run();
}

Result<std::optional<IdempotencyRecord>> find_idempotency(Connection& db, std::string_view actor,
                                                          std::string_view key) {
    Statement rows =
        TRY(db.prepare("SELECT actor, key, request_digest, status, response, expires_at"
                       " FROM idempotency WHERE actor = $1 AND key = $2"));
    rows.bind(actor).bind(key);
    return first<IdempotencyRecord>(rows, [](const Statement& row) -> Result<IdempotencyRecord> {
        return IdempotencyRecord{.actor = std::string(row.text(0)),
                                 .key = std::string(row.text(1)),
                                 .request_digest = row.digest(2),
                                 .status = row.integer(3),
                                 .sealed_response = std::string(row.blob(4)),
                                 .expires_at = row.time(5)};
    });
}

Status insert_idempotency(Connection& db, const IdempotencyRecord& record) {
    Statement statement =
        TRY(db.prepare("INSERT INTO idempotency (actor, key, request_digest, status, response,"
                       " expires_at) VALUES ($1, $2, $3, $4, $5, $6)"));
    statement.bind(std::string_view(record.actor)).bind(std::string_view(record.key));
    statement.bind(record.request_digest).bind(record.status);
    return statement.bind_blob(record.sealed_response).bind(record.expires_at).run();
}

Status delete_expired_idempotency(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM idempotency WHERE expires_at <= $1"));
    return statement.bind(now).run();
}

}  // namespace latchkey::store
