#include "store/bulk.h"

#include <algorithm>

#include "store/rows.h"
#include "store/tables.h"
#include "token/scope.h"

namespace latchkey::store {
namespace {

// Rows that do not match come too, so that a page is bounded by what it reads.
#define LATCHKEY_BULK_FROM                                                           \
    "SELECT t.id, t.scopes, t.deleted_at IS NULL AND t.state < $1"                   \
    " AND ($2 IS NULL OR t.owner_id = $2) AND ($3 IS NULL OR t.api_id = $3)"         \
    " AND ($4 = '' OR EXISTS (SELECT 1 FROM token_secrets s WHERE s.token_id = t.id" \
    "  AND s.kid = $4 AND s.public_jwk = '' AND s.state = 1))"                       \
    " AND ($5 IS NULL OR t.owner_id = $5 OR EXISTS (SELECT 1 FROM token_grants g"    \
    "  WHERE g.project_id = $5 AND g.principal_kind = 1 AND g.principal_id = t.id))" \
    " AND ($6 IS NULL OR COALESCE((SELECT u.last_used_at FROM token_usage u"         \
    "  WHERE u.token_id = t.id), t.created_at) <= $6) FROM tokens t"
constexpr Sql kOfAll = LATCHKEY_BULK_FROM " WHERE t.id > $7 AND t.id <= $8 ORDER BY t.id LIMIT $9";
constexpr Sql kOfOwner =
    LATCHKEY_BULK_FROM " WHERE t.owner_id = $2 AND t.id > $7 AND t.id <= $8 ORDER BY t.id LIMIT $9";
constexpr Sql kOfOne = LATCHKEY_BULK_FROM " WHERE t.id = $7 AND t.id <= $8";

void bind_match(Statement& rows, const BulkMatch& match) {
    rows.bind(as_integer(match.action)).bind(match.owner).bind(match.api);
    rows.bind(std::string_view(match.kid)).bind(match.project).bind(match.unused_since);
}

Result<bool> is_match(const Statement& row, const BulkMatch& match) {
    if (row.integer(2) == 0) return false;
    if (match.scope.empty()) return true;
    if (row.is_null(1)) return false;
    std::vector<std::string> scopes;
    TRY(decode_list(row.text(1), scopes));
    return std::any_of(scopes.begin(), scopes.end(),
                       [&](const std::string& held) { return scope_matches(held, match.scope); });
}

#define LATCHKEY_BULK_COLUMNS                                                       \
    "id, action, last_token, owner_id, api_id, kid, scope, is_list, reason, actor," \
    " actor_user, created_at, total, settled, cursor, settled_at"

template <typename IdType>
std::optional<IdType> optional_id(const Statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.id<IdType>(column);
}

Result<BulkRecord> read_bulk(const Statement& row) {
    BulkRecord bulk;
    bulk.id = row.id<BulkId>(0);
    bulk.match.action = TRY(read_enum(row, 1, TokenState::kRevoked));
    bulk.match.last_token = row.id<TokenId>(2);
    bulk.match.owner = optional_id<UserId>(row, 3);
    bulk.match.api = optional_id<ApiId>(row, 4);
    bulk.match.kid = row.text(5);
    bulk.match.scope = row.text(6);
    bulk.is_list = row.integer(7) != 0;
    bulk.reason = row.text(8);
    bulk.actor = row.text(9);
    bulk.actor_user = optional_id<UserId>(row, 10);
    bulk.created_at = row.time(11);
    if (!row.is_null(12)) bulk.total = row.integer(12);
    bulk.settled = row.integer(13);
    bulk.cursor = row.id<TokenId>(14);
    bulk.settled_at = row.optional_time(15);
    return bulk;
}

Result<TokenId> read_token_id(const Statement& row) {
    return row.id<TokenId>(0);
}

Status run_for(Connection& db, Sql sql, const BulkId& id) {
    Statement statement = TRY(db.prepare(sql));
    return statement.bind(id).run();
}

Status run_for(Connection& db, Sql sql, const BulkId& id, const TokenId& token) {
    Statement statement = TRY(db.prepare(sql));
    return statement.bind(id).bind(token).run();
}

Result<bool> is_there(Connection& db, Sql sql, const BulkId& id, const TokenId& token) {
    Statement rows = TRY(db.prepare(sql));
    rows.bind(id).bind(token);
    return rows.step();
}

}  // namespace

Result<BulkPage> match_tokens(Connection& db, const BulkMatch& match, const TokenId& after,
                              std::int64_t rows_max) {
    Statement rows = TRY(db.prepare(match.owner ? kOfOwner : kOfAll));
    bind_match(rows, match);
    rows.bind(after).bind(match.last_token).bind(rows_max);
    BulkPage page;
    std::int64_t seen = 0;
    TokenId last{};
    for (; TRY(rows.step()); ++seen) {
        last = rows.id<TokenId>(0);
        if (TRY(is_match(rows, match))) page.tokens.push_back(last);
    }
    if (seen == rows_max) page.next = last;
    return page;
}

Result<bool> matches(Connection& db, const BulkMatch& match, const TokenId& token) {
    Statement rows = TRY(db.prepare(kOfOne));
    bind_match(rows, match);
    rows.bind(token).bind(match.last_token);
    if (!TRY(rows.step())) return false;
    return is_match(rows, match);
}

Result<std::vector<TokenId>> rotated_tokens_of_key(Connection& db, std::string_view kid,
                                                   const SecretId& after) {
    Statement rows = TRY(db.prepare(
        "SELECT DISTINCT l.token_id FROM token_secrets l WHERE l.generation > 1"
        " AND l.id > $1 AND EXISTS (SELECT 1 FROM token_secrets s WHERE s.token_id = l.token_id"
        "  AND s.kid = $2 AND s.public_jwk = '' AND s.state = 1)"));
    rows.bind(after).bind(kid);
    return collect<TokenId>(rows, read_token_id);
}

Result<TokenId> newest_token(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT id FROM tokens ORDER BY id DESC LIMIT 1"));
    return TRY(first<TokenId>(rows, read_token_id)).value_or(TokenId{});
}

Status insert_bulk(Connection& db, const BulkRecord& bulk) {
    Statement statement =
        TRY(db.prepare("INSERT INTO bulk_rules (" LATCHKEY_BULK_COLUMNS
                       ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
                       " $16)"));
    const BulkMatch& match = bulk.match;
    statement.bind(bulk.id).bind(as_integer(match.action)).bind(match.last_token);
    statement.bind(match.owner).bind(match.api);
    statement.bind(std::string_view(match.kid)).bind(std::string_view(match.scope));
    statement.bind(std::int64_t{bulk.is_list ? 1 : 0}).bind(std::string_view(bulk.reason));
    statement.bind(std::string_view(bulk.actor)).bind(bulk.actor_user).bind(bulk.created_at);
    statement.bind(bulk.total).bind(bulk.settled).bind(bulk.cursor).bind(bulk.settled_at);
    return statement.run();
}

Status update_bulk(Connection& db, const BulkRecord& bulk) {
    Statement statement =
        TRY(db.prepare("UPDATE bulk_rules SET total = $1, settled = $2, cursor = $3,"
                       " settled_at = $4 WHERE id = $5"));
    statement.bind(bulk.total).bind(bulk.settled).bind(bulk.cursor).bind(bulk.settled_at);
    return statement.bind(bulk.id).run();
}

Result<std::optional<BulkRecord>> find_bulk(Connection& db, const BulkId& id) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_BULK_COLUMNS " FROM bulk_rules WHERE id = $1"));
    rows.bind(id);
    return first<BulkRecord>(rows, read_bulk);
}

Result<std::vector<BulkRecord>> open_bulks(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_BULK_COLUMNS
                                    " FROM bulk_rules WHERE settled_at IS NULL ORDER BY id"));
    return collect<BulkRecord>(rows, read_bulk);
}

Status add_bulk_token(Connection& db, const BulkId& id, const TokenId& token) {
    return run_for(db,
                   "INSERT INTO bulk_rule_tokens (rule_id, token_id) VALUES ($1, $2)"
                   " ON CONFLICT (rule_id, token_id) DO NOTHING",
                   id, token);
}

Result<std::vector<TokenId>> bulk_tokens(Connection& db, const BulkId& id, const TokenId& after,
                                         std::int64_t limit) {
    Statement rows =
        TRY(db.prepare("SELECT token_id FROM bulk_rule_tokens WHERE rule_id = $1"
                       " AND token_id > $2 ORDER BY token_id LIMIT $3"));
    rows.bind(id).bind(after).bind(limit);
    return collect<TokenId>(rows, read_token_id);
}

Result<bool> is_bulk_token(Connection& db, const BulkId& id, const TokenId& token) {
    return is_there(db, "SELECT 1 FROM bulk_rule_tokens WHERE rule_id = $1 AND token_id = $2", id,
                    token);
}

Status spare_bulk_token(Connection& db, const BulkId& id, const TokenId& token) {
    return run_for(db,
                   "INSERT INTO bulk_spared (rule_id, token_id) VALUES ($1, $2)"
                   " ON CONFLICT (rule_id, token_id) DO NOTHING",
                   id, token);
}

Result<std::vector<TokenId>> spared_tokens(Connection& db, const BulkId& id) {
    Statement rows = TRY(db.prepare("SELECT token_id FROM bulk_spared WHERE rule_id = $1"));
    rows.bind(id);
    return collect<TokenId>(rows, read_token_id);
}

Result<bool> is_spared(Connection& db, const BulkId& id, const TokenId& token) {
    return is_there(db, "SELECT 1 FROM bulk_spared WHERE rule_id = $1 AND token_id = $2", id,
                    token);
}

Status forget_bulk_lists(Connection& db, const BulkId& id) {
    TRY(run_for(db, "DELETE FROM bulk_rule_tokens WHERE rule_id = $1", id));
    return run_for(db, "DELETE FROM bulk_spared WHERE rule_id = $1", id);
}

Result<bool> put_token_state(Connection& db, const TokenId& token, const BulkRecord& rule) {
    Statement statement =
        TRY(db.prepare("UPDATE tokens SET state = $1, reason = $2, updated_at = $3,"
                       " revoked_at = CASE WHEN $1 = 3 THEN $3 ELSE revoked_at END"
                       " WHERE id = $4 AND state < $1"));
    statement.bind(as_integer(rule.match.action)).bind(std::string_view(rule.reason));
    statement.bind(rule.created_at).bind(token);
    TRY(statement.run());
    return db.changes() == 1;
}

}  // namespace latchkey::store
