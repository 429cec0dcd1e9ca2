// Logging in with two factors, links to choose a password, and what needs the password once more.
#include "api/testing.h"
#include "authority/setup.h"
#include "base/encoding.h"
#include "crypto/seal.h"
#include "crypto/totp.h"
#include "store/factors.h"

namespace latchkey::api {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::bearer;
using testing::cookie_with_csrf;
using testing::Fields;
using testing::Reply;

constexpr const char* kPassword = "four unrelated plain words";

class AccountTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        authority::CreateUser wanted;
        wanted.email = "ada@example.com";
        wanted.roles = {"administrator"};
        ada_ = authority::create_user_with_password(*authority, as_admin_, wanted,
                                                    Secret(std::string(kPassword)))
                   .value();
    }
    Reply log_in(const std::string& code = "", const std::string& password = kPassword,
                 const std::string& kind = "cli") {
        return ask("POST", "/v1/session", {},
                   R"({"email":"ada@example.com","password":")" + password + R"(","kind":")" +
                       kind + R"(","code":")" + code + "\"}");
    }
    std::string session_of_ada() { return log_in().text("session"); }
    std::string code() {
        const auto factor = authority->store().query<std::optional<store::FactorRecord>>(
            [&](store::Connection& db) { return store::find_factor(db, ada_.id); });
        const Secret secret = open_sealed(authority->keys().kek(), (*factor)->wrapped_secret,
                                          "latchkey second factor " + ada_.id.uuid())
                                  .value();
        return std::string(totp_code(secret, totp_step(clock.now())).expose());
    }
    // The recovery codes.
    json::array turn_on(const std::string& session) {
        EXPECT_EQ(ask("POST", "/v1/account/factor", bearer(session), "{}").status, 201);
        const auto done = ask("POST", "/v1/account/factor/confirm", bearer(session),
                              R"({"code":")" + code() + "\"}");
        EXPECT_EQ(done.status, 200) << done.body;
        clock.advance(seconds(30));
        return done.json().at("recoveryCodes").as_array();
    }
    static std::string proof(const std::string& code = "") {
        return R"({"password":")" + std::string(kPassword) + R"(","code":")" + code + "\"}";
    }

    store::UserRecord ada_;
};

TEST_F(AccountTest, ALoginWithTwoFactorsAsksForTheSecondAlone) {
    const auto session = session_of_ada();
    const auto begun = ask("POST", "/v1/account/factor", bearer(session), "{}");
    ASSERT_EQ(begun.status, 201) << begun.body;
    EXPECT_EQ(begun.field("Cache-Control"), "no-store");
    EXPECT_NE(begun.text("uri").find("secret=" + begun.text("secret")), std::string::npos);
    const auto codes = turn_on(session);
    ASSERT_EQ(codes.size(), 10U);
    const auto half = log_in();
    EXPECT_EQ(half.status, 401);
    EXPECT_EQ(half.text("code"), "totp_needed");
    EXPECT_EQ(log_in("", "not it").text("code"), "bad_credentials");
    EXPECT_EQ(log_in("000000").text("code"), "bad_code");
    const auto digits = code();
    const auto whole = log_in(digits);
    EXPECT_EQ(whole.status, 201) << whole.body;
    EXPECT_TRUE(whole.json().at("user").at("secondFactor").as_bool());
    EXPECT_EQ(log_in(digits).text("code"), "bad_code");
    EXPECT_EQ(log_in(std::string(codes[0].as_string())).status, 201);
    const auto state = ask("GET", "/v1/account/factor", bearer(session));
    EXPECT_EQ(state.json().at("recoveryCodesLeft").as_int64(), 9);
    EXPECT_EQ(state.body.find(begun.text("secret")), std::string::npos);
}

TEST_F(AccountTest, TurningItOffNeedsPasswordAndCode) {
    const auto session = session_of_ada();
    turn_on(session);
    const auto disable = [&](const std::string& body) {
        return ask("POST", "/v1/account/factor/disable", bearer(session), body);
    };
    EXPECT_EQ(disable(R"({"password":"not it","code":")" + code() + "\"}").text("code"),
              "wrong_password");
    const auto wrong = disable(proof("000000"));
    EXPECT_EQ(wrong.status, 403);  // the session is as good as before
    EXPECT_EQ(wrong.text("code"), "bad_code");
    EXPECT_EQ(disable(proof(code())).status, 204);
    EXPECT_EQ(log_in().status, 201);
}

TEST_F(AccountTest, ASecondFactorEndsTheOtherSessionsAndWhatWasAllowedBefore) {
    const auto session = session_of_ada();
    const auto other = session_of_ada();
    const Fields form = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto started =
        ask("POST", "/oauth2/device_authorization", form, "client_id=latchkey-cli");
    const auto approved = ask("POST", "/v1/device/" + started.text("user_code"), bearer(other),
                              R"({"approve":true,"password":")" + std::string(kPassword) + "\"}");
    ASSERT_EQ(approved.status, 204) << approved.body;
    turn_on(session);
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(session)).json().as_array().size(), 1U);
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(other)).status, 401);
    const auto fetched = ask("POST", "/oauth2/token", form,
                             "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
                             "&client_id=latchkey-cli&device_code=" +
                                 started.text("device_code"));
    EXPECT_EQ(fetched.text("error"), "access_denied");
}

TEST_F(AccountTest, AnAdministratorTakesALostFactorAwayAndAMemberDoesNot) {
    turn_on(session_of_ada());
    const auto path = "/v1/users/" + ada_.id.uuid() + "/factor";
    ada_.has_second_factor = true;
    const auto own = ask("DELETE", path, bearer(this->session(ada_)));
    EXPECT_EQ(own.status, 409);
    EXPECT_EQ(own.text("code"), "own_account");
    EXPECT_EQ(ask("DELETE", path, bearer(session(alice_))).status, 403);
    EXPECT_EQ(ask("DELETE", path, bearer(session(admin_))).status, 204);
    EXPECT_EQ(log_in().status, 201);
}

TEST_F(AccountTest, APersonIsInvitedByALinkAndChoosesHisPassword) {
    const auto made = ask("POST", "/v1/users", bearer(session(admin_)),
                          R"({"kind":"human","email":"grace@example.com","roles":["member"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    const auto link = made.text("inviteLink");
    const auto at = link.find("/invite#");
    ASSERT_NE(at, std::string::npos) << link;
    const std::string code = link.substr(at + 8);
    EXPECT_EQ(link.substr(0, at), authority->settings().issuer);
    const auto user = ask("GET", "/v1/users/" + made.text("id"), bearer(session(admin_)));
    EXPECT_FALSE(user.text("invitedUntil").empty());
    EXPECT_EQ(user.body.find("lki_"), std::string::npos);  // shown once
    const auto read = ask("POST", "/v1/invites/read", {}, R"({"code":")" + code + "\"}");
    EXPECT_EQ(read.text("email"), "grace@example.com");
    const auto accept = [&] {
        return ask("POST", "/v1/invites/accept", {},
                   R"({"code":")" + code + R"(","password":"some other plain words"})");
    };
    EXPECT_EQ(accept().status, 200);
    EXPECT_EQ(accept().text("code"), "bad_invite");
    EXPECT_EQ(ask("POST", "/v1/session", {},
                  R"({"email":"grace@example.com","password":"some other plain words"})")
                  .status,
              201);
    for (const auto* body : {R"({"code":"lki_x"})", R"({"code":""})"}) {
        EXPECT_EQ(ask("POST", "/v1/invites/read", {}, body).text("code"), "bad_invite");
    }
    const auto foreign = ask("POST", "/v1/invites/accept", {{"Sec-Fetch-Site", "cross-site"}},
                             R"({"code":")" + code + R"(","password":"x"})");
    EXPECT_EQ(foreign.text("code"), "csrf");
}

TEST_F(AccountTest, ALinkIsMadeAnewAndWithdrawn) {
    const auto admin = bearer(session(admin_));
    const auto path = "/v1/users/" + alice_.id.uuid() + "/invite";
    const auto made = ask("POST", path, admin);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(ask("DELETE", path, admin).status, 204);
    const auto link = made.text("inviteLink");
    const auto read = ask("POST", "/v1/invites/read", {},
                          R"({"code":")" + link.substr(link.find('#') + 1) + "\"}");
    EXPECT_EQ(read.status, 403);
    EXPECT_EQ(ask("POST", path, bearer(session(bob_))).status, 403);
}

TEST_F(AccountTest, AnotherPasswordEndsTheSessionsAndHandsOutANewOne) {
    const auto first = session_of_ada();
    const auto second = session_of_ada();
    const auto change = [&](const std::string& password) {
        return ask("POST", "/v1/account/password", bearer(first),
                   R"({"password":")" + password + R"(","newPassword":"some other plain words"})");
    };
    EXPECT_EQ(change("not it").text("code"), "wrong_password");
    const auto done = change(kPassword);
    ASSERT_EQ(done.status, 200) << done.body;
    for (const auto& old : {first, second}) {
        EXPECT_EQ(ask("GET", "/v1/sessions", bearer(old)).status, 401);
    }
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(done.text("session"))).status, 200);
    EXPECT_EQ(log_in().text("code"), "bad_credentials");
    const auto short_one = ask("POST", "/v1/account/password", bearer(done.text("session")),
                               R"({"password":"some other plain words","newPassword":"short"})");
    EXPECT_EQ(short_one.text("code"), "bad_password");
}

struct Dangerous {
    std::string method;
    std::string path;
    std::string body;
};

TEST_F(AccountTest, WhatChangesWhoMayDoWhatNeedsThePasswordOnceMore) {
    const auto session = session_of_ada();
    const auto alice = "/v1/users/" + alice_.id.uuid();
    const std::vector<Dangerous> dangerous = {
        {"POST", "/v1/users", R"({"kind":"human","email":"eve@example.com"})"},
        {"PATCH", alice, R"({"roles":["administrator"]})"},
        {"POST", alice + "/invite", "{}"},
        {"DELETE", alice + "/factor", ""},
        {"POST", "/v1/roles", R"({"name":"x","patterns":{"latchkey":["*"]}})"},
        {"PUT", "/v1/settings", "{}"},
        {"PUT", "/v1/token-rules", "{}"},
        {"POST", "/v1/signing-keys/rotate", "{}"},
        {"POST", "/v1/account/factor", "{}"},
        {"POST", "/v1/tokens/bulk", R"({"action":"revoke","filter":{"api":"billing"}})"},
        {"POST", "/v1/tokens", R"({"name":"x","api":"latchkey","scopes":["token:write"]})"},
        {"POST", "/v1/tokens", R"({"name":"x","api":"latchkey","scopes":["*"]})"},
        {"POST", "/v1/tokens?owner=" + alice_.id.uuid(),
         R"({"name":"x","api":"billing","scopes":["license:read"]})"},
        {"POST", "/v1/imports",
         R"({"name":"acme","prefix":"acme_","algorithm":"sha256","entropyBits":160})"},
        {"POST", "/v1/imports/acme/tokens", R"({"tokens":[{}]})"}};
    const auto is_refused = [&](const Dangerous& one, const std::string& secret) {
        const auto reply = ask(one.method, one.path, bearer(secret), one.body);
        return reply.status == 403 && reply.text("code") == "step_up_needed";
    };
    clock.advance(minutes(10));
    for (const auto& one : dangerous) {
        EXPECT_TRUE(is_refused(one, session)) << one.method << " " << one.path;
    }
    // What shows no more than the session does, or stops something, needs nothing.
    for (const auto& one : std::vector<Dangerous>{
             {"POST", "/v1/tokens", R"({"name":"r","api":"latchkey","scopes":["token:read"]})"},
             {"POST", "/v1/tokens", R"({"name":"b","api":"billing","scopes":["license:read"]})"},
             {"POST", "/v1/tokens/bulk",
              R"({"action":"revoke","filter":{"api":"billing"},"dryRun":true})"}}) {
        const auto reply = ask(one.method, one.path, bearer(session), one.body);
        EXPECT_LT(reply.status, 300) << one.path << reply.body;
    }
    EXPECT_EQ(ask("POST", "/v1/session/proof", bearer(session), R"({"password":"no"})").status,
              403);
    const auto proven = ask("POST", "/v1/session/proof", bearer(session), proof());
    ASSERT_EQ(proven.status, 200) << proven.body;
    for (const auto& one : dangerous) {
        EXPECT_TRUE(is_refused(one, session)) << one.path << " with the old secret";
        EXPECT_FALSE(is_refused(one, proven.text("session"))) << one.path;
    }
    clock.advance(seconds(10));
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(session)).status, 401);
}

TEST_F(AccountTest, AManagementTokenGetsNoNewSecretInASessionThatWasLeftOpen) {
    const auto made = token(as_admin_, "latchkey", {"*"});
    const auto session = this->session(admin_);
    const auto path = "/v1/tokens/" + made.token.id.uuid();
    clock.advance(minutes(10));
    EXPECT_EQ(ask("POST", path + "/rotate", bearer(session), "{}").text("code"), "step_up_needed");
    EXPECT_EQ(ask("POST", path + "/suspend", bearer(session)).status, 200);
    EXPECT_EQ(ask("POST", path + "/resume", bearer(session)).text("code"), "step_up_needed");
    EXPECT_EQ(ask("POST", path + "/revoke", bearer(session)).status, 200);
}

TEST_F(AccountTest, ATokenIsNeverAskedForAPassword) {
    const auto made = token(as_admin_, "latchkey", {"*"});
    clock.advance(minutes(60));
    EXPECT_EQ(
        ask("POST", "/v1/users", bearer(made.text.expose()), R"({"kind":"machine","name":"robot"})")
            .status,
        201);
}

TEST_F(AccountTest, WhatOpensTheWayInOfAPersonIsForPeople) {
    const auto everything = bearer(token(as_admin_, "latchkey", {"*"}).text.expose());
    const auto alice = "/v1/users/" + alice_.id.uuid();
    const std::vector<Dangerous> people = {
        {"POST", "/v1/users", R"({"kind":"human","email":"eve@example.com"})"},
        {"POST", "/v1/users",
         R"({"kind":"human","email":"eve@example.com","password":"four unrelated plain words"})"},
        {"PATCH", alice, R"({"roles":["member","administrator"]})"},
        {"POST", alice + "/invite", "{}"},
        {"DELETE", alice + "/invite", ""},
        {"DELETE", alice + "/factor", ""}};
    for (const auto& one : people) {
        const auto reply = ask(one.method, one.path, everything, one.body);
        EXPECT_EQ(reply.status, 403) << one.method << " " << one.path;
        EXPECT_EQ(reply.text("code"), "session_needed") << one.method << " " << one.path;
    }
    for (const auto& one : people) {
        const auto reply = ask(one.method, one.path, bearer(session(admin_)), one.body);
        EXPECT_EQ(reply.body.find("session_needed"), std::string::npos) << one.path << reply.body;
    }
}

TEST_F(AccountTest, ThePortalsCookieIsAnotherAfterAProof) {
    const auto made = log_in("", kPassword, "portal");
    const auto cookie = made.field("Set-Cookie");
    const auto secret = cookie.substr(17, cookie.find(';') - 17);
    const auto fields = cookie_with_csrf(secret);
    EXPECT_EQ(ask("POST", "/v1/session/proof", testing::cookie(secret), proof()).text("code"),
              "csrf");
    const auto proven = ask("POST", "/v1/session/proof", fields, proof());
    ASSERT_EQ(proven.status, 200) << proven.body;
    EXPECT_EQ(proven.json().as_object().if_contains("session"), nullptr);
    const auto renewed = proven.field("Set-Cookie");
    const auto fresh = renewed.substr(17, renewed.find(';') - 17);
    EXPECT_NE(fresh, secret);
    EXPECT_NE(renewed.find("HttpOnly; SameSite=Strict"), std::string::npos);
    EXPECT_EQ(proven.text("csrf"), csrf_of(fresh));
    EXPECT_EQ(ask("GET", "/v1/sessions", cookie_with_csrf(fresh)).json().as_array().size(), 1U);
}

TEST_F(AccountTest, ADeviceIsLetInWithBothFactors) {
    const auto session = session_of_ada();
    turn_on(session);
    const auto started =
        ask("POST", "/oauth2/device_authorization",
            {{"Content-Type", "application/x-www-form-urlencoded"}}, "client_id=latchkey-cli");
    const auto path = "/v1/device/" + started.text("user_code");
    const auto decide = [&](const std::string& code) {
        return ask("POST", path, bearer(session),
                   R"({"approve":true,"password":")" + std::string(kPassword) + R"(","code":")" +
                       code + "\"}");
    };
    EXPECT_EQ(decide("").text("code"), "totp_needed");
    EXPECT_EQ(decide("").status, 403);
    EXPECT_EQ(decide(code()).status, 204);
}

}  // namespace
}  // namespace latchkey::api
