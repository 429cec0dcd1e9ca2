// Conversations as Cape's command line has them, word for word.
#include "api/oauth_testing.h"
#include "dialects/cape/edge.h"
#include "dialects/testing.h"
#include "token/jws.h"

namespace latchkey::dialects {
namespace {

using api::testing::form_of;
using api::testing::Parameters;

constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:device_code";

class Cape : public testing::DialectTest {
protected:
    std::unique_ptr<api::Edge> make_edge(api::Services& services) override {
        return make_cape(services, {"http://localhost:2779"});
    }
    Reply form(const std::string& target, const Parameters& parameters) {
        return say("POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}},
                   form_of(parameters));
    }
    Reply start() {
        auto reply = form("/oauth/device/code", {{"audience", "https://app.example.com/v1/"},
                                                 {"client_id", "oXITxpCdjvRYSDJtaMeycvveqE9qadUS"},
                                                 {"scope", "openid profile email offline_access"}});
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply;
    }
    Reply poll(const Reply& started) {
        return form("/oauth/token", {{"client_id", "oXITxpCdjvRYSDJtaMeycvveqE9qadUS"},
                                     {"client_secret", ""},
                                     {"device_code", started.text("device_code")},
                                     {"grant_type", kGrant}});
    }
    Reply poll_later(const Reply& started) {
        clock.advance(seconds(6));
        return poll(started);
    }
    Reply approve(const Reply& started) {
        const auto by = bearer(session(dora_, store::SessionKind::kPortal));
        return ask("POST", "/v1/device/" + started.text("user_code"), by,
                   R"({"approve":true,"password":")" + std::string(kPassword) + "\"}");
    }
    // As the command line sends it: every member but the end, and no type.
    Reply create(const Fields& by, const std::string& name, const std::string& more = {}) {
        return say_untyped("POST", "/v1/token", by,
                           R"({"name":)" + json_quoted(name) +
                               R"(,"description":"for testing","function_id":"")" + more + "}");
    }
    // The id of a token's jwt is the id that lists show.
    Held made(const Fields& by, const std::string& name, const std::string& more = {}) {
        const auto reply = create(by, name, more);
        EXPECT_EQ(reply.status, 201) << reply.body;
        Held held;
        held.secret = reply.text("token");
        const auto parsed = parse_unverified(held.secret);
        if (parsed) held.id = parsed->claims.at("jti").as_string();
        return held;
    }
    static std::string error(const std::string& text) {
        return R"({"error":)" + json_quoted(text) + "}";
    }
    std::string check(const std::string& secret) {
        return ask("GET", "/check", bearer(secret)).field("Latchkey-Verdict");
    }
};

TEST_F(Cape, LogsInOnADeviceWithThePortalsPage) {
    const auto started = start();
    const auto code = started.text("user_code");
    const auto page = services_->issuer() + "/device";
    expect(started, 200,
           R"({"device_code":")" + started.text("device_code") + R"(","user_code":")" + code +
               R"(","verification_uri":")" + page + R"(","verification_uri_complete":")" + page +
               "?user_code=" + code + R"(","expires_in":900,"interval":5})");
    expect(poll(started), 400,
           R"({"error":"authorization_pending","error_description":"Nobody has decided yet."})");
    const auto seen =
        ask("GET", "/v1/device/" + code, bearer(session(dora_, store::SessionKind::kPortal)));
    EXPECT_EQ(seen.text("client"), "cape");
    EXPECT_EQ(approve(started).status, 204);
    const auto got = poll_later(started);
    const auto secret = got.text("access_token");
    expect(got, 200,
           R"({"access_token":")" + secret +
               R"(","token_type":"Bearer","expires_in":2592000,"session":true})");
    EXPECT_EQ(got.field("Cache-Control"), "no-store");
    expect(say("GET", "/v1/tokens", bearer(secret)), 200, "[]");
    EXPECT_EQ(ask("GET", "/v1/users/me", bearer(secret)).text("email"), "dora@example.com");
}

TEST_F(Cape, SaysOfALoginWhatItsClientActsOn) {
    const auto error_of = [](const Reply& reply) { return reply.text("error"); };
    auto started = start();
    EXPECT_EQ(error_of(poll(started)), "authorization_pending");
    EXPECT_EQ(error_of(poll(started)), "slow_down");
    const auto by = bearer(session(dora_, store::SessionKind::kPortal));
    EXPECT_EQ(
        ask("POST", "/v1/device/" + started.text("user_code"), by, R"({"approve":false})").status,
        204);
    clock.advance(seconds(11));
    EXPECT_EQ(error_of(poll(started)), "access_denied");
    started = start();
    clock.advance(minutes(15));
    EXPECT_EQ(error_of(poll(started)), "expired_token");
    EXPECT_EQ(error_of(form("/oauth/token", {{"grant_type", kGrant}, {"device_code", "lkd_x"}})),
              "invalid_grant");
    EXPECT_EQ(error_of(form("/oauth/token", {{"grant_type", kGrant}})), "invalid_request");
    EXPECT_EQ(error_of(form("/oauth/token", {{"grant_type", "refresh_token"}})),
              "unsupported_grant_type");
    EXPECT_EQ(error_of(say("POST", "/oauth/token", {}, "{}")), "invalid_request");
    EXPECT_EQ(error_of(say("POST", "/oauth/device/code?client_id=x", {}, "")), "invalid_request");
}

TEST_F(Cape, NoPageBeginsALogin) {
    for (const char* name : {"Origin", "Sec-Fetch-Site"}) {
        for (int i = 0; i < 30; ++i) {
            const auto reply =
                say("POST", "/oauth/device/code",
                    {{"Content-Type", "application/x-www-form-urlencoded"}, {name, "null"}}, "a=b");
            ASSERT_EQ(reply.status, 403) << reply.body;
        }
    }
    start();
}

TEST_F(Cape, ACodeIsOfTheClientThatAskedForIt) {
    const auto started = start();
    EXPECT_EQ(approve(started).status, 204);
    const Fields type = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto stolen = ask("POST", "/oauth2/token", type,
                            form_of({{"grant_type", kGrant},
                                     {"client_id", "latchkey-cli"},
                                     {"device_code", started.text("device_code")}}));
    EXPECT_EQ(stolen.text("error"), "invalid_grant");
    const auto ours =
        ask("POST", "/oauth2/device_authorization", type, form_of({{"client_id", "latchkey-cli"}}));
    EXPECT_EQ(approve(ours).status, 204);
    EXPECT_EQ(poll(ours).text("error"), "invalid_grant");
    EXPECT_EQ(poll(started).status, 200);
}

TEST_F(Cape, MakesListsAndDeletesTokens) {
    expect(say("GET", "/v1/tokens", by_dora_), 200, "[]");
    const auto made_at = format_rfc3339(clock.now());
    const auto reply = create(by_dora_, "my-token");
    const auto secret = reply.text("token");
    expect(reply, 201, R"({"token":")" + secret + "\"}");
    EXPECT_EQ(reply.field("Cache-Control"), "no-store");
    const auto claims = parse_unverified(secret).value().claims;
    EXPECT_EQ(to_json(claims.at("aud")), R"(["https://billing.example.com"])");
    EXPECT_EQ(claims.at("iss").as_string(), services_->issuer());
    EXPECT_EQ(claims.at("sub").as_string(), dora_.id.uuid());
    EXPECT_EQ(claims.at("nbf"), claims.at("iat"));
    EXPECT_FALSE(claims.contains("exp"));
    const std::string id(claims.at("jti").as_string());

    clock.advance(seconds(1));
    const auto second = made(by_dora_, "second", R"(,"expiry":")" + now_plus(hours(1)) + "\"");
    const std::string first_row = R"({"id":")" + id +
                                  R"(","name":"my-token","description":"for testing",)" +
                                  R"("created_at":")" + made_at + "\"";
    const std::string second_row = R"({"id":")" + second.id +
                                   R"(","name":"second","description":"for testing",)" +
                                   R"("created_at":")" + format_rfc3339(clock.now()) +
                                   R"(","expiry":")" + now_plus(hours(1)) + "\"}";
    expect(say("GET", "/v1/tokens", by_dora_), 200, "[" + first_row + "}," + second_row + "]");

    EXPECT_EQ(check(secret), "active");
    expect(say("DELETE", "/v1/token/" + id, by_dora_), 200, "{}");
    EXPECT_EQ(check(secret), "revoked");
    EXPECT_EQ(check(second.secret), "active");
    expect(say("GET", "/v1/tokens", by_dora_), 200, "[" + second_row + "]");
    expect(say("DELETE", "/v1/token/" + id, by_dora_), 404,
           R"({"error":"there is no such token"})");
    clock.advance(hours(1));
    EXPECT_EQ(check(second.secret), "expired");
}

TEST_F(Cape, TokensMayDoAllThatTheirOwnerMayAndSaySo) {
    const auto token = made(by_dora_, "all");
    const auto shown = ask("GET", "/v1/tokens/" + token.id, by_dora_);
    EXPECT_EQ(to_json(shown.json().at("scopes")), R"(["*"])");
    EXPECT_EQ(shown.text("api"), "billing");
    EXPECT_EQ(shown.text("kind"), "jwt");
    EXPECT_EQ(ask("GET", "/check/scope/license:write", bearer(token.secret)).status, 200);
    EXPECT_EQ(ask("GET", "/v1/tokens", bearer(token.secret)).status, 401);
}

TEST_F(Cape, TakesAnEndInNanosecondsAndRefusesThePast) {
    const auto token = made(by_dora_, "ns", R"(,"expiry":"2999-11-21T22:09:17.004240391Z")");
    EXPECT_EQ(ask("GET", "/v1/tokens/" + token.id, by_dora_).text("expiresAt"),
              "2999-11-21T22:09:17.004Z");
    expect(create(by_dora_, "past", R"(,"expiry":"2001-01-01T00:00:00Z")"), 400,
           R"({"error":"the expiration date is in the past"})");
    expect(create(by_dora_, "odd", R"(,"expiry":"1h")"), 400,
           R"({"error":"a time is written as RFC 3339, 2027-01-31T12:00:00Z"})");
    EXPECT_EQ(create(by_dora_, "never", R"(,"expiry":null)").status, 201);
}

TEST_F(Cape, ListsNoFunctionsForAnyGoodCredential) {
    const auto token = made(by_dora_, "runner");
    for (const auto& by : {by_dora_, bearer(token.secret)}) {
        expect(say("GET", "/v1/functions?limit=50&offset=0", by), 200, "[]");
    }
    const auto nobody = say("GET", "/v1/functions?limit=50&offset=0");
    EXPECT_EQ(nobody.status, 401);
    EXPECT_TRUE(nobody.field("WWW-Authenticate").starts_with("Bearer "));
    EXPECT_EQ(nobody.body, error("this needs a token (send Authorization: Bearer <token>)"));
    EXPECT_EQ(say("DELETE", "/v1/token/" + token.id, by_dora_).status, 200);
    EXPECT_EQ(say("GET", "/v1/functions", bearer(token.secret)).status, 401);
}

TEST_F(Cape, EveryErrorIsOneSentence) {
    struct Row {
        const char* body;
        int status;
        const char* answer;
    };
    const std::vector<Row> rows = {
        {"", 400, nullptr},
        {"[]", 400, "the body must be a JSON object"},
        {"{}", 400, "the member name is missing"},
        {R"({"name":1})", 400, "the member name must be a string"},
        {R"({"name":"x","function_id":"Nm672nXZQnBe9vL4zedGJb"})", 400,
         "no functions are run here, so a token cannot be for one of them (for less than "
         "everything take scopes: latchkey token create -s SCOPE)"},
        {R"({"name":"x","scope":"y"})", 400,
         "there is no member scope here (known members: description, expiry, function_id, name)"},
    };
    for (const auto& row : rows) {
        const auto reply = say_untyped("POST", "/v1/token", by_dora_, row.body);
        EXPECT_EQ(reply.status, row.status) << row.body;
        EXPECT_EQ(reply.body, row.answer == nullptr ? reply.body : error(row.answer)) << row.body;
        EXPECT_FALSE(reply.text("error").empty()) << reply.body;
        EXPECT_EQ(reply.json().as_object().size(), 1U) << reply.body;
    }
    EXPECT_EQ(say("POST", "/v1/token", {{"Content-Type", "text/plain"}, by_dora_[0]}, "{}").status,
              415);
    EXPECT_EQ(create(by_dora_, "").status, 400);
    expect(say("GET", "/v1/apis", by_dora_), 404, R"({"error":"there is nothing here"})");
    const auto method = say("PUT", "/v1/tokens", by_dora_);
    expect(method, 405, R"({"error":"this path has no such method"})");
    EXPECT_EQ(method.field("Allow"), "GET, HEAD");
    EXPECT_EQ(say("GET", "/check", by_dora_).status, 404);
    EXPECT_EQ(say("DELETE", "/v1/token/Nm672nXZQnBe9vL4zedGJb", by_dora_).status, 404);
}

TEST_F(Cape, WhatTheConnectionRefusesHasTheSameShape) {
    http::RawClient socket(server_->port(1));
    ASSERT_TRUE(
        socket.send("GET /v1/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n"
                    "Authorization: Bearer b\r\n\r\n"));
    const auto answer = socket.read_answer();
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(answer.body.starts_with(R"({"error":")")) << answer.body;
}

class CapeAttack : public Cape {};

TEST_F(CapeAttack, OthersTokensAndOtherApisTokensDoNotExist) {
    const auto alices = make_token(bearer(session(alice_)), R"("name":"of Alice","api":"billing",)"
                                                            R"("scopes":["license:read"])");
    const auto other_api = make_token(by_dora_, R"("name":"mine","api":"latchkey",)"
                                                R"("scopes":["token:read"])");
    for (const auto& by : {by_dora_, bearer(session(admin_))}) {
        for (const auto& held : {alices, other_api}) {
            expect(say("DELETE", "/v1/token/" + held.id, by), 404,
                   R"({"error":"there is no such token"})");
        }
    }
    EXPECT_EQ(check(alices.secret), "active");
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(other_api.secret)).status, 200);
    expect(say("GET", "/v1/tokens", bearer(session(admin_))), 200, "[]");
}

TEST_F(CapeAttack, AProgramsTokenMakesNoSuccessorAndEndsNobody) {
    const auto leaked = made(by_dora_, "leaked");
    const auto other = made(by_dora_, "other");
    const auto by = bearer(leaked.secret);
    expect(create(by, "successor"), 403, R"({"error":"this needs the permission token:write"})");
    EXPECT_EQ(say("DELETE", "/v1/token/" + other.id, by).status, 403);
    // It may do everything at its API, so it sees what else there is.
    EXPECT_EQ(say("GET", "/v1/tokens", by).json().as_array().size(), 2U);
    const auto narrow =
        make_token(by_dora_, R"("name":"narrow","api":"billing","scopes":["license:read"])");
    EXPECT_EQ(say("GET", "/v1/tokens", bearer(narrow.secret)).status, 403);
    const auto other_api =
        make_token(by_dora_, R"("name":"elsewhere","api":"pipelines","scopes":["*"])");
    EXPECT_EQ(say("GET", "/v1/tokens", bearer(other_api.secret)).status, 401);
    EXPECT_EQ(say("GET", "/v1/functions", bearer(other_api.secret)).status, 401);
}

TEST_F(CapeAttack, AManagementTokenListsAndDeletesButHandsOnNothingElsewhere) {
    const auto token = made(by_dora_, "mine");
    const auto manager = make_token(by_dora_, R"("name":"manager","api":"latchkey",)"
                                              R"("scopes":["token:read","token:write"])");
    const auto by = bearer(manager.secret);
    EXPECT_EQ(say("GET", "/v1/tokens", by).json().as_array().size(), 1U);
    EXPECT_EQ(create(by, "more").status, 403);
    EXPECT_EQ(say("DELETE", "/v1/token/" + token.id, by).status, 200);
    const auto watcher = make_token(by_dora_, R"("name":"reader","api":"latchkey",)"
                                              R"("scopes":["token:read"])");
    EXPECT_EQ(say("DELETE", "/v1/token/" + token.id, bearer(watcher.secret)).status, 403);
}

TEST_F(CapeAttack, ThePortalsCookieIsNoCredentialHere) {
    const auto secret = session(dora_, store::SessionKind::kPortal);
    for (const auto& fields :
         {api::testing::cookie(secret), api::testing::cookie_with_csrf(secret)}) {
        EXPECT_EQ(say("GET", "/v1/tokens", fields).status, 401);
        EXPECT_EQ(create(fields, "forged").status, 401);
    }
}

TEST_F(CapeAttack, EndedCredentialsAreNone) {
    const auto brief = made(by_dora_, "brief", R"(,"expiry":")" + now_plus(minutes(1)) + "\"");
    EXPECT_EQ(say("GET", "/v1/functions", bearer(brief.secret)).status, 200);
    clock.advance(minutes(2));
    EXPECT_EQ(say("GET", "/v1/functions", bearer(brief.secret)).status, 401);
    EXPECT_EQ(say("GET", "/v1/tokens", bearer("lks_unknown")).status, 401);
    clock.advance(hours(24 * 31));
    EXPECT_EQ(say("GET", "/v1/tokens", by_dora_).status, 401);
}

}  // namespace
}  // namespace latchkey::dialects
