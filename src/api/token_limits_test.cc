// What binds a token beyond its scopes: how often, from where, from when on, and what a secret that
// is being replaced may still do.
#include <thread>

#include "api/testing.h"

namespace latchkey::api {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::bearer;
using testing::Reply;

class TokenLimitsTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        by_alice_ = bearer(session(alice_));
    }
    Reply make(const std::string& members) {
        auto made = ask("POST", "/v1/tokens", by_alice_,
                        R"({"name":"limited","kind":"opaque",)" + members + "}");
        EXPECT_EQ(made.status, 201) << made.body;
        return made;
    }
    std::string verdict(const std::string& secret, const std::string& path = "/check/api/billing") {
        return ask("GET", path, bearer(secret)).field("Latchkey-Verdict");
    }

    testing::Fields by_alice_;
};

TEST_F(TokenLimitsTest, ARateIsTheSameLimitAtEveryDoor) {
    const auto gateway = machine("gateway", "billing");
    const auto verifier = bearer(verifier_token(gateway).text.expose());
    const auto made = make(R"("api":"billing","scopes":["license:read"],)"
                           R"("rateLimit":{"requests":2,"seconds":60})");
    const auto secret = made.text("token");
    EXPECT_EQ(verdict(secret), "active");
    const std::string question = R"({"token":")" + secret + "\"}";
    const auto verified = ask("POST", "/v1/tokens/verify", verifier, question);
    EXPECT_EQ(verified.text("verdict"), "active") << verified.body;
    EXPECT_EQ(verdict(secret), "rate_limited");
    const auto denied = ask("POST", "/v1/tokens/verify", verifier, question).json().as_object();
    EXPECT_EQ(denied.at("verdict").as_string(), "rate_limited");
    EXPECT_EQ(denied.at("valid").as_bool(), false);
    EXPECT_EQ(denied.at("retryAfter").as_int64(), 30);
    clock.advance(seconds(30));
    EXPECT_EQ(verdict(secret), "active");
    EXPECT_EQ(verdict(secret), "rate_limited");
}

TEST_F(TokenLimitsTest, ATokensOwnCallsCount) {
    const auto made = make(R"("api":"latchkey","scopes":["token:read"],)"
                           R"("rateLimit":{"requests":2,"seconds":60})");
    const auto by = bearer(made.text("token"));
    const auto first = ask("GET", "/v1/tokens/self", by);
    EXPECT_EQ(first.field("RateLimit"), R"("token";r=1;t=30)");
    EXPECT_EQ(first.field("RateLimit-Policy"), R"("token";q=2;w=60)");
    EXPECT_EQ(ask("GET", "/v1/tokens", by).status, 200);
    const auto third = ask("GET", "/v1/tokens", by);
    EXPECT_EQ(third.status, 429) << third.body;
    EXPECT_EQ(third.text("code"), "rate_limited");
    EXPECT_EQ(third.field("Retry-After"), "30");
}

TEST_F(TokenLimitsTest, OnlyWhatWasAllowedCounts) {
    const auto made = make(R"("api":"billing","scopes":["license:read"],)"
                           R"("rateLimit":{"requests":1,"seconds":60})");
    const auto secret = made.text("token");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(verdict(secret, "/check/api/billing/scope/license:write"), "insufficient_scope");
        EXPECT_EQ(verdict(secret, "/check/api/latchkey"), "wrong_audience");
    }
    EXPECT_EQ(verdict(secret), "active");
    // What it may not do it is told before how often it may do it.
    EXPECT_EQ(verdict(secret, "/check/api/billing/scope/license:write"), "insufficient_scope");
    EXPECT_EQ(verdict(secret), "rate_limited");
}

TEST_F(TokenLimitsTest, WhatEndsFirstIsTheEndThatIsTold) {
    const auto end = format_rfc3339(clock.now() + hours(48));
    const auto made =
        make(R"("api":"billing","scopes":["license:read"],"expiresAt":")" + end + '"');
    const auto check = [&](const std::string& secret) {
        return ask("GET", "/check/api/billing", bearer(secret)).field("Token-Expires-At");
    };
    EXPECT_EQ(check(made.text("token")), end);
    const auto rotated = ask("POST", "/v1/tokens/" + made.text("id") + "/rotate", by_alice_, "{}");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    EXPECT_EQ(check(made.text("token")), format_rfc3339(clock.now() + hours(24)));
    EXPECT_EQ(check(rotated.text("token")), end);
    EXPECT_EQ(check(make(R"("api":"billing")").text("token")), "");
}

// Or whoever found the old one would keep what the rotation was to take from him.
TEST_F(TokenLimitsTest, ASecretThatIsBeingReplacedMakesNothingThatOutlivesIt) {
    const auto made = make(R"("api":"latchkey","scopes":["token:read","token:write"])");
    const auto rotate = "/v1/tokens/" + made.text("id") + "/rotate";
    const auto rotated = ask("POST", rotate, by_alice_, R"({"graceSeconds":3600})");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    const auto by_old = bearer(made.text("token"));
    const auto create = [&](const testing::Fields& by, const std::string& end) {
        return ask("POST", "/v1/tokens", by,
                   R"({"name":"x","kind":"opaque","api":"latchkey","scopes":["token:read"],)"
                   R"("expiresAt":)" +
                       end + "}");
    };
    EXPECT_EQ(create(by_old, "null").text("code"), "expiry_beyond_parent");
    EXPECT_EQ(create(by_old, "\"61m\"").text("code"), "expiry_beyond_parent");
    EXPECT_EQ(create(by_old, "\"50m\"").status, 201);
    EXPECT_EQ(ask("POST", rotate, by_old, "{}").text("code"), "expiry_beyond_parent");
    const auto by_new = bearer(rotated.text("token"));
    EXPECT_EQ(create(by_new, "null").status, 201);
    EXPECT_EQ(ask("POST", rotate, by_new, "{}").status, 200);
}

TEST_F(TokenLimitsTest, ALengthOfTimeIsAnEndToo) {
    const auto made = make(R"("api":"billing","expiresAt":"90m","notBefore":"30m")");
    EXPECT_EQ(made.text("expiresAt"), format_rfc3339(clock.now() + std::chrono::minutes(90)));
    EXPECT_EQ(verdict(made.text("token")), "not_yet_valid");
    clock.advance(std::chrono::minutes(30));
    EXPECT_EQ(verdict(made.text("token")), "active");
    clock.advance(std::chrono::minutes(60));
    EXPECT_EQ(verdict(made.text("token")), "expired");
}

// Its claims are a ceiling: what a wider rotation gives is for the new secret.
TEST_F(TokenLimitsTest, AJwtThatIsBeingReplacedGainsNothing) {
    const auto made = ask("POST", "/v1/tokens", by_alice_,
                          R"({"name":"a jwt","api":"billing","scopes":["license:read"]})");
    const auto rotated = ask("POST", "/v1/tokens/" + made.text("id") + "/rotate", by_alice_,
                             R"({"scopes":["license:read","license:write"]})");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    const std::string write = "/check/api/billing/scope/license:write";
    EXPECT_EQ(verdict(made.text("token")), "active");
    EXPECT_EQ(verdict(made.text("token"), write), "insufficient_scope");
    EXPECT_EQ(verdict(rotated.text("token"), write), "active");
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(made.text("token"))).field("Latchkey-Scopes"),
              "license:read");
}

TEST_F(TokenLimitsTest, AJwtThatIsBeingReplacedIsToldWhatItMayDoItself) {
    const auto made = ask("POST", "/v1/tokens", by_alice_,
                          R"({"name":"a jwt","api":"billing","scopes":["license:read"]})");
    const auto rotated = ask("POST", "/v1/tokens/" + made.text("id") + "/rotate", by_alice_,
                             R"({"scopes":["license:read","license:write"]})");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    const auto self = [&](const Reply& whose) {
        const auto told = ask("GET", "/v1/tokens/self", bearer(whose.text("token"))).json();
        return to_json(told.at("scopes")) + to_json(told.at("effectiveScopes"));
    };
    EXPECT_EQ(self(made), R"(["license:read"]["license:read"])");
    EXPECT_EQ(self(rotated), R"(["license:read","license:write"]["license:read","license:write"])");
}

TEST_F(TokenLimitsTest, ARateThatMakesNoSenseIsRefused) {
    for (const char* rate :
         {"5", "[]", R"({"requests":1})", R"({"requests":1,"seconds":1,"burst":2})",
          R"({"requests":0,"seconds":1})", R"({"requests":1,"seconds":0})",
          R"({"requests":-1,"seconds":1})", R"({"requests":1.5,"seconds":1})",
          R"({"requests":1000001,"seconds":1})", R"({"requests":1,"seconds":86401})",
          R"({"requests":"1","seconds":1})"}) {
        const auto reply =
            ask("POST", "/v1/tokens", by_alice_,
                R"({"name":"x","api":"billing","rateLimit":)" + std::string(rate) + "}");
        EXPECT_TRUE(reply.status == 400 || reply.status == 422) << rate << reply.body;
    }
}

// Counted by two reactors at once, a limit is still exact.
TEST_F(TokenLimitsTest, ConcurrentUsesGetTheBurstExactly) {
    const auto made = make(R"("api":"billing","scopes":["license:read"],)"
                           R"("rateLimit":{"requests":500,"seconds":3600})");
    const auto secret = made.text("token");
    std::atomic<int> allowed{0};
    std::vector<std::thread> users;
    for (int i = 0; i < 4; ++i) {
        users.emplace_back([&] {
            auto client = connect();
            for (int n = 0; n < 250; ++n) {
                const auto reply = client.ask("GET", "/check/api/billing", bearer(secret));
                allowed += reply.status == 200 ? 1 : 0;
            }
        });
    }
    for (auto& user : users) {
        user.join();
    }
    EXPECT_EQ(allowed, 500);
}

}  // namespace
}  // namespace latchkey::api
