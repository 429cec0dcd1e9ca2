#include "token/access_token.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "token/jws.h"

namespace latchkey {
namespace {

constexpr std::string_view kClient = "01930000-0000-7000-8000-000000000001";
constexpr std::string_view kProject = "01930000-0000-7000-8000-000000000002";

AccessClaims some_claims() {
    AccessClaims claims;
    claims.issuer = "https://latchkey.example";
    claims.audience = "licenses";
    claims.client = *TokenId::parse(kClient);
    claims.client_key = base64url_encode(std::string(32, 'k'));
    claims.project = *ProjectId::parse(kProject);
    claims.scopes = *ScopeSet::parse("license:read log:*");
    claims.requested = *ScopeSet::parse("license:read");
    claims.issued_at = Timestamp::from_seconds(1'800'000'000);
    claims.expires_at = Timestamp::from_seconds(1'800'003'600);
    claims.id = *parse_access_id("Wm9ss7cPjQ6aWm9ss7cPjQ");
    return claims;
}

TEST(AccessToken, ClaimsAreThoseOfRfc9068InAFixedOrder) {
    EXPECT_EQ(to_json(to_claims(some_claims())),
              R"({"aud":["licenses"],"client_id":"01930000-0000-7000-8000-000000000001",)"
              R"("sub":"01930000-0000-7000-8000-000000000001","exp":1800003600,"iat":1800000000,)"
              R"("iss":"https://latchkey.example","jti":"Wm9ss7cPjQ6aWm9ss7cPjQ",)"
              R"("scope":"license:read log:*",)"
              R"("client_key":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s",)"
              R"("project_id":"01930000-0000-7000-8000-000000000002",)"
              R"("requested_scope":"license:read"})");
}

TEST(AccessToken, ClaimsSurviveTheirText) {
    AccessClaims claims = some_claims();
    for (int round = 0; round < 2; ++round) {
        const auto again = parse_access_claims(to_claims(claims));
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_EQ(again->issuer, claims.issuer);
        EXPECT_EQ(again->audience, claims.audience);
        EXPECT_EQ(again->client, claims.client);
        EXPECT_EQ(again->client_key, claims.client_key);
        EXPECT_EQ(again->project, claims.project);
        EXPECT_EQ(again->scopes, claims.scopes);
        EXPECT_EQ(again->requested, claims.requested);
        EXPECT_EQ(again->issued_at, claims.issued_at);
        EXPECT_EQ(again->expires_at, claims.expires_at);
        EXPECT_EQ(again->id, claims.id);
        claims.project.reset();
        claims.requested.reset();
        claims.scopes = ScopeSet();
    }
}

TEST(AccessToken, WhatWasDerivedSaysFromWhatForWhomAndToWhichKeyItIsBound) {
    AccessClaims claims = some_claims();
    claims.client_key.clear();
    claims.client_secret = sha256("a secret");
    claims.derived_from = {*parse_access_id("AAAAAAAAAAAAAAAAAAAAAA"),
                           *parse_access_id("AAAAAAAAAAAAAAAAAAAAAQ")};
    claims.actor = *TokenId::parse(kProject);
    claims.holder_key = sha256("a key");
    const auto written = to_claims(claims);
    EXPECT_FALSE(written.contains("client_key"));
    const auto again = parse_access_claims(written);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->derived_from, claims.derived_from);
    EXPECT_EQ(again->holder_key, claims.holder_key);
    EXPECT_EQ(facts_digest(*again), sha256("a secret"));
    EXPECT_EQ(facts_digest(some_claims()),
              key_digest(some_claims().client, some_claims().client_key));
    claims.derived_from.resize(kDerivationsMax + 1);
    EXPECT_FALSE(parse_access_claims(to_claims(claims)));
}

TEST(AccessToken, ACeilingOfNothingStaysACeiling) {
    AccessClaims claims = some_claims();
    claims.requested = ScopeSet();
    const auto again = parse_access_claims(to_claims(claims));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    ASSERT_TRUE(again->requested.has_value());
    EXPECT_TRUE(again->requested->empty());
}

TEST(AttackA16, AccessClaimsOfTheWrongTypeAreRefused) {
    struct Case {
        const char* claim;
        const char* value;
    };
    for (const auto& each : std::vector<Case>{
             {"aud", R"("licenses")"},
             {"aud", "[]"},
             {"aud", R"(["licenses","more"])"},
             {"aud", "[1]"},
             {"client_id", R"("AAAAAAAAAAAAAAAAAAAAAA")"},
             {"client_id", R"("01930000-0000-7000-8000-00000000000A")"},
             {"client_id", "1"},
             {"sub", R"("01930000-0000-7000-8000-000000000002")"},
             {"exp", R"("1800003600")"},
             {"exp", "1800003600.5"},
             {"exp", "-1"},
             {"exp", "9223372036854775808"},
             {"exp", "1800000000"},
             {"exp", "null"},
             {"iat", "1e9"},
             {"iss", "[]"},
             {"iss", R"("")"},
             {"jti", "1"},
             {"jti", R"("")"},
             {"jti", R"("Wm9ss7cPjQ6a")"},
             {"derived_from", R"("Wm9ss7cPjQ6aWm9ss7cPjQ")"},
             {"derived_from", "[1]"},
             {"derived_from", R"(["a"])"},
             {"client_secret_hash", R"("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s")"},
             {"cnf", "null"},
             {"cnf", "{}"},
             {"cnf", R"({"jkt":"short"})"},
             {"cnf", R"({"x5t#S256":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"})"},
             {"scope", R"(["license:read"])"},
             {"scope", R"("read")"},
             {"client_key", R"("short")"},
             {"client_key", "null"},
             {"project_id", R"("nil")"},
             {"project_id", "null"},
             {"requested_scope", "null"},
             {"requested_scope", R"("*:")"},
         }) {
        json::object claims = to_claims(some_claims());
        claims[each.claim] = *parse_json(each.value);
        const auto parsed = parse_access_claims(claims);
        ASSERT_FALSE(parsed.has_value()) << each.claim << " " << each.value;
        EXPECT_EQ(parsed.error().reason, "malformed_token");
    }
    for (const char* claim :
         {"aud", "client_id", "sub", "exp", "iat", "iss", "jti", "client_key"}) {
        json::object claims = to_claims(some_claims());
        claims.erase(claim);
        EXPECT_FALSE(parse_access_claims(claims).has_value()) << claim;
    }
    json::object more = to_claims(some_claims());
    more["unheard_of"] = json::object{};
    EXPECT_TRUE(parse_access_claims(more).has_value());
}

TEST(AttackA12, AnAccessTokenIsNoTokenOfAnotherKind) {
    const auto key = SigningKey::generate();
    const std::string token = sign_jws(key, kAccessTokenTyp, key.kid(), to_claims(some_claims()));
    EXPECT_TRUE(verify_jws(token, key.public_key(), TypPolicy::exactly(kAccessTokenTyp)));
    EXPECT_FALSE(verify_jws(token, key.public_key(), TypPolicy::absent_or("JWT")));
    EXPECT_FALSE(verify_jws(sign_jws(key, "JWT", "", to_claims(some_claims())), key.public_key(),
                            TypPolicy::exactly(kAccessTokenTyp)));
}

TEST(AccessToken, AKeysDigestDependsOnTheTokenAndTheKey) {
    const auto one = *TokenId::parse(kClient);
    const auto two = *TokenId::parse(kProject);
    EXPECT_EQ(key_digest(one, "a"), key_digest(one, "a"));
    EXPECT_NE(key_digest(one, "a"), key_digest(one, "b"));
    EXPECT_NE(key_digest(one, "a"), key_digest(two, "a"));
    // What it hashes holds a zero byte, and so cannot be presented.
    EXPECT_EQ(key_digest(one, "a"),
              sha256(std::string("latchkey key\0", 13) + std::string(one.raw()) + "a"));
}

}  // namespace
}  // namespace latchkey
