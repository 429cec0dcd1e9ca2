// POST /oauth2/revoke: who holds a token may end it.
#include "api/oauth_testing.h"
#include "authority/load_replica.h"
#include "authority/revoke_presented.h"
#include "token/access_token.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::form_of;
using testing::Reply;

class RevokeTest : public testing::OAuthTest {
protected:
    Reply revoke(const std::string& token, Fields fields = {}) {
        fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        return ask("POST", "/oauth2/revoke", fields,
                   token.empty() ? "" : form_of({{"token", token}}));
    }
    void expect_done(const Reply& reply) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.body, "");
        EXPECT_EQ(reply.field("Cache-Control"), "no-store");
    }
    std::uint64_t revision() { return authority->replica().position().revision; }
    std::string of_holder() {
        return check("/check/api/billing/project/" + project_, access_token());
    }
};

TEST_F(RevokeTest, HoldingATokenIsEnoughToEndIt) {
    for (const auto kind : {store::TokenKind::kJwt, store::TokenKind::kOpaque}) {
        authority::CreateToken wanted;
        wanted.name = "lost";
        wanted.api = "billing";
        wanted.kind = kind;
        wanted.allowed_ips = {"192.0.2.0/24"};  // also from elsewhere
        const auto made = create(as_alice_, wanted).value();
        const std::string secret(made.text.expose());
        expect_done(revoke(secret));
        EXPECT_EQ(check("/check/api/billing", secret), "revoked");
        const auto seen = ask("GET", "/v1/tokens/" + made.token.id.uuid(), bearer(session(alice_)));
        EXPECT_EQ(seen.text("state"), "revoked");
        const auto before = revision();
        expect_done(revoke(secret));
        EXPECT_EQ(revision(), before);
    }
    const auto events = ask("GET", "/v1/events?type=token.revoked", bearer(session(admin_)));
    EXPECT_EQ(events.json().as_array().size(), 2U) << events.body;
}

// It was rotated because it leaked: who has the old secret must not end the new one with it.
TEST_F(RevokeTest, ASecretThatWasReplacedEndsNothing) {
    for (const bool has_grace : {false, true}) {
        const auto made = token(as_alice_, "billing", {});
        const std::string old(made.text.expose());
        const auto rotated =
            ask("POST", "/v1/tokens/" + made.token.id.uuid() + "/rotate", bearer(session(alice_)),
                has_grace ? R"({"graceSeconds":60})" : R"({"graceSeconds":0})");
        ASSERT_EQ(rotated.status, 200) << rotated.body;
        clock.advance(std::chrono::seconds(60));
        const auto before = revision();
        expect_done(revoke(old));
        EXPECT_EQ(revision(), before);
        EXPECT_EQ(check("/check/api/billing", rotated.text("token")), "active");
        expect_done(revoke(rotated.text("token")));
        EXPECT_EQ(check("/check/api/billing", rotated.text("token")), "revoked");
    }
}

TEST_F(RevokeTest, NoBodyIsNeededBesideTheAuthorizationField) {
    const auto made = token(as_alice_, "billing", {});
    const std::string secret(made.text.expose());
    EXPECT_EQ(ask("POST", "/oauth2/revoke?token=x", bearer(secret)).status, 400);
    EXPECT_EQ(ask("POST", "/oauth2/revoke").status, 400);
    EXPECT_EQ(check("/check/api/billing", secret), "active");
    EXPECT_EQ(ask("POST", "/oauth2/revoke", bearer(secret)).status, 200);
    EXPECT_EQ(check("/check/api/billing", secret), "revoked");
}

TEST_F(RevokeTest, AFormWithoutATokenDoesNotEndTheOneThatCalls) {
    const auto made = token(as_alice_, "billing", {});
    const std::string secret(made.text.expose());
    for (const char* form : {"tokne=x", "token=", "token_type_hint=access_token", ""}) {
        auto fields = bearer(secret);
        fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        const auto reply = ask("POST", "/oauth2/revoke", fields, form);
        expect_error(reply, "invalid_request");
    }
    EXPECT_EQ(check("/check/api/billing", secret), "active");
}

TEST_F(RevokeTest, ATokenMayComeInTheAuthorizationFieldAlone) {
    for (const bool is_basic : {false, true}) {
        const auto made = token(as_alice_, "billing", {});
        const std::string secret(made.text.expose());
        expect_done(
            ask("POST", "/oauth2/revoke", is_basic ? testing::basic(secret) : bearer(secret)));
        EXPECT_EQ(check("/check/api/billing", secret), "revoked");
    }
    expect_error(revoke(""), "invalid_request");
}

TEST_F(RevokeTest, WhatNobodyKnowsIsAnsweredAlike) {
    const auto before = revision();
    for (const char* text : {"garbage", "lkp_AAAA", "lks_AAAA", "e30.e30.e30"}) {
        expect_done(revoke(text));
    }
    EXPECT_EQ(revision(), before);
}

TEST_F(RevokeTest, AnAccessTokenDiesAloneAndForGood) {
    const auto dead = access_token();
    const auto alive = access_token();
    const auto path = "/check/api/billing/project/" + project_;
    ASSERT_EQ(check(path, dead), "active");
    const auto before = revision();
    expect_done(revoke(dead));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(check(path, dead), "revoked");
    EXPECT_EQ(check(path, alive), "active");
    expect_done(revoke(dead));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(of_holder(), "active");
    const auto events = ask("GET", "/v1/events?type=access.revoked", bearer(session(admin_)));
    ASSERT_EQ(events.json().as_array().size(), 1U) << events.body;
    EXPECT_NE(events.body.find(std::string(claims_of(dead).at("jti").as_string())),
              std::string::npos);
}

TEST_F(RevokeTest, ItSurvivesARestart) {
    const auto dead = access_token();
    expect_done(revoke(dead));
    verify::Replica fresh;
    const auto claims = parse_access_claims(claims_of(dead)).value();
    ASSERT_TRUE(authority::load_replica(authority->store(), fresh, clock.now()));
    const auto fresh_reader = fresh.make_reader();
    const verify::ReadGuard guard(*fresh_reader);
    EXPECT_TRUE(fresh_reader->is_access_revoked(std::vector{claims.id}));
}

TEST_F(RevokeTest, SoManyAreRememberedForOneTokenAndTheTokenItselfCanAlwaysGo) {
    const auto claims = parse_access_claims(claims_of(access_token())).value();
    const auto one = [&](std::uint64_t number) {
        authority::PresentedAccess access{{}, claims.client, alice_.id, claims.expires_at};
        std::memcpy(access.id.bytes.data(), &number, sizeof number);
        return authority->store().mutate(
            [&](store::Transaction& tx) { return authority::revoke_presented_access(tx, access); });
    };
    for (std::uint64_t i = 0; i < authority::kRevokedAccessMax; ++i) {
        ASSERT_TRUE(one(i));
    }
    const auto refused = one(authority::kRevokedAccessMax);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
    const auto last = access_token();
    EXPECT_EQ(revoke(last).status, 429);
    // Nothing half done: it lives on until its key token goes.
    EXPECT_EQ(check("/check/api/billing/project/" + project_, last), "active");
}

TEST_F(RevokeTest, ASessionEndsToo) {
    const auto secret = session(alice_);
    ASSERT_EQ(ask("GET", "/v1/sessions", bearer(secret)).status, 200);
    expect_done(revoke(secret));
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(secret)).status, 401);
}

}  // namespace
}  // namespace latchkey::api
