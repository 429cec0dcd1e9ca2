// POST /oauth2/introspect: who may ask, about what, and what he is told.
#include "api/oauth_testing.h"
#include "api/usage_flush.h"
#include "store/verification_scope.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::form_of;
using testing::Parameters;
using testing::Reply;

const std::pair<std::string, std::string> kForm = {"Content-Type",
                                                   "application/x-www-form-urlencoded"};

class IntrospectTest : public testing::OAuthTest {
protected:
    void SetUp() override {
        OAuthTest::SetUp();
        gateway_ = machine("gateway", "billing");
        verifier_.emplace(verifier_token(gateway_));
    }
    Reply introspect(const Fields& by, const std::string& token, const Parameters& more = {}) {
        Fields fields = by;
        fields.push_back(kForm);
        Parameters all = {{"token", token}};
        all.insert(all.end(), more.begin(), more.end());
        return ask("POST", "/oauth2/introspect", fields, form_of(all));
    }
    Reply introspect(const std::string& token, const Parameters& more = {}) {
        return introspect(bearer(verifier_->text.expose()), token, more);
    }
    void expect_inactive(const Reply& reply) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.body, R"({"active":false})");
    }

    store::UserRecord gateway_;
    std::optional<authority::PreparedToken> verifier_;
};

TEST_F(IntrospectTest, AVerifierLearnsWhatATokenMayDoAndUntilWhen) {
    authority::CreateToken wanted;
    wanted.name = "mine";
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.expires_at = clock.now() + std::chrono::hours(5);
    const auto made = create(as_alice_, wanted).value();
    const auto reply = introspect(std::string(made.text.expose()));
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.field("Cache-Control"), "no-store");
    const auto answer = reply.json().as_object();
    EXPECT_TRUE(answer.at("active").as_bool());
    EXPECT_EQ(std::string_view(answer.at("scope").as_string()), "license:read");
    EXPECT_EQ(std::string_view(answer.at("client_id").as_string()), made.token.id.uuid());
    EXPECT_EQ(std::string_view(answer.at("token_id").as_string()), made.token.id.uuid());
    EXPECT_EQ(std::string_view(answer.at("owner").as_string()), alice_.id.uuid());
    EXPECT_EQ(std::string_view(answer.at("token_type").as_string()), "Bearer");
    EXPECT_EQ(std::string_view(answer.at("iss").as_string()), services_->issuer());
    EXPECT_EQ(std::string_view(answer.at("jti").as_string()), made.token.id.shortuuid());
    EXPECT_EQ(answer.at("exp").as_int64(), clock.now().seconds() + 5 * 3600);
    EXPECT_EQ(answer.at("iat").as_int64(), clock.now().seconds());
    EXPECT_EQ(answer.at("aud").as_array().size(), 1U);
    EXPECT_FALSE(answer.contains("cnf"));
    EXPECT_EQ(reply.body.find(made.text.expose()), std::string::npos);
}

TEST_F(IntrospectTest, OfAnAccessTokenItTellsItsProjectAndItsOwnEnd) {
    const auto token = access_token({{"scope", "license:read"}});
    const auto claims = claims_of(token);
    const auto answer = introspect(token).json().as_object();
    EXPECT_TRUE(answer.at("active").as_bool());
    EXPECT_EQ(std::string_view(answer.at("scope").as_string()), "license:read");
    for (const char* name : {"jti", "exp", "iat", "aud", "iss", "sub", "client_id", "project_id"}) {
        EXPECT_EQ(answer.at(name), claims.at(name)) << name;
    }
}

TEST_F(IntrospectTest, WhatIsUnknownDeadOrNoneOfTheAskersBusinessIsOneAnswer) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto foreign = token(as_alice_, "latchkey", {});
    expect_inactive(introspect("garbage"));
    expect_inactive(introspect(std::string(foreign.text.expose())));
    expect_inactive(introspect(std::string(verifier_->text.expose())));
    expect_inactive(introspect(session(alice_)));
    const auto access = access_token();
    EXPECT_EQ(introspect(access).json().at("active").as_bool(), true);
    clock.advance(std::chrono::hours(1));
    expect_inactive(introspect(access));
    const auto target = "/v1/tokens/" + made.token.id.uuid() + "/revoke";
    ASSERT_EQ(ask("POST", target, bearer(session(alice_)), "{}").status, 200);
    expect_inactive(introspect(std::string(made.text.expose())));
}

// As with /v1/tokens/verify: the verifier's question is the use, whichever form it takes.
TEST_F(IntrospectTest, AQuestionIsAUseAndCountsAgainstTheRate) {
    authority::CreateToken wanted;
    wanted.name = "limited";
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.rate = {2, 60};
    const auto made = create(as_alice_, wanted).value();
    const std::string secret(made.text.expose());
    EXPECT_TRUE(introspect(secret).json().at("active").as_bool());
    EXPECT_TRUE(introspect(secret, {{"ip", "10.0.0.1"}}).json().at("active").as_bool());
    expect_inactive(introspect(secret));
    EXPECT_EQ(check("/check/api/billing", secret), "rate_limited");
    ASSERT_TRUE(flush_usage(*services_));
    const auto usage =
        ask("GET", "/v1/tokens/" + made.token.id.uuid() + "/usage", bearer(session(alice_)));
    EXPECT_EQ(usage.json().at("uses").as_int64(), 2) << usage.body;
    EXPECT_EQ(usage.json().at("denials").as_int64(), 2);
    const auto unused =
        ask("GET", "/v1/tokens/" + made.token.id.uuid() + "/unused", bearer(session(alice_)));
    EXPECT_EQ(unused.json().at("usesWithoutScope").as_int64(), 2) << unused.body;
    clock.advance(std::chrono::seconds(30));
    EXPECT_TRUE(introspect(secret).json().at("active").as_bool());
}

TEST_F(IntrospectTest, AnAddressMayBeAskedAbout) {
    authority::CreateToken wanted;
    wanted.name = "at home";
    wanted.api = "billing";
    wanted.allowed_ips = {"10.0.0.0/8"};
    const std::string secret(create(as_alice_, wanted).value().text.expose());
    expect_inactive(introspect(secret));
    expect_inactive(introspect(secret, {{"ip", "192.0.2.1"}}));
    EXPECT_EQ(introspect(secret, {{"ip", "10.1.2.3"}}).json().at("active").as_bool(), true);
    expect_error(introspect(secret, {{"ip", "here"}}), "invalid_request");
}

TEST_F(IntrospectTest, ASignedAnswerIsForTheAskerAndIsNoAccessToken) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    for (const std::string& secret : {std::string(made.text.expose()), std::string("garbage")}) {
        Fields by = bearer(verifier_->text.expose());
        by.emplace_back("Accept", "application/token-introspection+jwt");
        const auto reply = introspect(by, secret);
        ASSERT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.field("Content-Type"), "application/token-introspection+jwt");
        const auto parsed = parse_unverified(reply.body).value();
        const auto keys = authority->keys().keys();
        const auto claims = verify_jws(reply.body, *keys->find(parsed.kid),
                                       TypPolicy::exactly("token-introspection+jwt"));
        ASSERT_TRUE(claims) << claims.error().message;
        EXPECT_EQ(claims->size(), 4U);
        EXPECT_EQ(std::string_view(claims->at("iss").as_string()), services_->issuer());
        EXPECT_EQ(std::string_view(claims->at("aud").as_string()), verifier_->token.id.uuid());
        EXPECT_EQ(claims->at("iat").as_int64(), clock.now().seconds());
        EXPECT_EQ(claims->at("token_introspection").at("active").as_bool(), secret != "garbage");
        EXPECT_EQ(check("/check/api/billing", reply.body), "unknown");
    }
}

// The common form is answered without the table of routes: nobody must be able to tell.
TEST_F(IntrospectTest, TheShortWayAndTheLongWaySayTheSame) {
    std::vector<std::string> tokens = {"garbage", session(alice_), access_token(),
                                       access_token({{"scope", "license:read"}})};
    for (const auto kind : {store::TokenKind::kJwt, store::TokenKind::kOpaque}) {
        authority::CreateToken wanted;
        wanted.name = "mine";
        wanted.api = "billing";
        wanted.kind = kind;
        wanted.scopes = {{"license:read", "license:write"}};
        wanted.expires_at = clock.now() + std::chrono::hours(5);
        tokens.emplace_back(create(as_alice_, wanted).value().text.expose());
    }
    for (const auto& token : tokens) {
        const auto brief = introspect(token);
        const auto whole = introspect(token, {{"other", "parameter"}});
        EXPECT_EQ(brief.shape(), whole.shape());
        for (const char* name : {"Content-Type", "Cache-Control", "X-Content-Type-Options"}) {
            EXPECT_EQ(brief.field(name), whole.field(name)) << name;
        }
    }
    EXPECT_EQ(store::VerificationScope::query_count(), 0U);
}

TEST_F(IntrospectTest, AVerifierShowsItsTokenAsBearerOrAsAPassword) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const std::string secret(made.text.expose());
    const std::string own(verifier_->text.expose());
    EXPECT_EQ(introspect(testing::basic(own), secret).json().at("active").as_bool(), true);
    // As OAuth's clients encode it.
    std::string encoded;
    for (const char c : own) {
        const bool is_special = c == '_' || c == '-' || c == '.';
        encoded += is_special ? "%" + hex_encode(std::string(1, c)) : std::string(1, c);
    }
    EXPECT_EQ(introspect(testing::basic(encoded), secret).json().at("active").as_bool(), true);
    EXPECT_EQ(introspect(testing::basic(own + "%zz"), secret).status, 401);
    EXPECT_EQ(introspect({}, secret).status, 401);
    EXPECT_EQ(introspect(bearer(session(admin_)), secret).status, 403);
    EXPECT_EQ(introspect(bearer(secret), secret).status, 401);
}

// RFC 6749 §5.2 and RFC 6750 §3.1, with our own stable code beside.
TEST_F(IntrospectTest, WhoMayNotAskIsToldSoAsOAuthDoes) {
    const auto by_nobody = introspect({}, "x");
    expect_error(by_nobody, "invalid_client", 401);
    EXPECT_EQ(by_nobody.text("code"), "no_credential");
    EXPECT_EQ(by_nobody.head.find("WWW-Authenticate: Basic"), std::string::npos);
    const auto by_password = introspect(testing::basic("nonsense"), "x");
    expect_error(by_password, "invalid_client", 401);
    EXPECT_NE(by_password.head.find("WWW-Authenticate: Basic realm="), std::string::npos);
    const auto by_token = introspect(bearer("nonsense"), "x");
    expect_error(by_token, "invalid_token", 401);
    EXPECT_EQ(by_token.text("code"), "invalid_token");
    EXPECT_NE(by_token.field("WWW-Authenticate").find("error=\"invalid_token\""),
              std::string::npos);
    const auto no_verifier = token(as_admin_, "latchkey", {"token:read"});
    const auto no_machine = introspect(bearer(no_verifier.text.expose()), "x");
    expect_error(no_machine, "unauthorized_client", 403);
    EXPECT_EQ(no_machine.text("code"), "machine_needed");
    EXPECT_EQ(ask("POST", "/oauth2/nothing").field("Content-Type"), "application/problem+json");
}

TEST_F(IntrospectTest, AFormIsReadStrictly) {
    const auto by = bearer(verifier_->text.expose());
    const auto post = [&](const std::string& type, const std::string& body,
                          const std::string& target = "/oauth2/introspect") {
        Fields fields = by;
        fields.emplace_back("Content-Type", type);
        return ask("POST", target, fields, body);
    };
    expect_error(post("application/json", R"({"token":"x"})"), "invalid_request");
    expect_error(post(kForm.second, ""), "invalid_request");
    expect_error(post(kForm.second, "token=a&token=b"), "invalid_request");
    expect_error(post(kForm.second, "", "/oauth2/introspect?token=a"), "invalid_request");
    expect_error(ask("GET", "/oauth2/introspect", by), "invalid_request", 405);
    // A wrong hint is no mistake (RFC 7662 §2.1).
    const auto made = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(introspect(std::string(made.text.expose()), {{"token_type_hint", "refresh_token"}})
                  .json()
                  .at("active")
                  .as_bool(),
              true);
}

}  // namespace
}  // namespace latchkey::api
