// Logging in as the command line does it: a key of its own, a person in the browser, a session
// once.
#include "authority/bootstrap.h"
#include "dialects/affinidi/testing.h"

namespace latchkey::dialects {
namespace {

std::string quoted(const std::string& text) {
    return json_quote(text);
}

class AffinidiLoginTest : public AffinidiTest {
protected:
    static const std::string& public_pem() {
        static const std::string kPem = PrivateKey::generate(Algorithm::kRs256).public_pem();
        return kPem;
    }
    Reply begin(const std::string& pem) {
        return say("POST", "/api/auth/url", {{"Cookie", "portal-session-local=undefined"}},
                   R"({"publicKey":)" + quoted(pem) + R"(,"uxClient":4})");
    }
    Reply decide(const std::string& code, const std::string& body) {
        return ask("POST", "/v1/device/" + code, bearer(session(dora_)), body);
    }
    Reply collect(const std::string& state) { return say("GET", "/api/session-id?state=" + state); }
};

TEST_F(AffinidiLoginTest, TheSessionGoesOnceToTheKeyThatAskedAndOnlyWhenAPersonApproved) {
    const auto begun = begin(public_pem());
    ASSERT_EQ(begun.status, 200) << begun.body;
    const auto url = begun.text("authUrl");
    EXPECT_TRUE(url.starts_with(services_->issuer() + "/device?user_code=")) << url;
    const auto code = member_of_query(url, "user_code");
    const auto state = member_of_query(url, "state");
    ASSERT_FALSE(state.empty());
    expect_error(collect(state), 401, "UnauthorizedError");

    const auto waiting = ask("GET", "/v1/device/" + code, bearer(session(dora_)));
    EXPECT_EQ(waiting.text("client"), "affinidi-cli");
    EXPECT_EQ(waiting.text("address"), "127.0.0.1");
    EXPECT_EQ(waiting.text("returnUrl"), "http://127.0.0.1:64287/callback");
    const auto approved =
        decide(code, R"({"approve":true,"password":")" + std::string(kPassword) + "\"}");
    ASSERT_EQ(approved.status, 204) << approved.body;

    clock.advance(std::chrono::seconds(6));
    const auto got = collect(state);
    ASSERT_EQ(got.status, 200) << got.body;
    const auto jwe = base64_decode(got.text("sessionId"));
    ASSERT_TRUE(jwe);
    EXPECT_EQ(std::count(jwe->begin(), jwe->end(), '.'), 4);
    EXPECT_EQ(got.body.find("lks_"), std::string::npos);
    expect_error(collect(state), 404, "NotFoundError", "Not found: state.");
}

TEST_F(AffinidiLoginTest, WhoIsRefusedGetsNothing) {
    const auto url = begin(public_pem()).text("authUrl");
    const auto code = member_of_query(url, "user_code");
    EXPECT_EQ(decide(code, R"({"approve":false})").status, 204);
    expect_error(collect(member_of_query(url, "state")), 401, "UnauthorizedError");
    expect_error(collect("unknown"), 404, "NotFoundError");
    expect_error(say("GET", "/api/session-id"), 404, "NotFoundError");
}

TEST_F(AffinidiLoginTest, OnlyAnRsaKeyIsEncryptedFor) {
    expect_error(begin("no key"), 400, "InvalidParameterError");
    expect_error(begin(PrivateKey::generate(Algorithm::kEs256).public_pem()), 400,
                 "InvalidParameterError");
    expect_error(say("POST", "/api/auth/url", {}, R"({"uxClient":4})"), 400,
                 "InvalidParameterError");
}

TEST_F(AffinidiLoginTest, NoPageBeginsALoginOrCollectsOne) {
    const auto state = member_of_query(begin(public_pem()).text("authUrl"), "state");
    for (const char* name : {"Origin", "Sec-Fetch-Site"}) {
        const Fields fields = {{name, "http://localhost:2777"}};
        expect_error(say("POST", "/api/auth/url", fields,
                         R"({"publicKey":)" + quoted(public_pem()) + R"(,"uxClient":4})"),
                     403, "ActionForbiddenError");
        expect_error(say("GET", "/api/session-id?state=" + state, fields), 403,
                     "ActionForbiddenError");
    }
    expect_error(collect(state), 401, "UnauthorizedError");
}

TEST_F(AffinidiLoginTest, AKeyThatCannotBeTakenBeginsNoLoginAndUsesNoneUp) {
    for (int i = 0; i < 30; ++i) {
        expect_error(begin("no key"), 400, "InvalidParameterError");
    }
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(begin(public_pem()).status, 200) << i;
    }
    EXPECT_EQ(begin(public_pem()).status, 429);
    EXPECT_EQ(begin("no key").status, 429);  // and then none is looked at
}

TEST_F(AffinidiLoginTest, WhoCanHaveNoFirstProjectHasHisSessionAllTheSame) {
    const auto url = begin(public_pem()).text("authUrl");
    const auto code = member_of_query(url, "user_code");
    ASSERT_EQ(
        decide(code, R"({"approve":true,"password":")" + std::string(kPassword) + "\"}").status,
        204);
    // The rows say less than the replica knows yet, as when he is demoted at this moment.
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
        auto user = dora_;
        user.roles = {authority::built_in_role("verifier")};
        return store::update_user(tx.connection(), user);
    }));
    ::testing::internal::CaptureStderr();
    const auto got = collect(member_of_query(url, "state"));
    const auto logged = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(got.status, 200) << got.body;
    EXPECT_FALSE(got.text("sessionId").empty());
    EXPECT_NE(logged.find("no first project"), std::string::npos) << logged;
}

TEST_F(AffinidiLoginTest, LoggingOutEndsTheSessionAndIsNeverRefused) {
    EXPECT_EQ(through("POST", "/api/auth/logout", "{}").status, 200);
    expect_error(through("GET", "/api/whoami"), 401, "InvalidJwtTokenError");
    EXPECT_EQ(through("POST", "/api/auth/logout", "{}").status, 200);
    EXPECT_EQ(say("POST", "/api/auth/logout", {}, "{}").status, 200);
}

}  // namespace
}  // namespace latchkey::dialects
