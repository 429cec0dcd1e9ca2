// Facts for tests: the same number makes the same id, so that facts can name each other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "crypto/digest.h"
#include "token/policy.h"
#include "verify/facts.h"

namespace latchkey::verify {

template <typename AnyId>
AnyId make_id(std::uint64_t number) {
    AnyId id;
    const Digest digest = sha256("id", std::to_string(number));
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        id.bytes[i] = digest[i];
    }
    return id;
}

inline Digest make_digest(std::uint64_t number) {
    return sha256("secret", std::to_string(number));
}

inline TokenFact any_token(std::uint64_t n) {
    TokenFact fact;
    fact.id = make_id<TokenId>(n);
    fact.owner = make_id<UserId>(n % 5);
    fact.api = make_id<ApiId>(n % 3);
    fact.kind = static_cast<TokenKind>(1 + n % 3);
    fact.state = static_cast<TokenState>(1 + n / 3 % 3);
    if (n % 2 == 0) fact.expires_at = Timestamp::from_seconds(static_cast<std::int64_t>(n));
    if (n % 4 != 3) fact.scopes = {"license:" + std::to_string(n % 7), "report:read"};
    if (n % 7 == 3) fact.not_before = Timestamp::from_seconds(static_cast<std::int64_t>(n / 2));
    if (n % 6 == 5) fact.rate = {static_cast<std::uint32_t>(n), 60};
    if (n % 5 == 4) fact.allowed_ips = {"10.0.0.0/8", "2001:db8::" + std::to_string(n % 3)};
    return fact;
}

inline SecretFact any_secret(std::uint64_t n) {
    SecretFact fact;
    fact.id = make_id<SecretId>(n);
    fact.token = make_id<TokenId>(n);
    fact.digest = make_digest(n);
    if (n % 2 == 0) fact.kid = "key-" + std::to_string(n % 4);
    if (n % 2 == 0) fact.status_index = n;
    fact.is_revoked = n % 11 == 0;
    if (n % 13 == 0) fact.ends_at = Timestamp::from_seconds(static_cast<std::int64_t>(n));
    fact.must_ask = n % 17 == 0;
    return fact;
}

inline BulkFact any_bulk(std::uint64_t n) {
    BulkFact fact;
    fact.id = make_id<BulkId>(n % 3);
    fact.action = n % 2 == 0 ? TokenState::kRevoked : TokenState::kSuspended;
    fact.last_token.bytes.fill(n % 5 == 4 ? 0x80 : 0xFF);
    if (n % 3 == 0) fact.owner = make_id<UserId>(n % 5);
    if (n % 4 == 1) fact.api = make_id<ApiId>(n % 3);
    if (n % 7 == 2) fact.kid = "key-" + std::to_string(n % 4);
    if (n % 5 == 3) fact.scope = "license:" + std::to_string(n % 7);
    fact.is_list = n % 6 == 5;
    if (n % 2 == 1) fact.tokens = {make_id<TokenId>(n % 12), make_id<TokenId>(n / 2 % 12)};
    if (n % 4 == 2) fact.spared = {make_id<TokenId>(n % 12)};
    fact.is_settled = n % 9 == 8;
    return fact;
}

inline BulkSparedFact any_spared(std::uint64_t n) {
    return {.rule = make_id<BulkId>(n % 3), .token = make_id<TokenId>(n / 3 % 12)};
}

inline TokenStatesFact any_states(std::uint64_t n) {
    return {.state = static_cast<TokenState>(1 + n % 3),
            .tokens = {make_id<TokenId>(n % 12), make_id<TokenId>(n / 3 % 12)}};
}

inline UserFact any_user(std::uint64_t n) {
    UserFact fact;
    fact.id = make_id<UserId>(n);
    fact.is_machine = n % 2 == 0;
    fact.is_disabled = n % 7 == 6;
    fact.roles = {make_id<RoleId>(n % 2), make_id<RoleId>(n % 3)};
    if (fact.is_machine) fact.verifies = {make_id<ApiId>(n % 3)};
    return fact;
}

inline RoleFact any_role(std::uint64_t n) {
    RoleFact fact;
    fact.id = make_id<RoleId>(n);
    fact.patterns["*"] = {"license:" + std::to_string(n % 7), "\"quoted\":*"};
    fact.patterns["latchkey"] = {};
    return fact;
}

inline ApiFact any_api(std::uint64_t n) {
    ApiFact fact;
    fact.id = make_id<ApiId>(n);
    fact.slug = "api-" + std::to_string(n);
    fact.audience = "https://api.example/" + std::to_string(n);
    fact.is_default = n == 0;
    return fact;
}

inline KeyFact any_key(std::uint64_t n) {
    KeyFact fact;
    fact.kid = "key-" + std::to_string(n);
    fact.is_compromised = n % 2 == 1;
    fact.is_retired = n % 3 == 2;
    return fact;
}

inline ProjectFact any_project(std::uint64_t n) {
    return {.id = make_id<ProjectId>(n % 5), .is_deleted = n / 5 % 2 == 1};
}

inline MembershipFact any_membership(std::uint64_t n) {
    MembershipFact fact;
    fact.project = make_id<ProjectId>(n % 4);
    fact.user = make_id<UserId>(n % 5);
    fact.is_removed = n % 6 == 5;
    if (n % 3 == 0) fact.custom_role = make_id<RoleId>(n % 2);
    return fact;
}

inline GrantFact any_grant(std::uint64_t n) {
    GrantFact fact;
    fact.project = make_id<ProjectId>(n % 4);
    fact.kind = static_cast<PrincipalKind>(1 + n / 4 % 2);
    fact.principal = fact.kind == PrincipalKind::kToken ? make_id<TokenId>(n % 6).bytes
                                                        : make_id<UserId>(n % 5).bytes;
    fact.is_removed = n % 7 == 6;
    if (n % 3 != 2) fact.policy = to_text(Policy::allowing({"license:" + std::to_string(n % 7)}));
    return fact;
}

inline AccessFact any_access(std::uint64_t n) {
    return {.id = make_id<AccessId>(n),
            .token = make_id<TokenId>(n % 6),
            .expires_at = Timestamp::from_seconds(static_cast<std::int64_t>(n))};
}

// The canonical body of an event with these facts.
inline std::string make_body(const std::vector<Fact>& facts) {
    json::array listed;
    for (const Fact& fact : facts) {
        listed.emplace_back(to_json(fact));
    }
    json::object data;
    data["facts"] = std::move(listed);
    json::object body;
    body["data"] = std::move(data);
    body["type"] = "test";
    return canonical_json(body);
}

}  // namespace latchkey::verify
