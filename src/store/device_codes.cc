#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_DEVICE_CODE_COLUMNS                                                      \
    "digest, user_code, client, address, agent, state, user_id, created_at, expires_at, " \
    "return_url, host, code_challenge, client_state, session_id"

Result<DeviceCodeRecord> read_device_code(const Statement& row) {
    DeviceCodeRecord code;
    code.digest = row.digest(0);
    code.user_code = row.text(1);
    code.client = row.text(2);
    code.address = row.text(3);
    code.agent = row.text(4);
    code.state = TRY(read_enum(row, 5, DeviceCodeState::kUsed));
    if (!row.is_null(6)) code.user = row.id<UserId>(6);
    code.created_at = row.time(7);
    code.expires_at = row.time(8);
    code.return_url = row.text(9);
    code.host = row.text(10);
    code.code_challenge = row.text(11);
    code.client_state = row.text(12);
    if (!row.is_null(13)) code.session = row.id<SessionId>(13);
    return code;
}

}  // namespace

Status insert_device_code(Connection& db, const DeviceCodeRecord& code) {
    Statement statement = TRY(db.prepare("INSERT INTO device_codes (" LATCHKEY_DEVICE_CODE_COLUMNS
                                         ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
                                         " $11, $12, $13, $14)"));
    statement.bind(code.digest).bind(std::string_view(code.user_code));
    statement.bind(std::string_view(code.client)).bind(std::string_view(code.address));
    statement.bind(std::string_view(code.agent)).bind(as_integer(code.state)).bind(code.user);
    statement.bind(code.created_at).bind(code.expires_at);
    statement.bind(std::string_view(code.return_url)).bind(std::string_view(code.host));
    statement.bind(std::string_view(code.code_challenge));
    return statement.bind(std::string_view(code.client_state)).bind(code.session).run();
}

Result<std::optional<DeviceCodeRecord>> find_device_code(Connection& db, const Digest& digest) {
    Statement rows = TRY(
        db.prepare("SELECT " LATCHKEY_DEVICE_CODE_COLUMNS " FROM device_codes WHERE digest = $1"));
    rows.bind(digest);
    return first<DeviceCodeRecord>(rows, read_device_code);
}

Result<std::optional<DeviceCodeRecord>> find_device_code_by_user_code(Connection& db,
                                                                      std::string_view user_code) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_DEVICE_CODE_COLUMNS
                                    " FROM device_codes WHERE user_code = $1"));
    rows.bind(user_code);
    return first<DeviceCodeRecord>(rows, read_device_code);
}

Status update_device_code(Connection& db, const DeviceCodeRecord& code) {
    Statement statement =
        TRY(db.prepare("UPDATE device_codes SET digest = $1, state = $2, user_id = $3,"
                       " session_id = $4, expires_at = $5 WHERE user_code = $6"));
    statement.bind(code.digest).bind(as_integer(code.state)).bind(code.user).bind(code.session);
    TRY(statement.bind(code.expires_at).bind(std::string_view(code.user_code)).run());
    return one_changed(db, "device code");
}

Status delete_device_code(Connection& db, const Digest& digest) {
    Statement statement = TRY(db.prepare("DELETE FROM device_codes WHERE digest = $1"));
    return statement.bind(digest).run();
}

Result<std::uint64_t> count_device_codes(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT count(*) FROM device_codes"));
    TRY(rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::vector<std::string>> device_code_addresses(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT address FROM device_codes"));
    return collect<std::string>(
        rows, [](const Statement& row) -> Result<std::string> { return std::string(row.text(0)); });
}

// Kept a little longer than they serve, so that a device hears why.
Status delete_expired_device_codes(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM device_codes WHERE expires_at <= $1"));
    return statement.bind(now - Microseconds(std::chrono::minutes(5))).run();
}

}  // namespace latchkey::store
