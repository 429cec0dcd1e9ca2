#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

Result<SigningKeyRecord> read_key(const Statement& row) {
    SigningKeyRecord key;
    key.kid = row.text(0);
    key.algorithm = row.text(1);
    key.state = TRY(read_enum(row, 2, KeyState::kRetired));
    key.is_compromised = row.integer(3) != 0;
    key.public_jwk = row.text(4);
    key.wrapped_private = row.blob(5);
    key.created_at = row.time(6);
    key.activated_at = row.optional_time(7);
    key.replaced_at = row.optional_time(8);
    key.retired_at = row.optional_time(9);
    return key;
}

}  // namespace

Status insert_signing_key(Connection& db, const SigningKeyRecord& key) {
    Statement statement = TRY(
        db.prepare("INSERT INTO signing_keys (kid, algorithm, state, is_compromised, public_jwk,"
                   " wrapped_private, created_at, activated_at, replaced_at, retired_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"));
    statement.bind(std::string_view(key.kid)).bind(std::string_view(key.algorithm));
    statement.bind(as_integer(key.state)).bind(std::int64_t{key.is_compromised ? 1 : 0});
    statement.bind(std::string_view(key.public_jwk)).bind_blob(key.wrapped_private);
    statement.bind(key.created_at).bind(key.activated_at).bind(key.replaced_at);
    return statement.bind(key.retired_at).run();
}

Status update_signing_key(Connection& db, const SigningKeyRecord& key) {
    Statement statement =
        TRY(db.prepare("UPDATE signing_keys SET state = $1, is_compromised = $2, public_jwk = $3,"
                       " wrapped_private = $4, activated_at = $5, replaced_at = $6, retired_at = $7"
                       " WHERE kid = $8"));
    statement.bind(as_integer(key.state)).bind(std::int64_t{key.is_compromised ? 1 : 0});
    statement.bind(std::string_view(key.public_jwk)).bind_blob(key.wrapped_private);
    statement.bind(key.activated_at).bind(key.replaced_at).bind(key.retired_at);
    TRY(statement.bind(std::string_view(key.kid)).run());
    return one_changed(db, "signing key");
}

Result<std::vector<SigningKeyRecord>> list_signing_keys(Connection& db) {
    Statement rows =
        TRY(db.prepare("SELECT kid, algorithm, state, is_compromised, public_jwk, wrapped_private,"
                       " created_at, activated_at, replaced_at, retired_at FROM signing_keys"
                       " ORDER BY created_at, kid"));
    return collect<SigningKeyRecord>(rows, read_key);
}

}  // namespace latchkey::store
