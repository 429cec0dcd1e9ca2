// A command line that waits for the browser of its own machine: what it may ask, what the browser
// carries back, and who can do nothing with it.
#include "authority/web_login.h"

#include "api/oauth_testing.h"
#include "crypto/password.h"

namespace latchkey::api {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::bearer;
using testing::Fields;
using testing::form_of;
using testing::Parameters;
using testing::Reply;

constexpr const char* kPassword = "correct horse battery staple";
constexpr const char* kRedirect = "http://127.0.0.1:49152/callback";
// RFC 7636, appendix B.
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr const char* kRequestUri = "urn:ietf:params:oauth:request_uri:";

// One parameter said otherwise; an empty text leaves it out.
Parameters with(Parameters all, const std::string& name, const std::string& value) {
    std::erase_if(all, [&](const auto& item) { return item.first == name; });
    if (!value.empty()) all.emplace_back(name, value);
    return all;
}

std::string member_of_query(const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 1;
    return percent_decode(url.substr(begin, url.find('&', begin) - begin)).value_or("");
}

class WebLoginTest : public testing::OAuthTest {
protected:
    void SetUp() override {
        OAuthTest::SetUp();
        authority::CreateUser wanted;
        wanted.email = "dora@example.com";
        wanted.roles = {"member"};
        wanted.password_hash = hash_password(kPassword).value();
        person_ = add_user(authority::Actor::system(), wanted).value();
        by_ = bearer(session(person_, store::SessionKind::kPortal));
    }
    static Parameters wanted() {
        return {{"client_id", "latchkey-cli"},    {"response_type", "code"},
                {"redirect_uri", kRedirect},      {"state", "a state/of mine"},
                {"code_challenge", kChallenge},   {"code_challenge_method", "S256"},
                {"device_name", "dora's-machine"}};
    }
    Reply form(const std::string& target, const Parameters& parameters) {
        return ask("POST", target,
                   {{"Content-Type", "application/x-www-form-urlencoded"},
                    {"User-Agent", "latchkey/1 (linux)"}},
                   form_of(parameters));
    }
    Reply push(const Parameters& parameters) {
        clock.advance(seconds(20));  // so that no budget is what refuses
        return form("/oauth2/par", parameters);
    }
    // The name under which the browser finds it.
    std::string start() {
        const auto pushed = push(wanted());
        EXPECT_EQ(pushed.status, 201) << pushed.body;
        return pushed.text("request_uri").substr(std::string(kRequestUri).size());
    }
    Reply decide(const std::string& name, const std::string& body, const Fields& by) {
        return ask("POST", "/v1/device/" + name, by, body);
    }
    static std::string approval() {
        return R"({"approve":true,"password":")" + std::string(kPassword) + "\"}";
    }
    std::string code_of(const std::string& name) {
        const auto reply = decide(name, approval(), by_);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return member_of_query(reply.text("redirectUrl"), "code");
    }
    static Parameters exchange_of(const std::string& code) {
        return {{"grant_type", "authorization_code"},
                {"client_id", "latchkey-cli"},
                {"code", code},
                {"redirect_uri", kRedirect},
                {"code_verifier", kVerifier}};
    }
    Reply redeem(const std::string& code) { return form("/oauth2/token", exchange_of(code)); }
    std::string who(const std::string& secret) {
        return ask("GET", "/v1/users/me", bearer(secret)).text("email");
    }

    store::UserRecord person_;
    Fields by_;
};

TEST_F(WebLoginTest, WhoAllowsItWithHisPasswordSendsTheBrowserBackWithACodeForOneSession) {
    const auto pushed = push(wanted());
    ASSERT_EQ(pushed.status, 201) << pushed.body;
    EXPECT_EQ(pushed.json().at("expires_in").as_int64(), 300);
    EXPECT_EQ(pushed.field("Cache-Control"), "no-store");
    const auto name = pushed.text("request_uri").substr(std::string(kRequestUri).size());

    const auto seen = ask("GET", "/v1/device/" + name, by_);
    ASSERT_EQ(seen.status, 200) << seen.body;
    EXPECT_EQ(seen.text("client"), "latchkey-cli");
    EXPECT_EQ(seen.text("host"), "dora's-machine");
    EXPECT_EQ(seen.text("address"), "127.0.0.1");
    EXPECT_EQ(seen.text("redirectUri"), kRedirect);
    EXPECT_TRUE(seen.json().at("sameAddress").as_bool());
    EXPECT_FALSE(seen.json().as_object().contains("userCode"));
    EXPECT_EQ(seen.body.find("a state"), std::string::npos);

    const auto decided = decide(name, approval(), by_);
    ASSERT_EQ(decided.status, 200) << decided.body;
    const auto url = decided.text("redirectUrl");
    EXPECT_TRUE(url.starts_with(std::string(kRedirect) + "?code=lkc_")) << url;
    EXPECT_EQ(member_of_query(url, "state"), "a state/of mine");
    EXPECT_EQ(member_of_query(url, "iss"), services_->issuer());
    const auto got = redeem(member_of_query(url, "code"));
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.text("token_type"), "Bearer");
    EXPECT_EQ(got.json().at("expires_in").as_int64(), 30 * 24 * 3600);
    EXPECT_TRUE(got.json().at("session").as_bool());
    EXPECT_EQ(who(got.text("access_token")), "dora@example.com");
    EXPECT_EQ(decide(name, approval(), by_).text("code"), "unknown_device_code");
}

TEST_F(WebLoginTest, WhoRefusesSendsTheBrowserBackWithThat) {
    const auto name = start();
    const auto url = decide(name, R"({"approve":false})", by_).text("redirectUrl");
    EXPECT_EQ(member_of_query(url, "error"), "access_denied");
    EXPECT_EQ(member_of_query(url, "state"), "a state/of mine");
    EXPECT_EQ(member_of_query(url, "iss"), services_->issuer());
    EXPECT_EQ(url.find("code="), std::string::npos);
    EXPECT_EQ(decide(name, approval(), by_).status, 404);
}

TEST_F(WebLoginTest, TheSessionAloneAllowsNothingAndNoTokenDoes) {
    const auto name = start();
    EXPECT_EQ(decide(name, R"({"approve":true})", by_).text("code"), "missing_member");
    EXPECT_EQ(decide(name, R"({"approve":true,"password":"wrong"})", by_).text("code"),
              "wrong_password");
    const auto all = bearer(token(as_admin_, "latchkey", {"*"}).text.expose());
    EXPECT_EQ(ask("GET", "/v1/device/" + name, all).text("code"), "session_needed");
    EXPECT_EQ(decide(name, approval(), all).text("code"), "session_needed");
    EXPECT_EQ(redeem(code_of(name)).status, 200);
}

TEST_F(WebLoginTest, AnotherSitesPageAllowsNothing) {
    const auto name = start();
    const auto secret = session(person_, store::SessionKind::kPortal);
    auto forged = testing::cookie_with_csrf(secret);
    std::erase_if(forged, [](const auto& field) { return field.first == "X-CSRF-Token"; });
    EXPECT_EQ(decide(name, approval(), forged).text("code"), "csrf");
    for (const Fields& from :
         {Fields{{"Origin", "https://evil.example"}}, Fields{{"Sec-Fetch-Site", "cross-site"}},
          Fields{{"Sec-Fetch-Site", "same-site"}}}) {
        auto fields = testing::cookie_with_csrf(secret);
        fields.insert(fields.end(), from.begin(), from.end());
        EXPECT_EQ(decide(name, approval(), fields).text("code"), "csrf");
    }
    EXPECT_EQ(decide(name, approval(), testing::cookie_with_csrf(secret)).status, 200);
}

TEST_F(WebLoginTest, WhatIsNotAskedRightlyIsRefusedAtTheBeginning) {
    const auto refused = [&](const std::string& name, const std::string& value,
                             const std::string& error) {
        const auto reply = push(with(wanted(), name, value));
        EXPECT_EQ(reply.text("error"), error) << name << "=" << value << ": " << reply.body;
        EXPECT_NE(reply.text("error_description"), "") << name;
        EXPECT_EQ(reply.status, error == "invalid_client" ? 401 : 400) << reply.body;
    };
    refused("client_id", "another", "invalid_client");
    refused("client_id", "", "invalid_request");
    refused("response_type", "token", "unsupported_response_type");
    refused("response_type", "code token", "unsupported_response_type");
    refused("response_type", "", "invalid_request");
    refused("state", "", "invalid_request");
    refused("state", std::string(201, 'x'), "invalid_request");
    refused("state", "ä", "invalid_request");
    refused("code_challenge", "", "invalid_request");
    refused("code_challenge", "too-short", "invalid_request");
    refused("code_challenge", std::string(43, '='), "invalid_request");
    refused("code_challenge_method", "plain", "invalid_request");
    refused("code_challenge_method", "s256", "invalid_request");
    refused("code_challenge_method", "", "invalid_request");
    refused("device_name", std::string(65, 'x'), "invalid_request");
    refused("scope", "openid", "invalid_scope");
    for (const char* name : {"prompt", "max_age", "acr_values", "login_hint", "id_token_hint",
                             "response_mode", "request", "request_uri", "claims", "nonce",
                             "audience", "resource", "authorization_details", "dpop_jkt"}) {
        refused(name, "none", "invalid_request");
    }
    EXPECT_EQ(ask("POST", "/oauth2/par?state=x",
                  {{"Content-Type", "application/x-www-form-urlencoded"}}, form_of(wanted()))
                  .text("error"),
              "invalid_request");
}

TEST_F(WebLoginTest, TheBrowserIsSentToAPortOfItsOwnMachineAndNowhereElse) {
    for (const char* uri : {"http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback",
                            "http://[::1]:49152/callback"}) {
        EXPECT_EQ(push(with(wanted(), "redirect_uri", uri)).status, 201) << uri;
    }
    for (const char* uri : {"http://localhost:49152/callback",
                            "https://127.0.0.1:49152/callback",
                            "http://127.0.0.1/callback",
                            "http://127.0.0.1:/callback",
                            "http://127.0.0.1:0/callback",
                            "http://127.0.0.1:049152/callback",
                            "http://127.0.0.1:65536/callback",
                            "http://127.0.0.1:99999999999/callback",
                            "http://127.0.0.1:49152/",
                            "http://127.0.0.1:49152",
                            "http://127.0.0.1:49152/callback/",
                            "http://127.0.0.1:49152/callback?x=y",
                            "http://127.0.0.1:49152/callback#x",
                            "http://127.0.0.1:49152/other/callback",
                            "http://127.0.0.1:49152@evil.example/callback",
                            "http://127.0.0.1:49152.evil.example/callback",
                            "http://dora@127.0.0.1:49152/callback",
                            "http://127.0.0.1.evil.example:80/callback",
                            "http://127.0.0.2:49152/callback",
                            "http://127.1:49152/callback",
                            "http://2130706433:49152/callback",
                            "http://0.0.0.0:49152/callback",
                            "http://[::]:49152/callback",
                            "http://[0:0:0:0:0:0:0:1]:49152/callback",
                            "http://[::ffff:127.0.0.1]:49152/callback",
                            "HTTP://127.0.0.1:49152/callback",
                            "http://127.0.0.1:49152/Callback",
                            "http://127.0.0.1:+4915/callback",
                            "http://127.0.0.1:4915 /callback",
                            "http://127.0.0.1:49152\\@evil.example/callback",
                            "http:127.0.0.1:49152/callback",
                            "//127.0.0.1:49152/callback",
                            "latchkey://127.0.0.1:49152/callback",
                            "urn:ietf:wg:oauth:2.0:oob",
                            "javascript:alert(1)//callback",
                            "http://evil.example:49152/callback"}) {
        EXPECT_EQ(push(with(wanted(), "redirect_uri", uri)).text("error"), "invalid_request")
            << uri;
    }
    EXPECT_EQ(push(with(wanted(), "redirect_uri", "")).text("error"), "invalid_request");
}

TEST_F(WebLoginTest, ACodeServesOnceAndASecondUseEndsWhatTheFirstGave) {
    const auto code = code_of(start());
    const auto secret = redeem(code).text("access_token");
    EXPECT_EQ(who(secret), "dora@example.com");
    expect_error(redeem(code), "invalid_grant");
    EXPECT_EQ(ask("GET", "/v1/users/me", bearer(secret)).status, 401);
    expect_error(redeem(code), "invalid_grant");
    // Nothing else of hers has ended.
    EXPECT_EQ(ask("GET", "/v1/users/me", by_).status, 200);
}

TEST_F(WebLoginTest, ACodeThatIsTriedInVainIsOver) {
    struct Case {
        const char* parameter;
        std::string value;
    };
    for (const auto& [parameter, value] :
         {Case{"code_verifier", std::string(43, 'x')}, Case{"code_verifier", "short"},
          Case{"code_verifier", kChallenge}, Case{"code_verifier", std::string(129, 'x')},
          Case{"redirect_uri", "http://127.0.0.1:49153/callback"},
          Case{"redirect_uri", "http://[::1]:49152/callback"}}) {
        const auto code = code_of(start());
        expect_error(form("/oauth2/token", with(exchange_of(code), parameter, value)),
                     "invalid_grant");
        expect_error(redeem(code), "invalid_grant");
    }
}

TEST_F(WebLoginTest, WhatIsMissingOrOfAnotherKindIsNoUse) {
    const auto code = code_of(start());
    for (const char* missing : {"code", "redirect_uri", "code_verifier"}) {
        expect_error(form("/oauth2/token", with(exchange_of(code), missing, "")),
                     "invalid_request");
    }
    expect_error(form("/oauth2/token", with(exchange_of(code), "client_id", "affinidi-cli")),
                 "invalid_client");
    for (const char* unknown : {"x", "lkc_AAAA", "lks_AAAA"}) {
        expect_error(redeem(unknown), "invalid_grant");
    }
    // The device's grant asks for no verifier.
    expect_error(
        form("/oauth2/token", {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                               {"client_id", "latchkey-cli"},
                               {"device_code", code}}),
        "invalid_grant");
    // Nor is a device's code one that a browser carries.
    const auto device = form("/oauth2/device_authorization", {{"client_id", "latchkey-cli"}});
    EXPECT_EQ(decide(device.text("user_code"), approval(), by_).status, 204);
    expect_error(redeem(device.text("device_code")), "invalid_grant");
    EXPECT_EQ(redeem(code).status, 200);
}

TEST_F(WebLoginTest, ACodeLivesForAMinuteAndARequestForFive) {
    const auto code = code_of(start());
    clock.advance(seconds(60));
    expect_error(redeem(code), "invalid_grant");
    const auto in_time = code_of(start());
    clock.advance(seconds(59));
    EXPECT_EQ(redeem(in_time).status, 200);

    const auto name = start();
    clock.advance(minutes(5));
    EXPECT_EQ(ask("GET", "/v1/device/" + name, by_).status, 404);
    EXPECT_EQ(decide(name, approval(), by_).text("code"), "unknown_device_code");
}

TEST_F(WebLoginTest, AnotherPasswordMakesTheCodeUseless) {
    const auto code = code_of(start());
    const auto changed = ask("POST", "/v1/account/password", by_,
                             R"({"password":")" + std::string(kPassword) +
                                 R"(","newPassword":"some other plain words"})");
    ASSERT_EQ(changed.status, 200) << changed.body;
    expect_error(redeem(code), "invalid_grant");
}

TEST_F(WebLoginTest, WhoIsDisabledMeanwhileGivesNothingAlsoWhenHeComesBack) {
    const auto code = code_of(start());
    const auto path = "/v1/users/" + person_.id.uuid();
    const auto admin = bearer(session(admin_));
    ASSERT_EQ(ask("PATCH", path, admin, R"({"state":"disabled"})").status, 200);
    expect_error(redeem(code), "invalid_grant");
    ASSERT_EQ(ask("PATCH", path, admin, R"({"state":"active"})").status, 200);
    expect_error(redeem(code), "invalid_grant");
}

TEST_F(WebLoginTest, WhoLogsOutBeforeItIsFetchedHasTakenItBack) {
    const auto code = code_of(start());
    ASSERT_EQ(ask("DELETE", "/v1/session", by_).status, 204);
    expect_error(redeem(code), "invalid_grant");
}

TEST_F(WebLoginTest, EachLoginHasItsOwnStateChallengeAndCode) {
    const auto mine = code_of(start());
    const auto theirs =
        push(with(with(wanted(), "code_challenge", std::string(43, 'A')), "state", "another"));
    ASSERT_EQ(theirs.status, 201) << theirs.body;
    const auto name = theirs.text("request_uri").substr(std::string(kRequestUri).size());
    const auto url = decide(name, approval(), by_).text("redirectUrl");
    EXPECT_EQ(member_of_query(url, "state"), "another");
    // The code of one with the verifier of the other.
    expect_error(redeem(member_of_query(url, "code")), "invalid_grant");
    EXPECT_EQ(redeem(mine).status, 200);
}

TEST_F(WebLoginTest, TheDatabaseHoldsNeitherTheCodeNorTheAddressOfThePage) {
    const auto name = start();
    const auto code = code_of(name);
    const auto kept = authority->store().query<bool>([&](store::Connection& db) -> Result<bool> {
        const auto row = TRY(store::find_device_code(db, sha256(code)));
        if (!row) return false;
        EXPECT_EQ(row->user_code.find(name), std::string::npos);
        EXPECT_EQ(row->code_challenge, kChallenge);
        return true;
    });
    EXPECT_TRUE(kept.value());
}

TEST_F(WebLoginTest, BeginningIsBoundedForEachAddress) {
    int begun = 0;
    Reply last;
    for (int i = 0; i < 40; ++i) {
        last = form("/oauth2/par", wanted());
        begun += last.status == 201 ? 1 : 0;
    }
    EXPECT_LE(begun, 21);
    EXPECT_EQ(last.status, 429);
    EXPECT_EQ(last.text("error"), "slow_down");
}

TEST_F(WebLoginTest, ThePageIsFramedByNobody) {
    const auto page = ask("GET", "/authorize?client_id=latchkey-cli");
    EXPECT_NE(page.field("Content-Security-Policy").find("frame-ancestors 'none'"),
              std::string::npos)
        << page.field("Content-Security-Policy");
}

}  // namespace
}  // namespace latchkey::api
