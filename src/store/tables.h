// One function a question: how rows are read and written. Every function takes the connection it
// runs on (a Transaction's for writing) and does no deciding. find_ may find nothing; get_ must.
// Lists use keyset pagination: `after` is the last id of the page before, limit at most 200.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

// --- tokens -------------------------------------------------------------------------------------
Status insert_token(Connection& db, const TokenRecord& token);
Status update_token(Connection& db, const TokenRecord& token);  // every column but id and created
// By the token's id or any of its secrets' ids. Deleted tokens are found too.
Result<std::optional<TokenRecord>> find_token(Connection& db, const UuidBytes& id_or_jti);
// The secret of generation 1 must have its token's id: lookups by jti count on it.
Status insert_secret(Connection& db, const SecretRecord& secret);
Status update_secret(Connection& db, const SecretRecord& secret);  // state and ends_at
Result<std::vector<SecretRecord>> secrets_of(Connection& db, const TokenId& token);
Result<bool> is_status_index_taken(Connection& db, std::uint64_t index);
Result<std::uint64_t> count_status_indexes(Connection& db, std::uint64_t from, std::uint64_t to);

enum class TokenFilter : std::uint8_t { kAll, kActive, kExpired, kRevoked, kSuspended };
enum class TokenSort : std::uint8_t { kNewest, kOldest, kName };
struct TokenQuery {
    std::optional<UserId> owner;  // none: everybody's
    TokenFilter filter{TokenFilter::kAll};
    TokenSort sort{TokenSort::kNewest};
    Timestamp now;                 // what "expired" is measured against
    std::optional<TokenId> after;  // the last row of the page before
    std::string after_name;        // its name, when sorted by name
    std::size_t limit{50};
};
struct ListedToken {
    TokenRecord token;
    std::optional<Timestamp> last_used_at;
};
Result<std::vector<ListedToken>> list_tokens(Connection& db, const TokenQuery& query);
// For the replica's start: every secret, whatever its own state, of every token except those that
// are revoked or deleted and had expired by the last event; so a revoked token still reads as
// revoked for as long as someone may hold it. Streamed, one secret at a time with its token, in the
// order of tokens. The records are used again for the next row; name, description and reason are
// left empty.
Status for_each_live_secret(
    Connection& db, const std::function<Status(const TokenRecord&, const SecretRecord&)>& visit);
Result<std::uint64_t> count_tokens(Connection& db);  // that are not deleted
// After a restore: suspends every active token ("changed since the backup is unknown").
Result<std::uint64_t> suspend_all_tokens(Connection& db, Timestamp now, std::string_view reason);
Result<std::uint64_t> count_live_secrets_of_key(Connection& db, std::string_view kid,
                                                Timestamp now);

// --- usage --------------------------------------------------------------------------------------
Status add_usage(Connection& db, const UsageRecord& usage);  // forward only, counts add up
Result<std::optional<UsageRecord>> find_usage(Connection& db, const TokenId& token);

// --- users, roles, sessions ---------------------------------------------------------------------
// With roles and verifies; roles are read back in the order of their ids.
Status insert_user(Connection& db, const UserRecord& user);
Status update_user(Connection& db, const UserRecord& user);
Result<std::optional<UserRecord>> find_user(Connection& db, const UserId& id);
Result<std::optional<UserRecord>> find_user_by_login(Connection& db, std::string_view login);
Result<std::vector<UserRecord>> list_users(Connection& db, std::optional<UserId> after,
                                           std::size_t limit);
Result<std::uint64_t> count_users(Connection& db);
Status insert_role(Connection& db, const RoleRecord& role);
Result<std::vector<RoleRecord>> list_roles(Connection& db);
Status insert_session(Connection& db, const SessionRecord& session);
Result<std::optional<SessionRecord>> find_session(Connection& db, const Digest& digest);
Status touch_session(Connection& db, const SessionId& id, Timestamp seen, Timestamp expires);
Status delete_session(Connection& db, const SessionId& id);
Status delete_sessions_of(Connection& db, const UserId& user);
Result<std::vector<SessionRecord>> list_sessions(Connection& db, const UserId& user);
Status delete_expired_sessions(Connection& db, Timestamp now);

// --- APIs, scopes, projects ---------------------------------------------------------------------
Status insert_api(Connection& db, const ApiRecord& api);
Status update_api(Connection& db, const ApiRecord& api);  // every column but is_default
Result<std::optional<ApiRecord>> find_api(Connection& db, const ApiId& id);
Result<std::optional<ApiRecord>> find_api_by_slug(Connection& db, std::string_view slug);
Result<std::optional<ApiRecord>> find_api_by_audience(Connection& db, std::string_view audience);
Result<std::optional<ApiRecord>> find_default_api(Connection& db);
Status make_default_api(Connection& db, const ApiId& id);  // and no other
Result<std::vector<ApiRecord>> list_apis(Connection& db);
Status replace_scopes(Connection& db, const ApiId& api, const std::vector<ScopeRecord>& scopes);
Result<std::vector<ScopeRecord>> list_scopes(Connection& db, const ApiId& api);
Status insert_project(Connection& db, const ProjectRecord& project);
Result<std::vector<ProjectRecord>> list_projects(Connection& db);

// --- signing keys, settings, idempotency --------------------------------------------------------
Status insert_signing_key(Connection& db, const SigningKeyRecord& key);
Status update_signing_key(Connection& db, const SigningKeyRecord& key);
Result<std::vector<SigningKeyRecord>> list_signing_keys(Connection& db);  // oldest first
Result<std::optional<std::string>> find_setting(Connection& db, std::string_view key);
Status put_setting(Connection& db, std::string_view key, std::string_view value);
Status delete_setting(Connection& db, std::string_view key);

struct IdempotencyRecord {
    std::string actor;  // whose key it is
    std::string key;
    Digest request_digest{};  // of method, path and body
    std::int64_t status{0};
    std::string sealed_response;
    Timestamp expires_at;
};
Result<std::optional<IdempotencyRecord>> find_idempotency(Connection& db, std::string_view actor,
                                                          std::string_view key);
Status insert_idempotency(Connection& db, const IdempotencyRecord& record);
Status delete_expired_idempotency(Connection& db, Timestamp now);

// --- events -------------------------------------------------------------------------------------
struct EventQuery {
    std::uint64_t after{0};  // revisions above this
    std::size_t limit{50};
    std::string type;  // "token.created", or "token." for a family; empty: all
    std::optional<TokenId> token;
    std::optional<UserId> owner;
    std::string actor;
};
Result<std::vector<Event>> list_events(Connection& db, const EventQuery& query);
Result<FeedHead> read_head(Connection& db);
// A restore begins a new epoch: the next event carries it. In the writer's transaction.
Status begin_epoch(Connection& db, std::uint64_t epoch);

}  // namespace latchkey::store
