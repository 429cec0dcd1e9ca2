#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

Result<SecretRecord> read_secret(const Statement& row) {
    SecretRecord secret;
    TRY(read_secret_into(row, 0, secret));
    return secret;
}

Result<std::optional<TokenRecord>> find_by(Connection& db, Sql sql, const UuidBytes& id) {
    Statement rows = TRY(db.prepare(sql));
    rows.bind_blob(as_text(id));
    return first<TokenRecord>(rows, [](const Statement& row) { return read_token(row); });
}

}  // namespace

Status insert_token(Connection& db, const TokenRecord& token) {
    Statement statement = TRY(db.prepare(
        "INSERT INTO tokens (id, owner_id, api_id, kind, state, name, description, scopes,"
        " allowed_ips, expires_at, reason, created_at, updated_at, revoked_at, deleted_at,"
        " not_before, rate_requests, rate_seconds, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
        " $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"));
    statement.bind(token.id).bind(token.owner).bind(token.api);
    statement.bind(as_integer(token.kind)).bind(as_integer(token.state));
    statement.bind(std::string_view(token.name)).bind(std::string_view(token.description));
    bind_scopes(statement, token.scopes);
    statement.bind(std::string_view(encode_list(token.allowed_ips))).bind(token.expires_at);
    statement.bind(std::string_view(token.reason)).bind(token.created_at).bind(token.updated_at);
    statement.bind(token.revoked_at).bind(token.deleted_at).bind(token.not_before);
    statement.bind(std::int64_t{token.rate.requests}).bind(std::int64_t{token.rate.seconds});
    statement.bind(std::string_view(token.source));
    return statement.run();
}

Status update_token(Connection& db, const TokenRecord& token) {
    Statement statement = TRY(db.prepare(
        "UPDATE tokens SET owner_id = $1, api_id = $2, kind = $3, state = $4, name = $5,"
        " description = $6, scopes = $7, allowed_ips = $8, expires_at = $9, reason = $10,"
        " updated_at = $11, revoked_at = $12, deleted_at = $13, not_before = $14,"
        " rate_requests = $15, rate_seconds = $16 WHERE id = $17"));
    statement.bind(token.owner).bind(token.api);
    statement.bind(as_integer(token.kind)).bind(as_integer(token.state));
    statement.bind(std::string_view(token.name)).bind(std::string_view(token.description));
    bind_scopes(statement, token.scopes);
    statement.bind(std::string_view(encode_list(token.allowed_ips))).bind(token.expires_at);
    statement.bind(std::string_view(token.reason)).bind(token.updated_at);
    statement.bind(token.revoked_at).bind(token.deleted_at).bind(token.not_before);
    statement.bind(std::int64_t{token.rate.requests}).bind(std::int64_t{token.rate.seconds});
    statement.bind(token.id);
    TRY(statement.run());
    return one_changed(db, "token");
}

Result<std::optional<TokenRecord>> find_token(Connection& db, const UuidBytes& id_or_jti) {
    auto found = TRY(
        find_by(db, "SELECT " LATCHKEY_TOKEN_COLUMNS " FROM tokens t WHERE t.id = $1", id_or_jti));
    if (found) return found;
    // The first secret has the token's own id; only later ones are looked for here.
    return find_by(db,
                   "SELECT " LATCHKEY_TOKEN_COLUMNS
                   " FROM token_secrets s JOIN tokens t ON t.id = s.token_id"
                   " WHERE s.id = $1 AND s.generation > 1",
                   id_or_jti);
}

Status insert_secret(Connection& db, const SecretRecord& secret) {
    Statement statement =
        TRY(db.prepare("INSERT INTO token_secrets (id, token_id, generation, state, digest, kid,"
                       " status_index, ends_at, created_at, public_jwk, until_silent, must_ask)"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"));
    statement.bind(secret.id).bind(secret.token).bind(std::int64_t{secret.generation});
    statement.bind(as_integer(secret.state)).bind(secret.digest).bind(std::string_view(secret.kid));
    if (secret.status_index) {
        statement.bind(static_cast<std::int64_t>(*secret.status_index));
    } else {
        statement.bind_null();
    }
    statement.bind(secret.ends_at).bind(secret.created_at);
    statement.bind(std::string_view(secret.public_jwk));
    statement.bind(std::int64_t{secret.until_silent_seconds});
    return statement.bind(std::int64_t{secret.must_ask ? 1 : 0}).run();
}

Status update_secret(Connection& db, const SecretRecord& secret) {
    Statement statement =
        TRY(db.prepare("UPDATE token_secrets SET state = $1, ends_at = $2, kid = $3,"
                       " public_jwk = $4, until_silent = $5, must_ask = $6"
                       " WHERE token_id = $7 AND generation = $8"));
    statement.bind(as_integer(secret.state)).bind(secret.ends_at);
    statement.bind(std::string_view(secret.kid)).bind(std::string_view(secret.public_jwk));
    statement.bind(std::int64_t{secret.until_silent_seconds});
    statement.bind(std::int64_t{secret.must_ask ? 1 : 0});
    statement.bind(secret.token).bind(std::int64_t{secret.generation});
    TRY(statement.run());
    return one_changed(db, "secret");
}

Result<std::vector<SecretRecord>> secrets_of(Connection& db, const TokenId& token) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_SECRET_COLUMNS
                                    " FROM token_secrets s WHERE s.token_id = $1"
                                    " ORDER BY s.generation"));
    rows.bind(token);
    return collect<SecretRecord>(rows, read_secret);
}

Result<std::vector<SecretRecord>> recent_secrets_of(Connection& db, const TokenRecord& token) {
    // A key may live on however many were added after it.
    if (token.kind == TokenKind::kKey) return secrets_of(db, token.id);
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_SECRET_COLUMNS
                       " FROM token_secrets s WHERE s.token_id = $1 AND s.generation >"
                       " (SELECT max(n.generation) FROM token_secrets n WHERE n.token_id = $1) - $2"
                       " ORDER BY s.generation"));
    rows.bind(token.id).bind(kRecentSecrets);
    return collect<SecretRecord>(rows, read_secret);
}

Result<std::vector<WaitingSecret>> secrets_until_silent(Connection& db, Timestamp now) {
    Statement rows = TRY(db.prepare(
        "SELECT " LATCHKEY_SECRET_COLUMNS
        ", coalesce((SELECT min(n.created_at) FROM token_secrets n WHERE n.token_id = s.token_id"
        " AND n.generation > s.generation), s.created_at),"
        " (SELECT max(u.last_used_at) FROM usage_days u WHERE u.token_id = s.token_id"
        " AND u.generation = s.generation)"
        " FROM token_secrets s JOIN tokens t ON t.id = s.token_id"
        " WHERE s.until_silent > 0 AND s.state = 1 AND s.ends_at > $1 AND t.state <> 3"
        " AND t.deleted_at IS NULL"));
    rows.bind(now);
    return collect<WaitingSecret>(rows, [](const Statement& row) -> Result<WaitingSecret> {
        WaitingSecret waiting;
        TRY(read_secret_into(row, 0, waiting.secret));
        waiting.replaced_at = row.time(12);
        waiting.last_used_at = row.optional_time(13);
        return waiting;
    });
}

Result<bool> is_status_index_taken(Connection& db, std::uint64_t index) {
    Statement rows = TRY(db.prepare("SELECT 1 FROM token_secrets WHERE status_index = $1"));
    rows.bind(static_cast<std::int64_t>(index));
    return rows.step();
}

Result<std::uint64_t> count_status_indexes(Connection& db, std::uint64_t from, std::uint64_t to) {
    Statement rows = TRY(db.prepare(
        "SELECT count(*) FROM token_secrets WHERE status_index >= $1 AND status_index < $2"));
    rows.bind(static_cast<std::int64_t>(from)).bind(static_cast<std::int64_t>(to));
    return number(rows);
}

Result<std::uint64_t> count_tokens(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT count(*) FROM tokens WHERE deleted_at IS NULL"));
    return number(rows);
}

Result<std::uint64_t> suspend_all_tokens(Connection& db, Timestamp now, std::string_view reason) {
    Statement statement =
        TRY(db.prepare("UPDATE tokens SET state = 2, updated_at = $1, reason = $2"
                       " WHERE state = 1 AND deleted_at IS NULL"));
    statement.bind(now).bind(reason);
    TRY(statement.run());
    return static_cast<std::uint64_t>(db.changes());
}

Result<std::uint64_t> count_live_secrets_of_key(Connection& db, std::string_view kid,
                                                Timestamp now) {
    // The holder of a key token may have given a key the name of one of ours.
    Statement rows =
        TRY(db.prepare("SELECT count(*) FROM token_secrets s JOIN tokens t ON t.id = s.token_id"
                       " WHERE s.kid = $1 AND s.public_jwk = '' AND s.state = 1 AND t.state <> 3 "
                       "AND t.deleted_at IS NULL"
                       " AND (t.expires_at IS NULL OR t.expires_at > $2)"
                       " AND (s.ends_at IS NULL OR s.ends_at > $2)"));
    rows.bind(kid).bind(now);
    return number(rows);
}

}  // namespace latchkey::store
