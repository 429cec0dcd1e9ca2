// How a token and a secret lie in columns, for the questions that ask for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

// Literals, because SQL is put together by the compiler only.
#define LATCHKEY_TOKEN_COLUMNS                                                          \
    "t.id, t.owner_id, t.api_id, t.kind, t.state, t.name, t.description, t.scopes,"     \
    " t.allowed_ips, t.expires_at, t.reason, t.created_at, t.updated_at, t.revoked_at," \
    " t.deleted_at, t.not_before, t.rate_requests, t.rate_seconds, t.source"
#define LATCHKEY_SECRET_COLUMNS                                                            \
    "s.id, s.token_id, s.generation, s.state, s.digest, s.kid, s.status_index, s.ends_at," \
    " s.created_at, s.public_jwk, s.until_silent, s.must_ask"
inline constexpr int kTokenColumns = 19;

Result<TokenRecord> read_token(const Statement& row);
// The columns of LATCHKEY_SECRET_COLUMNS from column `from` on.
Status read_secret_into(const Statement& row, int from, SecretRecord& secret);
// Columns `from` and the next: so many requests, so many seconds.
RateLimit read_rate(const Statement& row, int from);
void bind_scopes(Statement& statement, const std::optional<std::vector<std::string>>& scopes);
Status one_changed(const Connection& db, const char* noun);  // kNotFound when no row was there

}  // namespace latchkey::store
