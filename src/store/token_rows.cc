#include "store/token_rows.h"

#include "store/rows.h"

namespace latchkey::store {

Result<TokenRecord> read_token(const Statement& row) {
    TokenRecord token;
    token.id = row.id<TokenId>(0);
    token.owner = row.id<UserId>(1);
    token.api = row.id<ApiId>(2);
    token.kind = TRY(read_enum(row, 3, TokenKind::kKey));
    token.state = TRY(read_enum(row, 4, TokenState::kRevoked));
    token.name = row.text(5);
    token.description = row.text(6);
    if (!row.is_null(7)) TRY(decode_list(row.text(7), token.scopes.emplace()));
    TRY(decode_list(row.text(8), token.allowed_ips));
    token.expires_at = row.optional_time(9);
    token.reason = row.text(10);
    token.created_at = row.time(11);
    token.updated_at = row.time(12);
    token.revoked_at = row.optional_time(13);
    token.deleted_at = row.optional_time(14);
    token.not_before = row.optional_time(15);
    token.rate = read_rate(row, 16);
    token.source = row.text(18);
    return token;
}

RateLimit read_rate(const Statement& row, int from) {
    return {static_cast<std::uint32_t>(row.integer(from)),
            static_cast<std::uint32_t>(row.integer(from + 1))};
}

Status read_secret_into(const Statement& row, int from, SecretRecord& secret) {
    secret.id = row.id<SecretId>(from);
    secret.token = row.id<TokenId>(from + 1);
    secret.generation = static_cast<std::uint32_t>(row.integer(from + 2));
    secret.state = TRY(read_enum(row, from + 3, SecretState::kRevoked));
    secret.digest = row.digest(from + 4);
    secret.kid = row.text(from + 5);
    secret.status_index.reset();
    if (!row.is_null(from + 6)) {
        secret.status_index = static_cast<std::uint64_t>(row.integer(from + 6));
    }
    secret.ends_at = row.optional_time(from + 7);
    secret.created_at = row.time(from + 8);
    secret.public_jwk = row.text(from + 9);
    secret.until_silent_seconds = static_cast<std::uint32_t>(row.integer(from + 10));
    secret.must_ask = row.integer(from + 11) != 0;
    return {};
}

void bind_scopes(Statement& statement, const std::optional<std::vector<std::string>>& scopes) {
    if (scopes) {
        statement.bind(std::string_view(encode_list(*scopes)));
    } else {
        statement.bind_null();
    }
}

Status one_changed(const Connection& db, const char* noun) {
    if (db.changes() == 1) return {};
    return Error{ErrorCode::kNotFound, std::string("there is no such ") + noun};
}

}  // namespace latchkey::store
