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
// Every column but id, created and source.
Status update_token(Connection& db, const TokenRecord& token);
// By the token's id or any of its secrets' ids. Deleted tokens are found too.
Result<std::optional<TokenRecord>> find_token(Connection& db, const UuidBytes& id_or_jti);
// The secret of generation 1 must have its token's id: lookups by jti count on it.
Status insert_secret(Connection& db, const SecretRecord& secret);
// State, ends_at, until_silent and must_ask; of a key token's key also its name and its JWK.
Status update_secret(Connection& db, const SecretRecord& secret);
Result<std::vector<SecretRecord>> secrets_of(Connection& db, const TokenId& token);
// Of a token that is rotated, the newest: at most so many, and every one that lives. Who decides
// reads these, so that a token that was rotated for years costs no more than a young one.
inline constexpr std::int64_t kRecentSecrets = 200;
Result<std::vector<SecretRecord>> recent_secrets_of(Connection& db, const TokenRecord& token);
// A live secret that a rotation replaced, and that ends when it was silent for so long.
struct WaitingSecret {
    SecretRecord secret;
    Timestamp replaced_at;
    std::optional<Timestamp> last_used_at;  // or tried
};
Result<std::vector<WaitingSecret>> secrets_until_silent(Connection& db, Timestamp now);
Result<bool> is_status_index_taken(Connection& db, std::uint64_t index);
Result<std::uint64_t> count_status_indexes(Connection& db, std::uint64_t from, std::uint64_t to);

enum class TokenFilter : std::uint8_t { kAll, kActive, kExpiring, kExpired, kRevoked, kSuspended };
// By last use: one that was never used comes first, or last when the latest come first.
enum class TokenSort : std::uint8_t { kNewest, kOldest, kName, kExpiry, kIdlest, kLatestUsed };
struct TokenQuery {
    std::optional<UserId> owner;  // none: everybody's
    std::optional<ApiId> api;
    std::optional<ProjectId> project;       // whose it is, or where it has a place
    std::string scope;                      // that it holds, literally or by a pattern
    std::string text;                       // in its name or description, whatever the case
    std::optional<Timestamp> unused_since;  // never used counts from its creation
    std::optional<Timestamp> expires_before;
    TokenFilter filter{TokenFilter::kAll};
    TokenSort sort{TokenSort::kNewest};
    Timestamp now;                 // what "expired" is measured against
    std::optional<TokenId> after;  // the last row of the page before
    std::string after_key;         // its sort_key
    std::size_t limit{50};
};
struct ListedToken {
    TokenRecord token;
    std::optional<Timestamp> last_used_at;
};
Result<std::vector<ListedToken>> list_tokens(Connection& db, const TokenQuery& query);
// What the next page goes on after, beside the id; empty when the id is enough.
std::string sort_key(const ListedToken& listed, TokenSort sort);
inline constexpr Microseconds kExpiringWithin{std::int64_t{14} * 86'400'000'000};
// For the replica's start: every secret, whatever its own state, of every token except those that
// are revoked or deleted and had expired by the last event; so a revoked token still reads as
// revoked for as long as someone may hold it. A jwt that was narrowed or replaced names an end of
// its own, which may be later: it comes always. Streamed, one secret at a time with its token, in
// the order of tokens. The records are used again for the next row; name, description and reason
// are left empty.
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
// People and machines; a project's own user is in no list and in no count.
Result<std::vector<UserRecord>> list_users(Connection& db, std::optional<UserId> after,
                                           std::size_t limit);
Result<std::uint64_t> count_users(Connection& db);
// Every user, those of projects too.
Status for_each_user(Connection& db, const std::function<Status(const UserRecord&)>& visit);
Status insert_role(Connection& db, const RoleRecord& role);
Status update_role(Connection& db, const RoleRecord& role);  // name and patterns
// One that nobody has: kInternal otherwise. Places in deleted projects do not count, and go.
Status delete_role(Connection& db, const RoleId& id);
Result<std::optional<RoleRecord>> find_role(Connection& db, const RoleId& id);
// By users and by members of projects that are not deleted.
Result<std::uint64_t> count_role_uses(Connection& db, const RoleId& id);
Result<std::vector<RoleRecord>> list_roles(Connection& db);
Status insert_session(Connection& db, const SessionRecord& session);
Result<std::optional<SessionRecord>> find_session(Connection& db, const Digest& digest);
Status touch_session(Connection& db, const SessionId& id, Timestamp seen, Timestamp expires);
Status renew_session(Connection& db, const SessionRecord& session);  // digest and proven_at
Status delete_session(Connection& db, const SessionId& id);
Status delete_sessions_of(Connection& db, const UserId& user);
Status delete_other_sessions_of(Connection& db, const UserId& user, const SessionId& kept);
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

// --- projects, members, grants ------------------------------------------------------------------
Status insert_project(Connection& db, const ProjectRecord& project);
Status update_project(Connection& db, const ProjectRecord& project);  // all but id and created
Result<std::optional<ProjectRecord>> find_project(Connection& db,
                                                  const ProjectId& id);  // deleted too
struct ProjectQuery {
    std::optional<UserId> member{};    // none: all
    std::optional<ProjectId> after{};  // in the order of ids, which is that of their creation
    std::size_t limit{50};
};
// Without deleted ones.
Result<std::vector<ProjectRecord>> list_projects(Connection& db, const ProjectQuery& query);

Status put_membership(Connection& db, const MembershipRecord& membership);  // new or changed
Status delete_membership(Connection& db, const ProjectId& project, const UserId& user);
Result<std::optional<MembershipRecord>> find_membership(Connection& db, const ProjectId& project,
                                                        const UserId& user);
Result<std::vector<MembershipRecord>> list_members(Connection& db, const ProjectId& project);
// In projects that are not deleted.
Status for_each_membership(Connection& db,
                           const std::function<Status(const MembershipRecord&)>& visit);

Status put_grant(Connection& db, const GrantRecord& grant);  // new or changed
Status delete_grant(Connection& db, const ProjectId& project, PrincipalKind kind,
                    const UuidBytes& principal);
Result<std::optional<GrantRecord>> find_grant(Connection& db, const ProjectId& project,
                                              PrincipalKind kind, const UuidBytes& principal);
struct GrantQuery {
    ProjectId project{};
    PrincipalKind kind{PrincipalKind::kToken};
    std::optional<UuidBytes> after{};  // the last principal of the page before
    std::size_t limit{50};
};
// Without those of deleted tokens.
Result<std::vector<GrantRecord>> list_grants(Connection& db, const GrantQuery& query);
// In projects that are not deleted.
Result<std::vector<GrantRecord>> grants_of(Connection& db, PrincipalKind kind,
                                           const UuidBytes& principal);
// The grants that the tokens of one owner, deleted ones too, have in a project.
Result<std::vector<GrantRecord>> grants_of_owner(Connection& db, const ProjectId& project,
                                                 const UserId& owner);
// In projects that are not deleted, without those of deleted tokens.
Status for_each_grant(Connection& db, const std::function<Status(const GrantRecord&)>& visit);

// --- replay marks -------------------------------------------------------------------------------
// False: this assertion was used before. A mark is kept for ten minutes after the assertion has
// expired, so that a clock that is set back a little opens no replay.
Result<bool> insert_assertion(Connection& db, const Digest& assertion, Timestamp expires_at);
Status delete_expired_assertions(Connection& db, Timestamp now);
Status for_each_assertion(Connection& db,
                          const std::function<Status(const Digest&, Timestamp expires_at)>& visit);

// --- revoked access tokens ----------------------------------------------------------------------
// False: it was revoked before. Kept for an hour after its end, as replay marks are.
Result<bool> insert_revoked_access(Connection& db, const RevokedAccessRecord& revoked);
Result<std::uint64_t> count_revoked_access(Connection& db, const TokenId& token);
Status delete_expired_revoked_access(Connection& db, Timestamp now);
Status for_each_revoked_access(Connection& db,
                               const std::function<Status(const RevokedAccessRecord&)>& visit);

// --- device codes -------------------------------------------------------------------------------
Status insert_device_code(Connection& db, const DeviceCodeRecord& code);
Result<std::optional<DeviceCodeRecord>> find_device_code(Connection& db, const Digest& digest);
Result<std::optional<DeviceCodeRecord>> find_device_code_by_user_code(Connection& db,
                                                                      std::string_view user_code);
// By its user code: all that a decision or its use changes.
Status update_device_code(Connection& db, const DeviceCodeRecord& code);
Status delete_device_code(Connection& db, const Digest& digest);
Result<std::uint64_t> count_device_codes(Connection& db);
Result<std::vector<std::string>> device_code_addresses(Connection& db);  // one for each
Status delete_expired_device_codes(Connection& db, Timestamp now);

// --- imports ------------------------------------------------------------------------------------
Status insert_import_source(Connection& db, const ImportSourceRecord& source);
Status delete_import_source(Connection& db, const ImportSourceId& id);
Result<std::vector<ImportSourceRecord>> list_import_sources(Connection& db);  // oldest first
// The token that has a secret of this digest, deleted ones too.
Result<std::optional<TokenRecord>> find_token_by_digest(Connection& db, const Digest& digest);
struct ImportCount {
    std::uint64_t all{0};
    std::uint64_t needed{0};  // whose imported secret may still be presented
};
Result<ImportCount> count_imported(Connection& db, std::string_view source, Timestamp now);

// --- signing keys, settings, idempotency --------------------------------------------------------
Status insert_signing_key(Connection& db, const SigningKeyRecord& key);
Status update_signing_key(Connection& db, const SigningKeyRecord& key);
Result<std::vector<SigningKeyRecord>> list_signing_keys(Connection& db);  // oldest first
Result<std::optional<std::string>> find_setting(Connection& db, std::string_view key);
Status put_setting(Connection& db, std::string_view key, std::string_view value);
Status delete_setting(Connection& db, std::string_view key);
// Stands while no server runs that stopped in order: since when every use is written.
inline constexpr std::string_view kUsesKnownSetting = "uses_known_since";

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
