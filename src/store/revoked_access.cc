#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

// A clock that is set back a little revives none.
constexpr Microseconds kKeptAfterExpiry = std::chrono::hours(1);

}  // namespace

Result<bool> insert_revoked_access(Connection& db, const RevokedAccessRecord& revoked) {
    Statement statement =
        TRY(db.prepare("INSERT INTO revoked_access (id, token_id, expires_at) VALUES ($1, $2, $3)"
                       " ON CONFLICT (id) DO NOTHING"));
    TRY(statement.bind(revoked.id).bind(revoked.token).bind(revoked.expires_at).run());
    return db.changes() == 1;
}

Result<std::uint64_t> count_revoked_access(Connection& db, const TokenId& token) {
    Statement rows = TRY(db.prepare("SELECT count(*) FROM revoked_access WHERE token_id = $1"));
    rows.bind(token);
    TRY(rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Status delete_expired_revoked_access(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM revoked_access WHERE expires_at <= $1"));
    return statement.bind(now - kKeptAfterExpiry).run();
}

Status for_each_revoked_access(Connection& db,
                               const std::function<Status(const RevokedAccessRecord&)>& visit) {
    Statement rows =
        TRY(db.prepare("SELECT id, token_id, expires_at FROM revoked_access ORDER BY id"));
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        TRY(visit({rows.id<AccessId>(0), rows.id<TokenId>(1), rows.time(2)}));
    }
}

}  // namespace latchkey::store
