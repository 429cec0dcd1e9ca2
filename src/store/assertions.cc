#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

constexpr Microseconds kKeptAfterExpiry = std::chrono::minutes(10);

}  // namespace

Result<bool> insert_assertion(Connection& db, const Digest& assertion, Timestamp expires_at) {
    Statement statement =
        TRY(db.prepare("INSERT INTO assertions_seen (digest, expires_at) VALUES ($1, $2)"
                       " ON CONFLICT (digest) DO NOTHING"));
    TRY(statement.bind(assertion).bind(expires_at).run());
    return db.changes() == 1;
}

Status delete_expired_assertions(Connection& db, Timestamp now) {
    Statement statement = TRY(db.prepare("DELETE FROM assertions_seen WHERE expires_at <= $1"));
    return statement.bind(now - kKeptAfterExpiry).run();
}

Status for_each_assertion(Connection& db,
                          const std::function<Status(const Digest&, Timestamp expires_at)>& visit) {
    Statement rows =
        TRY(db.prepare("SELECT digest, expires_at FROM assertions_seen ORDER BY digest"));
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        TRY(visit(rows.digest(0), rows.time(1)));
    }
}

}  // namespace latchkey::store
