// The device flow: what a device is given, how a person decides, and what strangers cannot do.
#include "api/oauth_testing.h"
#include "authority/device_login.h"
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

constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:device_code";

class DeviceTest : public testing::OAuthTest {
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
    Reply form(const std::string& target, const Parameters& parameters) {
        return ask("POST", target,
                   {{"Content-Type", "application/x-www-form-urlencoded"},
                    {"User-Agent", "latchkey/1 (linux)"}},
                   form_of(parameters));
    }
    Reply start() {
        auto reply = form("/oauth2/device_authorization", {{"client_id", "latchkey-cli"}});
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply;
    }
    Reply poll(const Reply& started) {
        return form("/oauth2/token", {{"grant_type", kGrant},
                                      {"client_id", "latchkey-cli"},
                                      {"device_code", started.text("device_code")}});
    }
    Reply poll_later(const Reply& started) {
        clock.advance(seconds(6));
        return poll(started);
    }
    Reply decide(const std::string& code, const std::string& body) {
        return ask("POST", "/v1/device/" + code, by_, body);
    }
    Reply approve(const std::string& code) {
        return decide(code, R"({"approve":true,"password":")" + std::string(kPassword) + "\"}");
    }

    static constexpr const char* kPassword = "correct horse battery staple";
    store::UserRecord person_;
    Fields by_;
};

TEST_F(DeviceTest, WhoConfirmsWithHisPasswordGivesTheDeviceASessionOnce) {
    const auto started = start();
    const auto code = started.text("user_code");
    EXPECT_EQ(code.size(), 9U);
    EXPECT_EQ(code[4], '-');
    EXPECT_EQ(started.text("verification_uri"), services_->issuer() + "/device");
    EXPECT_EQ(started.text("verification_uri_complete"),
              services_->issuer() + "/device?user_code=" + code);
    EXPECT_EQ(started.json().at("expires_in").as_int64(), 900);
    EXPECT_EQ(started.json().at("interval").as_int64(), 5);
    EXPECT_EQ(started.field("Cache-Control"), "no-store");
    expect_error(poll(started), "authorization_pending");

    const auto seen = ask("GET", "/v1/device/" + code, by_);
    ASSERT_EQ(seen.status, 200) << seen.body;
    EXPECT_EQ(seen.text("userCode"), code);
    EXPECT_EQ(seen.text("client"), "latchkey-cli");
    EXPECT_EQ(seen.text("address"), "127.0.0.1");
    EXPECT_EQ(seen.text("agent"), "latchkey/1 (linux)");
    EXPECT_EQ(seen.body.find(started.text("device_code")), std::string::npos);
    // As people type it.
    std::string typed = code.substr(0, 4) + code.substr(5);
    for (char& c : typed)
        c = static_cast<char>(c + 32);
    EXPECT_EQ(approve(typed).status, 204);

    const auto got = poll_later(started);
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.text("token_type"), "Bearer");
    EXPECT_EQ(got.json().at("expires_in").as_int64(), 30 * 24 * 3600);
    EXPECT_TRUE(got.json().at("session").as_bool());
    const auto me = ask("GET", "/v1/users/me", bearer(got.text("access_token")));
    EXPECT_EQ(me.text("email"), "dora@example.com") << me.body;
    expect_error(poll_later(started), "invalid_grant");
    EXPECT_EQ(approve(code).text("code"), "unknown_device_code");
}

TEST_F(DeviceTest, TheSessionAloneConfirmsNothing) {
    const auto started = start();
    const auto code = started.text("user_code");
    EXPECT_EQ(decide(code, R"({"approve":true})").text("code"), "missing_member");
    const auto wrong = decide(code, R"({"approve":true,"password":"wrong"})");
    EXPECT_EQ(wrong.status, 403);
    EXPECT_EQ(wrong.text("code"), "wrong_password");
    expect_error(poll(started), "authorization_pending");
    // No token, whatever its scopes.
    const auto token_of_all = token(as_admin_, "latchkey", {"*"});
    EXPECT_EQ(ask("POST", "/v1/device/" + code, bearer(token_of_all.text.expose()),
                  R"({"approve":true,"password":"x"})")
                  .status,
              403);
    EXPECT_EQ(approve(code).status, 204);
    EXPECT_EQ(poll_later(started).status, 200);
}

TEST_F(DeviceTest, WhoIsRefusedHearsIt) {
    const auto started = start();
    EXPECT_EQ(decide(started.text("user_code"), R"({"approve":false})").status, 204);
    expect_error(poll(started), "access_denied");
    EXPECT_EQ(approve(started.text("user_code")).status, 404);
    expect_error(poll_later(started), "access_denied");
}

TEST_F(DeviceTest, WhoIsDisabledMeanwhileGivesNothing) {
    const auto started = start();
    EXPECT_EQ(approve(started.text("user_code")).status, 204);
    ASSERT_EQ(ask("PATCH", "/v1/users/" + person_.id.uuid(), bearer(session(admin_)),
                  R"({"state":"disabled"})")
                  .status,
              200);
    expect_error(poll(started), "access_denied");
    ASSERT_EQ(ask("PATCH", "/v1/users/" + person_.id.uuid(), bearer(session(admin_)),
                  R"({"state":"active"})")
                  .status,
              200);
    expect_error(poll_later(started), "access_denied");
}

TEST_F(DeviceTest, AnotherPasswordEndsWhatWasAllowedAndIsNotFetchedYet) {
    const auto started = start();
    EXPECT_EQ(approve(started.text("user_code")).status, 204);
    const auto changed = ask("POST", "/v1/account/password", by_,
                             R"({"password":")" + std::string(kPassword) +
                                 R"(","newPassword":"some other plain words"})");
    ASSERT_EQ(changed.status, 200) << changed.body;
    expect_error(poll(started), "access_denied");
}

TEST_F(DeviceTest, NoPageBeginsALoginOrUsesUpWhatItsAddressMayBegin) {
    for (const char* name : {"Origin", "Sec-Fetch-Site"}) {
        for (int i = 0; i < 30; ++i) {
            const auto reply =
                ask("POST", "/oauth2/device_authorization",
                    {{"Content-Type", "application/x-www-form-urlencoded"}, {name, "cross-site"}},
                    "client_id=latchkey-cli");
            ASSERT_EQ(reply.status, 403) << reply.body;
            ASSERT_EQ(reply.text("code"), "csrf");
        }
    }
    start();
}

TEST_F(DeviceTest, ACodeLivesAQuarterOfAnHour) {
    const auto started = start();
    clock.advance(minutes(15));
    expect_error(poll(started), "expired_token");
    EXPECT_EQ(ask("GET", "/v1/device/" + started.text("user_code"), by_).status, 404);
    EXPECT_EQ(approve(started.text("user_code")).status, 404);
    clock.advance(minutes(6));
    start();  // which clears away what is over
    expect_error(poll(started), "invalid_grant");
}

TEST_F(DeviceTest, WhoAsksTooOftenMustAskLessOften) {
    const auto started = start();
    expect_error(poll(started), "authorization_pending");
    clock.advance(seconds(1));
    expect_error(poll(started), "slow_down");
    clock.advance(seconds(6));
    expect_error(poll(started), "slow_down");  // ten seconds by now, then fifteen
    clock.advance(seconds(16));
    expect_error(poll(started), "authorization_pending");
    EXPECT_EQ(approve(started.text("user_code")).status, 204);
    EXPECT_EQ(poll(started).text("error"), "slow_down");
    clock.advance(seconds(30));
    EXPECT_EQ(poll(started).status, 200);
}

TEST_F(DeviceTest, WhatIsNotAskedRightlyIsRefused) {
    expect_error(form("/oauth2/device_authorization", {{"client_id", "another"}}),
                 "invalid_client");
    expect_error(form("/oauth2/device_authorization", {}), "invalid_request");
    expect_error(form("/oauth2/token", {{"grant_type", kGrant}, {"client_id", "latchkey-cli"}}),
                 "invalid_request");
    expect_error(form("/oauth2/token",
                      {{"grant_type", kGrant}, {"client_id", "another"}, {"device_code", "x"}}),
                 "invalid_client");
    for (const char* code : {"x", "lkd_AAAA", "garbage"}) {
        expect_error(
            form("/oauth2/token",
                 {{"grant_type", kGrant}, {"client_id", "latchkey-cli"}, {"device_code", code}}),
            "invalid_grant");
    }
}

TEST_F(DeviceTest, GuessingCodesIsSlow) {
    const auto started = start();
    int unknown = 0;
    Reply last;
    for (int i = 0; i < 30; ++i) {
        last = ask("GET", "/v1/device/BBBB-BBBB", by_);
        unknown += last.status == 404 ? 1 : 0;
    }
    EXPECT_LE(unknown, 11);
    EXPECT_EQ(last.status, 429) << last.body;
    EXPECT_FALSE(last.field("Retry-After").empty());
    EXPECT_EQ(ask("GET", "/v1/device/" + started.text("user_code"), by_).status, 429);
    // Nobody else is held up.
    EXPECT_EQ(ask("GET", "/v1/device/" + started.text("user_code"), bearer(session(alice_))).status,
              200);
    clock.advance(minutes(10));
    EXPECT_EQ(ask("GET", "/v1/device/" + started.text("user_code"), by_).status, 200);
}

TEST_F(DeviceTest, BeginningLoginsIsBoundedForEachAddress) {
    int begun = 0;
    Reply last;
    for (int i = 0; i < 40; ++i) {
        last = form("/oauth2/device_authorization", {{"client_id", "latchkey-cli"}});
        begun += last.status == 200 ? 1 : 0;
    }
    EXPECT_LE(begun, 21);
    EXPECT_EQ(last.status, 429);
    EXPECT_EQ(last.text("error"), "slow_down");
    clock.advance(minutes(5));
    start();
}

TEST_F(DeviceTest, WhenManyWaitOneNetworkLeavesRoomForTheOthers) {
    const auto begin = [&](const std::string& address) {
        authority::Login login;
        login.address_text = address;
        return authority::start_device_login(*authority, login);
    };
    const auto of = [](int number) { return "2001:db8:7:7::" + std::to_string(number); };
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(begin(of(i))) << "few wait: " << i;
    }
    const auto refused = begin(of(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
    EXPECT_EQ(refused.error().reason, "slow_down");
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(begin("192.0.2.1")) << i;
    }
    EXPECT_FALSE(begin("192.0.2.1"));
    EXPECT_TRUE(begin("192.0.2.2"));
    EXPECT_TRUE(begin("2001:db8:7:8::1"));
}

TEST(UserCode, IsReadAsPeopleTypeItAndNothingElse) {
    using authority::read_user_code;
    EXPECT_EQ(read_user_code("WDJB-MJHT"), "WDJBMJHT");
    EXPECT_EQ(read_user_code("wdjb mjht"), "WDJBMJHT");
    for (const char* text : {"", "WDJB", "WDJB-MJHTT", "WDJB-MJHA", "WDJB_MJHT", "WDJB-MJ1T"}) {
        EXPECT_FALSE(read_user_code(text)) << text;
    }
    EXPECT_EQ(authority::show_user_code("WDJBMJHT"), "WDJB-MJHT");
}

}  // namespace
}  // namespace latchkey::api
