// What is kept, as the rest of the house sees it: one struct a table row, no SQL. The columns are
// in schema.cc. Times are whole milliseconds (inputs are cut), so that an event's RFC 3339 text
// says exactly what the row says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/digest.h"
#include "token/rate_limit.h"

namespace latchkey {
using ImportSourceId = Id<struct ImportSourceTag>;
}  // namespace latchkey

namespace latchkey::store {

enum class TokenKind : std::uint8_t { kJwt = 1, kOpaque = 2, kKey = 3 };
enum class TokenState : std::uint8_t { kActive = 1, kSuspended = 2, kRevoked = 3 };
enum class SecretState : std::uint8_t { kLive = 1, kRevoked = 2 };
// kProject: the user that a project's own tokens act for, so that they outlive people. It has the
// project's id, cannot log in, and is in no list.
enum class UserKind : std::uint8_t { kHuman = 1, kMachine = 2, kProject = 3 };
enum class UserState : std::uint8_t { kActive = 1, kDisabled = 2 };
enum class KeyState : std::uint8_t { kPending = 1, kActive = 2, kVerifyOnly = 3, kRetired = 4 };
enum class SessionKind : std::uint8_t { kPortal = 1, kCli = 2 };
enum class ProjectRole : std::uint8_t {
    kOwner = 1,
    kAdmin = 2,
    kMember = 3,
    kViewer = 4,
    kCustom = 5
};
enum class PrincipalKind : std::uint8_t { kToken = 1, kUser = 2 };

struct UserRecord {
    UserId id;
    UserKind kind{UserKind::kHuman};
    UserState state{UserState::kActive};
    std::string login;  // e-mail of a human, name of a machine; unique without case
    std::string name;
    std::string password_hash;  // empty: cannot log in
    std::vector<RoleId> roles;
    std::vector<ApiId> verifies;  // a machine user: the APIs whose tokens it may verify
    Timestamp created_at;
    Timestamp updated_at;
    // Read with the row, written in factors.h.
    std::optional<Timestamp> invited_until;  // the end of a link that waits to be used
    bool has_second_factor{false};
};

struct RoleRecord {
    RoleId id;
    std::string name;
    bool is_built_in{false};
    // API slug ("*": every API but latchkey) to scope patterns, as JSON: {"*":["*"]}.
    std::string patterns_json;
};

struct ProjectRecord {
    ProjectId id;
    std::string name;
    std::string description;
    std::string api_slug;  // what its project tokens are for; empty: pipelines
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> deleted_at;  // hidden; its id never comes back
};

// What a user is in a project.
struct MembershipRecord {
    ProjectId project;
    UserId user;
    ProjectRole role{ProjectRole::kMember};
    std::optional<RoleId> custom_role;  // only with kCustom
    Timestamp created_at;
};

// A principal's policy in a project. A token without a row has no right there; a member without
// one is limited by his roles alone.
struct GrantRecord {
    ProjectId project;
    PrincipalKind kind{PrincipalKind::kToken};
    UuidBytes principal{};
    std::string policy_json;  // canonical text of the document; empty: none, which gives nothing
    Timestamp created_at;
    Timestamp updated_at;
};

struct ScopeRecord {
    std::string name;
    std::string description;
    std::string group;
    std::vector<std::string> aliases;
};

struct ApiRecord {
    ApiId id;
    std::string slug;
    std::string audience;
    std::string name;
    std::string base_url;
    std::vector<std::string> default_scopes;
    bool is_default{false};
    bool is_built_in{false};
    Timestamp created_at;
    Timestamp updated_at;
};

struct TokenRecord {
    TokenId id;
    UserId owner;
    ApiId api;
    TokenKind kind{TokenKind::kJwt};
    TokenState state{TokenState::kActive};
    std::string name;
    std::string description;
    std::optional<std::vector<std::string>> scopes;  // none: the policies alone count (key tokens)
    std::vector<std::string> allowed_ips;
    std::optional<Timestamp> expires_at;
    std::optional<Timestamp> not_before;  // not valid until then
    RateLimit rate;                       // not set: none
    std::string reason;  // why it was revoked or suspended, as its holder or an operator said
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> revoked_at;
    std::optional<Timestamp> deleted_at;  // hidden from lists; the row and the log stay
    std::string source;                   // what it was imported from; empty: it was made here
};

// Another system whose tokens work on here: we know their digests, and not one of them itself.
struct ImportSourceRecord {
    ImportSourceId id;
    std::string name;
    std::string prefix;            // what each of its tokens begins with
    std::string wrapped_key;       // of its HMACs, under the key-encryption key; empty: plain
    std::uint32_t entropy_bits{};  // that its tokens have, as declared; 0: with a key none is
    Timestamp created_at;
};

struct SecretRecord {
    SecretId id;  // the jti
    TokenId token;
    std::uint32_t generation{1};
    SecretState state{SecretState::kLive};
    Digest digest{};
    // Of a jwt the signing key; of a key token the name that its holder gave this key.
    std::string kid;
    // Of a key token: the public JWK, with alg. Its digest is key_digest of token and thumbprint.
    std::string public_jwk;
    std::optional<std::uint64_t> status_index;  // of a jwt: list * 2^20 + index in the list
    std::optional<Timestamp> ends_at;           // a rotated secret's last moment
    // A rotated secret ends sooner when nobody used it for so long; 0: it does not.
    std::uint32_t until_silent_seconds{0};
    bool must_ask{false};  // of a jwt: its claims say more than its token may now
    Timestamp created_at;
};

struct SigningKeyRecord {
    std::string kid;
    std::string algorithm;  // "ES256"
    KeyState state{KeyState::kPending};
    bool is_compromised{false};  // the emergency form: every secret of it is dead
    std::string public_jwk;
    std::string wrapped_private;  // AES-256-GCM under the key-encryption key; empty once retired
    Timestamp created_at;
    std::optional<Timestamp> activated_at;
    std::optional<Timestamp> replaced_at;  // since when it only verifies
    std::optional<Timestamp> retired_at;
};

struct SessionRecord {
    SessionId id;
    UserId user;
    SessionKind kind{SessionKind::kPortal};
    Digest digest{};
    std::string agent;
    std::string address;
    Timestamp created_at;
    Timestamp last_seen_at;
    Timestamp expires_at;
    Timestamp proven_at;  // when its person last gave his password
};

// An access token that may not be used any more though its key may.
struct RevokedAccessRecord {
    AccessId id;    // its jti
    TokenId token;  // its client_id
    Timestamp expires_at;
};

enum class DeviceCodeState : std::uint8_t { kPending = 1, kApproved = 2, kDenied = 3, kUsed = 4 };

// A login that waits until somebody decides about it in a browser: on a device without one
// (RFC 8628), or of a command line beside it, which has a challenge (RFC 7636).
struct DeviceCodeRecord {
    // Of the device code, which only the device has; or of the code that the browser carries.
    Digest digest{};
    std::string user_code;  // eight letters, without the dash; or the digest of its address
    std::string client;
    std::string return_url;  // where the browser goes after the decision; empty: nowhere
    std::string address;     // of who asks
    std::string agent;
    std::string host;            // what his machine calls itself
    std::string code_challenge;  // of a verifier that only he has; empty: a device
    std::string client_state;    // what he wants to hear again
    DeviceCodeState state{DeviceCodeState::kPending};
    std::optional<UserId> user;  // who decided
    // With a challenge: in which session it was allowed, then the one that it gave.
    std::optional<SessionId> session;
    Timestamp created_at;
    Timestamp expires_at;
};

struct UsageRecord {
    TokenId token;
    Timestamp last_used_at;
    std::string last_address;
    std::string last_agent;
    std::int64_t uses{0};  // added to what is stored
    std::int64_t denials{0};
};

struct Event {
    std::uint64_t epoch{1};
    std::uint64_t revision{0};
    Timestamp at;
    std::string type;             // "token.created"
    std::string actor;            // "user/<uuid>", "token/<uuid>", "system"
    std::optional<UserId> owner;  // whom it concerns, for filters
    std::optional<TokenId> token;
    std::string body;  // the canonical JSON that the hash covers
    Digest hash{};     // SHA-256(previous hash ‖ body)
};

struct FeedHead {
    std::uint64_t epoch{1};
    std::uint64_t revision{0};
    Digest hash{};
    Timestamp at;
};

}  // namespace latchkey::store
