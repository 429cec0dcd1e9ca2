#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

// Into the same record again and again: a million rows must cost no million allocations.
Status read_facts_into(const Statement& row, TokenRecord& token) {
    token.id = row.id<TokenId>(0);
    token.owner = row.id<UserId>(1);
    token.api = row.id<ApiId>(2);
    token.kind = TRY(read_enum(row, 3, TokenKind::kKey));
    token.state = TRY(read_enum(row, 4, TokenState::kRevoked));
    if (row.is_null(5)) {
        token.scopes.reset();
    } else {
        if (!token.scopes) token.scopes.emplace();
        TRY(decode_list(row.text(5), *token.scopes));
    }
    TRY(decode_list(row.text(6), token.allowed_ips));
    token.expires_at = row.optional_time(7);
    token.created_at = row.time(8);
    token.updated_at = row.time(9);
    token.revoked_at = row.optional_time(10);
    token.deleted_at = row.optional_time(11);
    token.not_before = row.optional_time(12);
    token.rate = read_rate(row, 13);
    return {};
}

}  // namespace

Status for_each_live_secret(
    Connection& db, const std::function<Status(const TokenRecord&, const SecretRecord&)>& visit) {
    const FeedHead head = TRY(read_head(db));
    // CROSS JOIN holds SQLite to this order: both tables are read once, side by side.
    Statement rows = TRY(
        db.prepare("SELECT t.id, t.owner_id, t.api_id, t.kind, t.state, t.scopes, t.allowed_ips,"
                   " t.expires_at, t.created_at, t.updated_at, t.revoked_at, t.deleted_at,"
                   " t.not_before, t.rate_requests, t.rate_seconds,"
                   " " LATCHKEY_SECRET_COLUMNS
                   " FROM tokens t CROSS JOIN token_secrets s WHERE s.token_id = t.id"
                   " AND ((t.state <> 3 AND t.deleted_at IS NULL) OR t.expires_at IS NULL"
                   " OR t.expires_at > $1 OR (s.status_index IS NOT NULL"
                   " AND (s.must_ask <> 0 OR s.ends_at IS NOT NULL)))"
                   " ORDER BY t.id, s.generation"));
    rows.bind(head.at);
    TokenRecord token;
    SecretRecord secret;
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        TRY(read_facts_into(rows, token));
        TRY(read_secret_into(rows, 15, secret));
        TRY(visit(token, secret));
    }
}

}  // namespace latchkey::store
