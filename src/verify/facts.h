// Facts: what a verdict depends on, and nothing else. Every event carries in its `data` the new
// state of the facts it changed, under "facts"; the replica lives from them alone, and so can a
// verifier elsewhere. Encoding and decoding are here, once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "token/rate_limit.h"

namespace latchkey {
using BulkId = Id<struct BulkTag>;
}  // namespace latchkey

namespace latchkey::verify {

enum class TokenKind : std::uint8_t { kJwt = 1, kOpaque = 2, kKey = 3 };
enum class TokenState : std::uint8_t { kActive = 1, kSuspended = 2, kRevoked = 3 };

struct TokenFact {
    TokenId id;
    UserId owner;
    ApiId api;
    TokenKind kind{TokenKind::kOpaque};
    TokenState state{TokenState::kActive};  // a deleted token is revoked
    std::optional<Timestamp> expires_at;
    std::optional<Timestamp> not_before;
    RateLimit rate;
    std::optional<std::vector<std::string>> scopes;  // sorted; none: declared none
    std::vector<std::string> allowed_ips;            // addresses and CIDR blocks; empty: any
};

struct SecretFact {
    SecretId id;
    TokenId token;
    Digest digest{};                            // all zero: nothing to present (a key token)
    std::string kid;                            // a jwt's signing key, else empty
    std::optional<std::uint64_t> status_index;  // list * 2^20 + index
    bool is_revoked{false};
    std::optional<Timestamp> ends_at;
    std::uint32_t generation{1};
    // A jwt whose claims say more than its token may now (an update narrowed it): off-line, its
    // status entry answers "ask the authority".
    bool must_ask{false};
};

struct UserFact {
    UserId id;
    bool is_machine{false};
    bool is_disabled{false};
    std::vector<RoleId> roles;
    std::vector<ApiId> verifies;  // the APIs a machine user may verify tokens of
};

struct RoleFact {
    RoleId id;
    // API slug, or "*" for every API but latchkey, to scope patterns.
    std::map<std::string, std::vector<std::string>> patterns;
};

struct ApiFact {
    ApiId id;
    std::string slug;
    std::string audience;
    bool is_default{false};
};

struct KeyFact {
    std::string kid;
    bool is_compromised{false};  // the emergency form: every secret of it is dead
    bool is_retired{false};
};

struct ProjectFact {
    ProjectId id;
    bool is_deleted{false};  // nobody has a right in it any more
};

// A user's place in a project. A built-in role limits nothing there; a custom one does.
struct MembershipFact {
    ProjectId project;
    UserId user;
    bool is_removed{false};
    std::optional<RoleId> custom_role;
};

enum class PrincipalKind : std::uint8_t { kToken = 1, kUser = 2 };

// The policy of a principal in a project. A token has rights only where it has one; a user's
// limits what his tokens may do there.
struct GrantFact {
    ProjectId project;
    PrincipalKind kind{PrincipalKind::kToken};
    UuidBytes principal{};
    bool is_removed{false};
    std::optional<std::string> policy;  // the document's text; none: a grant that gives nothing
};

// An access token that was revoked by itself; what was derived from it dies with it.
struct AccessFact {
    AccessId id;    // its jti, there as base64url
    TokenId token;  // its client_id
    Timestamp expires_at;
};

// A decision about many tokens at once. It counts for every token up to last_token for which all of
// owner, API, key and scope hold (none: any will do), for those in `tokens`, and never for those in
// `spared`; with is_list for those in `tokens` alone. Settled, every token says so by itself, and
// the rule is gone.
struct BulkFact {
    BulkId id;
    TokenState action{TokenState::kRevoked};  // or kSuspended
    TokenId last_token;
    std::optional<UserId> owner;
    std::optional<ApiId> api;
    std::string kid;    // of the secret that is presented; empty: any
    std::string scope;  // that the token holds, literally or by a pattern; empty: any
    bool is_list{false};
    std::vector<TokenId> tokens;
    std::vector<TokenId> spared;
    bool is_settled{false};
};

// From now on the rule is not about this token, which somebody gave its life back: the rule itself
// may hold a hundred thousand ids, and is not said again for one.
struct BulkSparedFact {
    BulkId rule;
    TokenId token;
};

// The state of many tokens, and nothing else of them, as a rule is settled.
struct TokenStatesFact {
    TokenState state{TokenState::kRevoked};
    std::vector<TokenId> tokens;
};

using Fact =
    std::variant<TokenFact, SecretFact, BulkFact, BulkSparedFact, TokenStatesFact, UserFact,
                 RoleFact, ApiFact, KeyFact, ProjectFact, MembershipFact, GrantFact, AccessFact>;

// {"kind":"token", …}; times RFC 3339 milliseconds, ids UUIDs, digests base64url. Every member is
// always there, null for none; decoding refuses a missing or an unknown one, so that two versions
// that disagree about a fact find out. Errors are kInvalidArgument, "bad_fact".
json::object to_json(const Fact& fact);
Result<Fact> fact_from_json(const json::value& value);
// The "facts" array of an event's `data`; an event without it changes no fact.
Result<std::vector<Fact>> facts_of(const json::object& data);

}  // namespace latchkey::verify
