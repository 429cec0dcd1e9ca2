#include "store/factors.h"

#include "store/rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_INVITE_COLUMNS "user_id, digest, created_at, expires_at, made_by"
#define LATCHKEY_FACTOR_COLUMNS "user_id, wrapped_secret, last_step, created_at, confirmed_at"

Result<InviteRecord> read_invite(const Statement& row) {
    InviteRecord invite;
    invite.user = row.id<UserId>(0);
    invite.digest = row.digest(1);
    invite.created_at = row.time(2);
    invite.expires_at = row.time(3);
    if (!row.is_null(4)) invite.made_by = row.id<UserId>(4);
    return invite;
}

Result<FactorRecord> read_factor(const Statement& row) {
    FactorRecord factor;
    factor.user = row.id<UserId>(0);
    factor.wrapped_secret = row.blob(1);
    factor.last_step = row.integer(2);
    factor.created_at = row.time(3);
    factor.confirmed_at = row.optional_time(4);
    return factor;
}

Status delete_recovery_codes(Connection& db, const UserId& user) {
    Statement statement = TRY(db.prepare("DELETE FROM recovery_codes WHERE user_id = $1"));
    return statement.bind(user).run();
}

}  // namespace

Status put_invite(Connection& db, const InviteRecord& invite) {
    Statement statement =
        TRY(db.prepare("INSERT INTO invites (" LATCHKEY_INVITE_COLUMNS
                       ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET"
                       " digest = excluded.digest, created_at = excluded.created_at,"
                       " expires_at = excluded.expires_at, made_by = excluded.made_by"));
    statement.bind(invite.user).bind(invite.digest).bind(invite.created_at);
    return statement.bind(invite.expires_at).bind(invite.made_by).run();
}

Result<std::optional<InviteRecord>> find_invite(Connection& db, const Digest& digest) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_INVITE_COLUMNS " FROM invites WHERE digest = $1"));
    rows.bind(digest);
    return first<InviteRecord>(rows, read_invite);
}

Result<std::optional<InviteRecord>> find_invite_of(Connection& db, const UserId& user) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_INVITE_COLUMNS " FROM invites WHERE user_id = $1"));
    rows.bind(user);
    return first<InviteRecord>(rows, read_invite);
}

Status delete_invite(Connection& db, const UserId& user) {
    Statement statement = TRY(db.prepare("DELETE FROM invites WHERE user_id = $1"));
    return statement.bind(user).run();
}

Status delete_expired_invites(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM invites WHERE expires_at <= $1"));
    return statement.bind(now).run();
}

Status put_factor(Connection& db, const FactorRecord& factor) {
    Statement statement =
        TRY(db.prepare("INSERT INTO factors (" LATCHKEY_FACTOR_COLUMNS
                       ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET"
                       " wrapped_secret = excluded.wrapped_secret, last_step = excluded.last_step,"
                       " created_at = excluded.created_at, confirmed_at = excluded.confirmed_at"));
    statement.bind(factor.user).bind_blob(factor.wrapped_secret).bind(factor.last_step);
    return statement.bind(factor.created_at).bind(factor.confirmed_at).run();
}

Result<std::optional<FactorRecord>> find_factor(Connection& db, const UserId& user) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_FACTOR_COLUMNS " FROM factors WHERE user_id = $1"));
    rows.bind(user);
    return first<FactorRecord>(rows, read_factor);
}

Result<std::vector<FactorRecord>> list_factors(Connection& db) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_FACTOR_COLUMNS " FROM factors ORDER BY user_id"));
    return collect<FactorRecord>(rows, read_factor);
}

Status delete_factor(Connection& db, const UserId& user) {
    TRY(delete_recovery_codes(db, user));
    Statement statement = TRY(db.prepare("DELETE FROM factors WHERE user_id = $1"));
    return statement.bind(user).run();
}

Status replace_recovery_codes(Connection& db, const UserId& user,
                              const std::vector<Digest>& digests) {
    TRY(delete_recovery_codes(db, user));
    for (const Digest& digest : digests) {
        Statement statement =
            TRY(db.prepare("INSERT INTO recovery_codes (user_id, digest) VALUES ($1, $2)"));
        TRY(statement.bind(user).bind(digest).run());
    }
    return {};
}

Result<bool> use_recovery_code(Connection& db, const UserId& user, const Digest& digest) {
    Statement statement =
        TRY(db.prepare("DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2"));
    TRY(statement.bind(user).bind(digest).run());
    return db.changes() == 1;
}

Result<std::vector<Digest>> list_recovery_codes(Connection& db, const UserId& user) {
    Statement rows =
        TRY(db.prepare("SELECT digest FROM recovery_codes WHERE user_id = $1 ORDER BY digest"));
    rows.bind(user);
    return collect<Digest>(rows,
                           [](const Statement& row) -> Result<Digest> { return row.digest(0); });
}

}  // namespace latchkey::store
