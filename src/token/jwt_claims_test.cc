#include "token/jwt_claims.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

JwtClaims full_claims() {
    JwtClaims claims;
    claims.audience = "https://api.example";
    claims.issued_at = Timestamp::from_seconds(1'800'000'000);
    claims.issuer = "https://tokens.example";
    claims.id = *SecretId::parse("01963b2a-4c00-7000-8000-0123456789ab");
    claims.subject = *UserId::parse("01963b2a-4c00-7000-8000-0123456789ac");
    claims.expires_at = Timestamp::from_seconds(1'800'086'400);
    claims.scopes = *ScopeSet::parse("license:read license:write");
    claims.status = StatusReference{4711, "https://tokens.example/status/1"};
    claims.token_id = *TokenId::parse("01963b2a-4c00-7000-8000-0123456789ad");
    return claims;
}

TEST(JwtClaims, MembersStandInTheirOrder) {
    const JwtClaims claims = full_claims();
    EXPECT_EQ(to_json(to_claims(claims)),
              R"({"aud":["https://api.example"],"iat":1800000000,"iss":"https://tokens.example",)"
              R"("jti":")" +
                  claims.id.shortuuid() +
                  R"(","nbf":1800000000,"sub":"01963b2a-4c00-7000-8000-0123456789ac",)"
                  R"("exp":1800086400,"scope":"license:read license:write",)"
                  R"("status":{"status_list":{"idx":4711,)"
                  R"("uri":"https://tokens.example/status/1"}},"token_id":")" +
                  claims.token_id->shortuuid() + R"("})");
    EXPECT_EQ(claims.id.shortuuid().size(), 22U);
}

TEST(JwtClaims, WhatATokenDoesNotHaveIsLeftOut) {
    JwtClaims claims = full_claims();
    claims.expires_at.reset();
    claims.scopes = ScopeSet();
    claims.status.reset();
    claims.token_id.reset();
    EXPECT_EQ(to_claims(claims).size(), 6U);
    const auto again = parse_claims(to_claims(claims));
    ASSERT_TRUE(again.has_value());
    EXPECT_FALSE(again->expires_at || again->status || again->token_id);
    EXPECT_TRUE(again->scopes.empty());
}

TEST(JwtClaims, SurviveTheirJson) {
    const JwtClaims claims = full_claims();
    const auto parsed = parse_json(to_json(to_claims(claims)));
    ASSERT_TRUE(parsed.has_value());
    const auto again = parse_claims(parsed->get_object());
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->audience, claims.audience);
    EXPECT_EQ(again->issued_at, claims.issued_at);
    EXPECT_EQ(again->issuer, claims.issuer);
    EXPECT_EQ(again->id, claims.id);
    EXPECT_EQ(again->subject, claims.subject);
    EXPECT_EQ(again->expires_at, claims.expires_at);
    EXPECT_EQ(again->scopes, claims.scopes);
    EXPECT_EQ(again->status, claims.status);
    EXPECT_EQ(again->token_id, claims.token_id);
}

TEST(JwtClaims, ClaimsOfAnotherFormAreRefusedByName) {
    struct Case {
        const char* claim;
        const char* value;
    };
    const Case cases[] = {
        {"aud", R"("https://api.example")"},
        {"aud", R"(["a","b"])"},
        {"aud", "[]"},
        {"aud", "[1]"},
        {"aud", R"([""])"},
        {"iat", R"("1800000000")"},
        {"iat", "1800000000.0"},
        {"iat", "1.8e9"},
        {"iat", "-1"},
        {"iat", "9223372036854775808"},
        {"exp", "253402300800"},
        {"exp", "null"},
        {"exp", "true"},
        {"nbf", "1800000001"},
        {"iss", "[]"},
        {"iss", R"("")"},
        {"jti", R"("short")"},
        {"sub", "1"},
        {"sub", R"("root")"},
        {"scope", "[]"},
        {"scope", R"("read")"},
        {"status", "{}"},
        {"status", "1"},
        {"token_id", R"("x")"},
        {"status", R"({"status_list":{"idx":-1,"uri":"u"}})"},
        {"status", R"({"status_list":{"idx":1}})"},
        {"status", R"({"status_list":{"idx":1.5,"uri":"u"}})"},
    };
    for (const auto& each : cases) {
        json::object claims = to_claims(full_claims());
        claims[each.claim] = *parse_json(each.value);
        const auto parsed = parse_claims(claims);
        ASSERT_FALSE(parsed.has_value()) << each.claim << each.value;
        EXPECT_EQ(parsed.error().reason, "malformed_token");
        // A changed iat is found out by nbf when it is a time at all.
        EXPECT_EQ(parsed.error().field, std::string("/") + each.claim) << each.value;
    }
    for (const char* needed : {"aud", "iat", "iss", "jti", "nbf", "sub"}) {
        json::object claims = to_claims(full_claims());
        claims.erase(needed);
        EXPECT_FALSE(parse_claims(claims).has_value()) << needed;
    }
}

TEST(JwtClaims, ClaimsOfTomorrowAreIgnored) {
    json::object claims = to_claims(full_claims());
    claims["cnf"] = json::object{};
    EXPECT_TRUE(parse_claims(claims).has_value());
}

}  // namespace
}  // namespace latchkey
