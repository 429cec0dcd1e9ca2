#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_SESSION_COLUMNS \
    "id, user_id, kind, digest, agent, address, created_at, last_seen_at, expires_at, proven_at"

Result<SessionRecord> read_session(const Statement& row) {
    SessionRecord session;
    session.id = row.id<SessionId>(0);
    session.user = row.id<UserId>(1);
    session.kind = TRY(read_enum(row, 2, SessionKind::kCli));
    session.digest = row.digest(3);
    session.agent = row.text(4);
    session.address = row.text(5);
    session.created_at = row.time(6);
    session.last_seen_at = row.time(7);
    session.expires_at = row.time(8);
    session.proven_at = row.time(9);
    return session;
}

}  // namespace

Status insert_session(Connection& db, const SessionRecord& session) {
    Statement statement = TRY(db.prepare("INSERT INTO sessions (" LATCHKEY_SESSION_COLUMNS
                                         ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"));
    statement.bind(session.id).bind(session.user).bind(as_integer(session.kind));
    statement.bind(session.digest).bind(std::string_view(session.agent));
    statement.bind(std::string_view(session.address)).bind(session.created_at);
    statement.bind(session.last_seen_at).bind(session.expires_at);
    return statement.bind(session.proven_at).run();
}

Result<std::optional<SessionRecord>> find_session(Connection& db, const Digest& digest) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_SESSION_COLUMNS " FROM sessions WHERE digest = $1"));
    rows.bind(digest);
    return first<SessionRecord>(rows, read_session);
}

Status touch_session(Connection& db, const SessionId& id, Timestamp seen, Timestamp expires) {
    Statement statement =
        TRY(db.prepare("UPDATE sessions SET last_seen_at = $1, expires_at = $2 WHERE id = $3"));
    TRY(statement.bind(seen).bind(expires).bind(id).run());
    return one_changed(db, "session");
}

Status renew_session(Connection& db, const SessionRecord& session) {
    Statement statement =
        TRY(db.prepare("UPDATE sessions SET digest = $1, proven_at = $2 WHERE id = $3"));
    TRY(statement.bind(session.digest).bind(session.proven_at).bind(session.id).run());
    return one_changed(db, "session");
}

Status delete_session(Connection& db, const SessionId& id) {
    Statement statement = TRY(db.prepare("DELETE FROM sessions WHERE id = $1"));
    return statement.bind(id).run();
}

Status delete_sessions_of(Connection& db, const UserId& user) {
    return delete_other_sessions_of(db, user, SessionId{});
}

Status delete_other_sessions_of(Connection& db, const UserId& user, const SessionId& kept) {
    // A login that he allowed and that no device has fetched yet is a session as well.
    Statement logins = TRY(db.prepare("UPDATE device_codes SET state = $1 WHERE user_id = $2"));
    TRY(logins.bind(as_integer(DeviceCodeState::kDenied)).bind(user).run());
    Statement statement = TRY(db.prepare("DELETE FROM sessions WHERE user_id = $1 AND id <> $2"));
    return statement.bind(user).bind(kept).run();
}

Result<std::vector<SessionRecord>> list_sessions(Connection& db, const UserId& user) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_SESSION_COLUMNS
                                    " FROM sessions WHERE user_id = $1 ORDER BY id"));
    rows.bind(user);
    return collect<SessionRecord>(rows, read_session);
}

Status delete_expired_sessions(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM sessions WHERE expires_at <= $1"));
    return statement.bind(now).run();
}

}  // namespace latchkey::store
