#include "store/schema.h"

#include <span>
#include <string>

#include <fmt/format.h>

namespace latchkey::store {
namespace {

// Ids are 16 bytes, digests 32, times BIGINT microseconds UTC, lists JSON text. The number of
// indexes is small on purpose: each one costs every creation a page.
constexpr Sql kFirst[] = {
    "CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",

    // One row. A transaction updates it last, so that the order of revisions is that of commits.
    "CREATE TABLE feed_head (id INTEGER PRIMARY KEY CHECK (id = 1), epoch BIGINT NOT NULL,"
    " revision BIGINT NOT NULL, hash BLOB NOT NULL, at BIGINT NOT NULL)",
    "INSERT INTO feed_head (id, epoch, revision, hash, at) VALUES (1, 1, 0,"
    " x'0000000000000000000000000000000000000000000000000000000000000000', 0)",

    "CREATE TABLE events (revision INTEGER PRIMARY KEY, epoch BIGINT NOT NULL, at BIGINT NOT NULL,"
    " type TEXT NOT NULL, actor TEXT NOT NULL, owner_id BLOB, token_id BLOB, body TEXT NOT NULL,"
    " hash BLOB NOT NULL)",
    "CREATE INDEX events_token ON events (token_id, revision) WHERE token_id IS NOT NULL",
    "CREATE INDEX events_owner ON events (owner_id, revision) WHERE owner_id IS NOT NULL",

    // login_key is the login without case.
    "CREATE TABLE users (id BLOB NOT NULL PRIMARY KEY, kind SMALLINT NOT NULL,"
    " state SMALLINT NOT NULL, login TEXT NOT NULL, login_key TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL, password_hash TEXT NOT NULL, verifies TEXT NOT NULL,"
    " created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE roles (id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " is_built_in SMALLINT NOT NULL, patterns TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE role_assignments (user_id BLOB NOT NULL REFERENCES users (id),"
    " role_id BLOB NOT NULL REFERENCES roles (id), PRIMARY KEY (user_id, role_id)) WITHOUT ROWID",
    "CREATE TABLE sessions (id BLOB NOT NULL PRIMARY KEY,"
    " user_id BLOB NOT NULL REFERENCES users (id), kind SMALLINT NOT NULL,"
    " digest BLOB NOT NULL UNIQUE, agent TEXT NOT NULL, address TEXT NOT NULL,"
    " created_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)"
    " WITHOUT ROWID",
    "CREATE INDEX sessions_user ON sessions (user_id, id)",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",

    "CREATE TABLE projects (id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " description TEXT NOT NULL, created_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE apis (id BLOB NOT NULL PRIMARY KEY, slug TEXT NOT NULL UNIQUE,"
    " audience TEXT NOT NULL UNIQUE, name TEXT NOT NULL, base_url TEXT NOT NULL,"
    " default_scopes TEXT NOT NULL, is_default SMALLINT NOT NULL, is_built_in SMALLINT NOT NULL,"
    " created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE UNIQUE INDEX apis_default ON apis (is_default) WHERE is_default = 1",
    "CREATE TABLE scopes (api_id BLOB NOT NULL REFERENCES apis (id), name TEXT NOT NULL,"
    " position BIGINT NOT NULL, description TEXT NOT NULL, group_name TEXT NOT NULL,"
    " aliases TEXT NOT NULL, PRIMARY KEY (api_id, name)) WITHOUT ROWID",

    "CREATE TABLE tokens (id BLOB NOT NULL PRIMARY KEY,"
    " owner_id BLOB NOT NULL REFERENCES users (id), api_id BLOB NOT NULL REFERENCES apis (id),"
    " kind SMALLINT NOT NULL, state SMALLINT NOT NULL, name TEXT NOT NULL,"
    " description TEXT NOT NULL, scopes TEXT, allowed_ips TEXT NOT NULL, expires_at BIGINT,"
    " reason TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,"
    " revoked_at BIGINT, deleted_at BIGINT) WITHOUT ROWID",
    "CREATE INDEX tokens_owner ON tokens (owner_id, id)",

    // Lies in the order of the tokens, so that the replica's start reads both side by side. The
    // first secret has its token's id and is found by it; only later ones need an index.
    "CREATE TABLE token_secrets (id BLOB NOT NULL, token_id BLOB NOT NULL REFERENCES tokens (id),"
    " generation BIGINT NOT NULL, state SMALLINT NOT NULL, digest BLOB NOT NULL,"
    " kid TEXT NOT NULL, status_index BIGINT, ends_at BIGINT, created_at BIGINT NOT NULL,"
    " PRIMARY KEY (token_id, generation), CHECK (generation > 1 OR id = token_id)) WITHOUT ROWID",
    "CREATE UNIQUE INDEX token_secrets_later ON token_secrets (id) WHERE generation > 1",
    "CREATE UNIQUE INDEX token_secrets_digest ON token_secrets (digest)",
    "CREATE UNIQUE INDEX token_secrets_status ON token_secrets (status_index)"
    " WHERE status_index IS NOT NULL",

    // No foreign key: usage of a token may arrive in any order and must never fail a whole flush.
    "CREATE TABLE token_usage (token_id BLOB NOT NULL PRIMARY KEY, last_used_at BIGINT NOT NULL,"
    " last_address TEXT NOT NULL, last_agent TEXT NOT NULL, uses BIGINT NOT NULL,"
    " denials BIGINT NOT NULL) WITHOUT ROWID",

    "CREATE TABLE signing_keys (kid TEXT NOT NULL PRIMARY KEY, algorithm TEXT NOT NULL,"
    " state SMALLINT NOT NULL, is_compromised SMALLINT NOT NULL, public_jwk TEXT NOT NULL,"
    " wrapped_private BLOB NOT NULL, created_at BIGINT NOT NULL, activated_at BIGINT,"
    " replaced_at BIGINT, retired_at BIGINT) WITHOUT ROWID",
    "CREATE TABLE idempotency (actor TEXT NOT NULL, key TEXT NOT NULL,"
    " request_digest BLOB NOT NULL, status BIGINT NOT NULL, response BLOB NOT NULL,"
    " expires_at BIGINT NOT NULL, PRIMARY KEY (actor, key)) WITHOUT ROWID",
    "CREATE INDEX idempotency_expiry ON idempotency (expires_at)",
};

// Projects get members and policies, tokens get keys of their holders.
constexpr Sql kProjects[] = {
    // Rebuilt, for SQLite cannot take UNIQUE off a column: two people may each have a project
    // "default". Nothing referred to the table so far.
    "CREATE TABLE projects_of_2 (id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
    " description TEXT NOT NULL, api_slug TEXT NOT NULL, created_at BIGINT NOT NULL,"
    " updated_at BIGINT NOT NULL, deleted_at BIGINT) WITHOUT ROWID",
    "INSERT INTO projects_of_2 (id, name, description, api_slug, created_at, updated_at)"
    " SELECT id, name, description, '', created_at, created_at FROM projects",
    "DROP TABLE projects",
    "ALTER TABLE projects_of_2 RENAME TO projects",

    "CREATE TABLE memberships (project_id BLOB NOT NULL REFERENCES projects (id),"
    " user_id BLOB NOT NULL REFERENCES users (id), role SMALLINT NOT NULL,"
    " custom_role BLOB REFERENCES roles (id), created_at BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, user_id), CHECK ((role = 5) = (custom_role IS NOT NULL)))"
    " WITHOUT ROWID",
    "CREATE INDEX memberships_user ON memberships (user_id, project_id)",

    // A principal is a token or a user, so that no foreign key fits; check_integrity looks.
    "CREATE TABLE token_grants (project_id BLOB NOT NULL REFERENCES projects (id),"
    " principal_kind SMALLINT NOT NULL, principal_id BLOB NOT NULL, policy TEXT NOT NULL,"
    " created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, principal_kind, principal_id)) WITHOUT ROWID",
    "CREATE INDEX token_grants_principal ON token_grants (principal_kind, principal_id)",

    "ALTER TABLE token_secrets ADD COLUMN public_jwk TEXT NOT NULL DEFAULT ''",

    "CREATE TABLE assertions_seen (digest BLOB NOT NULL PRIMARY KEY,"
    " expires_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX assertions_seen_expiry ON assertions_seen (expires_at)",
};

// What happens to a token after it is made.
constexpr Sql kWholeLives[] = {
    "ALTER TABLE tokens ADD COLUMN not_before BIGINT",
    "ALTER TABLE tokens ADD COLUMN rate_requests BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE tokens ADD COLUMN rate_seconds BIGINT NOT NULL DEFAULT 0",
    // Seconds without a use after which a rotated secret ends by itself; 0: it does not.
    "ALTER TABLE token_secrets ADD COLUMN until_silent BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE token_secrets ADD COLUMN must_ask SMALLINT NOT NULL DEFAULT 0",
    "CREATE INDEX token_secrets_silent ON token_secrets (ends_at) WHERE until_silent > 0",

    // Usage in detail. No foreign keys, as with token_usage. Day 0 is all that was long ago.
    "CREATE TABLE usage_days (token_id BLOB NOT NULL, generation BIGINT NOT NULL,"
    " day BIGINT NOT NULL, uses BIGINT NOT NULL, denials BIGINT NOT NULL,"
    " last_used_at BIGINT NOT NULL, last_address TEXT NOT NULL, last_agent TEXT NOT NULL,"
    " PRIMARY KEY (token_id, generation, day)) WITHOUT ROWID",
    "CREATE TABLE usage_denials (token_id BLOB NOT NULL, verdict TEXT NOT NULL,"
    " count BIGINT NOT NULL, last_at BIGINT NOT NULL, PRIMARY KEY (token_id, verdict))"
    " WITHOUT ROWID",
    "CREATE TABLE usage_scopes (token_id BLOB NOT NULL, scope TEXT NOT NULL, uses BIGINT NOT NULL,"
    " last_used_at BIGINT NOT NULL, PRIMARY KEY (token_id, scope)) WITHOUT ROWID",
    "CREATE TABLE usage_callers (token_id BLOB NOT NULL, generation BIGINT NOT NULL,"
    " address TEXT NOT NULL, agent TEXT NOT NULL, uses BIGINT NOT NULL,"
    " last_used_at BIGINT NOT NULL, PRIMARY KEY (token_id, generation, address, agent))"
    " WITHOUT ROWID",

    // Rules over many tokens at once, until their tokens say the same by themselves (settled_at).
    // What a rule cannot say by itself it names: its tokens, and those it spares again.
    "CREATE TABLE bulk_rules (id BLOB NOT NULL PRIMARY KEY, action SMALLINT NOT NULL,"
    " last_token BLOB NOT NULL, owner_id BLOB, api_id BLOB, kid TEXT NOT NULL, scope TEXT NOT NULL,"
    " is_list SMALLINT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL, actor_user BLOB,"
    " created_at BIGINT NOT NULL, total BIGINT, settled BIGINT NOT NULL, cursor BLOB NOT NULL,"
    " settled_at BIGINT) WITHOUT ROWID",
    "CREATE INDEX bulk_rules_open ON bulk_rules (id) WHERE settled_at IS NULL",
    "CREATE TABLE bulk_rule_tokens (rule_id BLOB NOT NULL, token_id BLOB NOT NULL,"
    " PRIMARY KEY (rule_id, token_id)) WITHOUT ROWID",
    "CREATE TABLE bulk_spared (rule_id BLOB NOT NULL, token_id BLOB NOT NULL,"
    " PRIMARY KEY (rule_id, token_id)) WITHOUT ROWID",

    // Access tokens that were revoked one by one (RFC 7009), for as long as they would have lived.
    "CREATE TABLE revoked_access (id BLOB NOT NULL PRIMARY KEY, token_id BLOB NOT NULL,"
    " expires_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX revoked_access_token ON revoked_access (token_id)",
    "CREATE INDEX revoked_access_expiry ON revoked_access (expires_at)",

    // Logins that wait for somebody to allow them elsewhere (RFC 8628).
    "CREATE TABLE device_codes (digest BLOB NOT NULL PRIMARY KEY, user_code TEXT NOT NULL UNIQUE,"
    " client TEXT NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL, state SMALLINT NOT NULL,"
    " user_id BLOB REFERENCES users (id), created_at BIGINT NOT NULL,"
    " expires_at BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX device_codes_expiry ON device_codes (expires_at)",
};

// Second factors, invitations, and since when a session's person is who he says.
constexpr Sql kImportsAndFactors[] = {
    "ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE invites (user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),"
    " digest BLOB NOT NULL UNIQUE, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE factors (user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),"
    " wrapped_secret BLOB NOT NULL, last_step BIGINT NOT NULL, created_at BIGINT NOT NULL,"
    " confirmed_at BIGINT) WITHOUT ROWID",
    "CREATE TABLE recovery_codes (user_id BLOB NOT NULL REFERENCES users (id),"
    " digest BLOB NOT NULL, PRIMARY KEY (user_id, digest)) WITHOUT ROWID",

    // Other systems whose tokens work on here. wrapped_key is empty where plain SHA-256 was used.
    "CREATE TABLE import_sources (id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " prefix TEXT NOT NULL, wrapped_key BLOB NOT NULL, entropy_bits BIGINT NOT NULL,"
    " created_at BIGINT NOT NULL) WITHOUT ROWID",
    // The name of the source that a token was imported from; empty: made here.
    "ALTER TABLE tokens ADD COLUMN source TEXT NOT NULL DEFAULT ''",

    // The project that a session works in, of clients that say it once. It goes with the session.
    "CREATE TABLE active_projects (session_id BLOB NOT NULL PRIMARY KEY"
    " REFERENCES sessions (id) ON DELETE CASCADE,"
    " project_id BLOB NOT NULL REFERENCES projects (id)) WITHOUT ROWID",
    // Where the browser goes when somebody has decided.
    "ALTER TABLE device_codes ADD COLUMN return_url TEXT NOT NULL DEFAULT ''",
};

// Logins that a command line waits for in the browser of its own machine (RFC 8252). The session is
// the one that allowed it, and then the one that came of it.
constexpr Sql kWebLoginsAndMakers[] = {
    "ALTER TABLE device_codes ADD COLUMN host TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE device_codes ADD COLUMN code_challenge TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE device_codes ADD COLUMN client_state TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE device_codes ADD COLUMN session_id BLOB",

    // Whose link it is: it is worth no more than he is.
    "ALTER TABLE invites ADD COLUMN made_by BLOB REFERENCES users (id)",
    // Most tokens were imported from nowhere.
    "CREATE INDEX tokens_source ON tokens (source) WHERE source <> ''",
};

struct Step {
    std::int64_t version;
    std::span<const Sql> statements;
};
constexpr Step kSteps[] = {{1, kFirst},
                           {2, kProjects},
                           {3, kWholeLives},
                           {4, kImportsAndFactors},
                           {5, kWebLoginsAndMakers}};
static_assert(kSteps[std::size(kSteps) - 1].version == kSchemaVersion);

Status apply(Connection& db, const Step& step) {
    for (const Sql& sql : step.statements) {
        TRY(db.run(sql));
    }
    Statement statement =
        TRY(db.prepare("INSERT INTO settings (key, value) VALUES ('schema', $1)"
                       " ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
    return statement.bind(std::string_view(std::to_string(step.version))).run();
}

Result<bool> has_rows(Connection& db, Sql sql) {
    Statement statement = TRY(db.prepare(sql));
    return statement.step();
}

Error not_ours() {
    return Error{ErrorCode::kPrecondition, "the database file was not made by Latchkey"}
        .with_reason("not_latchkey")
        .with_hint("Name another data directory, or move the file away.");
}

}  // namespace

Result<std::int64_t> read_schema_version(Connection& db) {
    const bool has_tables = TRY(has_rows(db, "SELECT 1 FROM sqlite_master LIMIT 1"));
    if (!has_tables) return std::int64_t{0};
    const bool has_settings =
        TRY(has_rows(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'settings'"));
    if (!has_settings) return not_ours();
    auto statement = db.prepare("SELECT value FROM settings WHERE key = 'schema'");
    if (!statement) return not_ours();
    const bool has_version = TRY(statement->step());
    if (!has_version) return not_ours();
    std::int64_t version = 0;
    for (const char digit : statement->text(0)) {
        if (digit < '0' || digit > '9' || version > 1'000'000) return not_ours();
        version = version * 10 + (digit - '0');
    }
    if (version < 1) return not_ours();
    return version;
}

Status refuse_newer_schema(std::int64_t version) {
    if (version <= kSchemaVersion) return {};
    return Error{ErrorCode::kPrecondition,
                 fmt::format("made by a newer Latchkey (schema {}, this one knows {}); "
                             "start that version",
                             version, kSchemaVersion)}
        .with_reason("newer_schema")
        .with_hint("Start the newer version again, or restore a backup made by this one.");
}

Status migrate(Connection& db, std::int64_t version, std::int64_t to) {
    TRY(refuse_newer_schema(version));
    for (const Step& step : kSteps) {
        if (step.version <= version || step.version > to) continue;
        TRY(db.run("BEGIN IMMEDIATE"));
        Status applied = apply(db, step);
        if (applied) applied = db.run("COMMIT");
        if (!applied) {
            // Fails when the engine has rolled back by itself, which is as good.
            static_cast<void>(db.run("ROLLBACK").has_value());
            return applied;
        }
    }
    return {};
}

}  // namespace latchkey::store
