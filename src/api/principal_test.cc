#include "api/principal.h"

#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;

class PrincipalTest : public testing::ApiTest {
protected:
    // The address that a request from `peer` with these fields counts as coming from.
    std::string address(const char* peer, const Fields& sent) {
        std::vector<http::Field> fields;
        for (const auto& [name, value] : sent) {
            fields.push_back({name, value});
        }
        http::Request request;
        request.fields = fields;
        request.peer = *parse_address(peer);
        return format_address(client_address(*services_, request));
    }
};

TEST_F(PrincipalTest, AForwardedAddressCountsOnlyFromATrustedProxy) {
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.7"}}), "10.0.0.1");
    services_->trusted_proxies = {{*parse_address("10.0.0.0"), 96 + 8}};
    EXPECT_EQ(address("192.0.2.1", {{"X-Forwarded-For", "203.0.113.7"}}), "192.0.2.1");
    EXPECT_EQ(address("10.0.0.1", {}), "10.0.0.1");
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.7"}}), "203.0.113.7");
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 203.0.113.7"}}), "203.0.113.7");
    EXPECT_EQ(address("10.0.0.1", {{"X-Real-IP", "203.0.113.7"}}), "203.0.113.7");
    EXPECT_EQ(address("10.0.0.1", {{"x-forwarded-for", "2001:db8::1"}}), "2001:db8::1");
}

// A proxy may add a line of its own below the one a client sent.
TEST_F(PrincipalTest, WhatAClientSentBeforeTheProxyNeverCounts) {
    services_->trusted_proxies = {{*parse_address("10.0.0.0"), 96 + 8}};
    EXPECT_EQ(
        address("10.0.0.1", {{"X-Forwarded-For", "10.0.0.9"}, {"X-Forwarded-For", "203.0.113.7"}}),
        "203.0.113.7");
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "a"},
                                   {"X-Real-IP", "6.6.6.6"},
                                   {"X-Forwarded-For", "203.0.113.7"}}),
              "203.0.113.7");
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "nonsense"}}), "");
    EXPECT_EQ(address("10.0.0.1", {{"X-Real-IP", "6.6.6.6"}, {"X-Real-IP", "203.0.113.7"}}), "");
}

TEST_F(PrincipalTest, EveryPresentationIsTheSamePerson) {
    const auto secret = session(alice_);
    for (const auto& fields : {bearer(secret), testing::basic(secret), testing::cookie(secret),
                               Fields{{"authorization", "bEaReR   " + secret}}}) {
        EXPECT_EQ(ask("GET", "/v1/users/me", fields).text("id"), alice_.id.uuid());
    }
    const auto made = token(as_alice_, "latchkey", {"account:read"});
    EXPECT_EQ(ask("GET", "/v1/users/me", testing::basic(made.text.expose())).text("presented"),
              "token");
}

TEST_F(PrincipalTest, AHeaderDecidesOverACookieAndTwoCookiesOverNothing) {
    const auto secret = session(alice_);
    auto both = testing::cookie(secret);
    both.emplace_back("Authorization", "Bearer garbage");
    EXPECT_EQ(ask("GET", "/v1/users/me", both).status, 401);
    const Fields twice = {
        {"Cookie", "latchkey_session=" + secret + "; latchkey_session=" + session(bob_)}};
    EXPECT_EQ(ask("GET", "/v1/users/me", twice).status, 401);
    const Fields lines = {{"Cookie", "latchkey_session=" + secret},
                          {"Cookie", "latchkey_session=" + secret}};
    EXPECT_EQ(ask("GET", "/v1/users/me", lines).status, 401);
    EXPECT_EQ(ask("GET", "/v1/users/me", {{"Cookie", "a=b; latchkey_session=" + secret + "; c=d"}})
                  .status,
              200);
    EXPECT_EQ(ask("GET", "/v1/users/me", {{"Cookie", "Latchkey_Session=" + secret}}).status, 401);
}

TEST_F(PrincipalTest, WhatIsNoTokenIsRefusedUnread) {
    for (const auto& value : std::vector<std::string>{
             "Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer \"x\"", "Token x",
             "Basic !!!", "Basic " + base64_encode("no colon"), "Basic " + base64_encode("user:"),
             "Bearer " + std::string(9000, 'a')}) {
        EXPECT_EQ(ask("GET", "/v1/users/me", {{"Authorization", value}}).status, 401) << value;
        EXPECT_EQ(ask("GET", "/check", {{"Authorization", value}}).status, 401) << value;
    }
}

TEST_F(PrincipalTest, AnotherSitesPageChangesNothing) {
    const auto secret = session(alice_, store::SessionKind::kPortal);
    const auto send = [&](const Fields& more) {
        auto fields = testing::cookie_with_csrf(secret);
        fields.insert(fields.end(), more.begin(), more.end());
        return ask("POST", "/v1/tokens", fields, R"({"name":"x"})").status;
    };
    EXPECT_EQ(send({}), 201);
    EXPECT_EQ(send({{"Origin", "http://127.0.0.1"}, {"Sec-Fetch-Site", "same-origin"}}), 201);
    for (const char* site : {"cross-site", "same-site", "SAME-ORIGIN"}) {
        EXPECT_EQ(send({{"Sec-Fetch-Site", site}}), 403) << site;
    }
    for (const char* origin : {"null", "https://evil.example", "http://127.0.0.1.evil.example",
                               "http://127.0.0.1:81", "127.0.0.1", ""}) {
        EXPECT_EQ(send({{"Origin", origin}}), 403) << origin;
    }
}

TEST_F(PrincipalTest, ChecksTakeNoCookieAndNoSession) {
    const auto secret = session(alice_);
    EXPECT_EQ(ask("GET", "/check", testing::cookie(secret)).status, 401);
    EXPECT_EQ(ask("GET", "/check", bearer(secret)).status, 401);
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto yes = ask("POST", "/check/scope/license:read?scope=x", bearer(made.text.expose()));
    EXPECT_EQ(yes.status, 200);
    EXPECT_EQ(yes.field("Latchkey-Token-Id"), made.token.id.uuid());
    EXPECT_EQ(yes.field("Latchkey-Owner"), alice_.id.uuid());
    EXPECT_EQ(yes.field("Latchkey-Scopes"), "license:read");
    EXPECT_EQ(yes.field("Latchkey-Project"), "-");
    EXPECT_EQ(yes.field("Latchkey-Kind"), "jwt");
    const auto no = ask("GET", "/check/scope/license:write", bearer(made.text.expose()));
    EXPECT_EQ(no.status, 403);
    EXPECT_NE(no.field("WWW-Authenticate").find("license:write"), std::string::npos);
    EXPECT_EQ(ask("GET", "/check/api/latchkey", bearer(made.text.expose())).status, 401);
    EXPECT_EQ(ask("GET", "/check/scope/x", bearer(made.text.expose())).status, 400);
    EXPECT_EQ(ask("GET", "/check/nginx/scope/x", bearer(made.text.expose())).status, 403);
    const auto head = ask("HEAD", "/check", bearer(made.text.expose()));
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(ask("GET", "/check", bearer(made.text.expose())).status, 200);
}

TEST_F(PrincipalTest, AVerifierSeesOnlyTheApisItIsBoundTo) {
    add_api("other");
    const auto gateway = machine("gateway", "billing");
    const auto caller = verifier_token(gateway);
    const auto verify_as = [&](const authority::PreparedToken& asked, const std::string& api) {
        const auto reply = ask(
            "POST", "/v1/tokens/verify", bearer(caller.text.expose()),
            R"({"token":")" + std::string(asked.text.expose()) + R"(","api":")" + api + R"("})");
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.text("verdict");
    };
    const auto own = token(as_alice_, "billing", {});
    const auto foreign = token(as_alice_, "other", {});
    EXPECT_EQ(verify_as(own, "billing"), "active");
    EXPECT_EQ(verify_as(foreign, "other"), "unknown");
    EXPECT_EQ(verify_as(foreign, "billing"), "unknown");
    EXPECT_EQ(verify_as(caller, "latchkey"), "unknown");
    ASSERT_TRUE(change(as_alice_, own.token.id.uuid(), authority::TokenChange::kRevoke));
    EXPECT_EQ(verify_as(own, "billing"), "revoked");
}

}  // namespace
}  // namespace latchkey::api
