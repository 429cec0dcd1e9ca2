// Token exchange (RFC 8693): never wider, never longer, and dead with what it came from.
#include "api/oauth_testing.h"
#include "api/usage_flush.h"

namespace latchkey::api {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::bearer;
using testing::Fields;
using testing::form_of;
using testing::Parameters;
using testing::Reply;

constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";

class TokenExchangeTest : public testing::OAuthTest {
protected:
    Reply derive(const std::string& subject, const Parameters& more = {}, Fields fields = {}) {
        Parameters all = {{"grant_type", kGrant},
                          {"subject_token", subject},
                          {"subject_token_type", kAccessTokenType}};
        all.insert(all.end(), more.begin(), more.end());
        fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        return ask("POST", "/oauth2/token", fields, form_of(all));
    }
    std::string derived(const std::string& subject, const Parameters& more = {}) {
        const auto reply = derive(subject, more);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.text("access_token");
    }
    authority::PreparedToken opaque(std::vector<std::string> scopes) {
        authority::CreateToken wanted;
        wanted.name = "parent";
        wanted.api = "billing";
        wanted.kind = store::TokenKind::kOpaque;
        wanted.scopes = std::move(scopes);
        wanted.expires_at = clock.now() + hours(24);
        return create(as_alice_, wanted).value();
    }
    void revoke(const std::string& token) {
        const auto done =
            ask("POST", "/oauth2/revoke", {{"Content-Type", "application/x-www-form-urlencoded"}},
                form_of({{"token", token}}));
        EXPECT_EQ(done.status, 200) << done.body;
    }
    std::string scope_check(const std::string& token, const std::string& scope) {
        return check("/check/api/billing/scope/" + scope, token);
    }
    void expect_refused(const Reply& reply) {
        expect_error(reply, "invalid_request");
        EXPECT_EQ(reply.text("error_description"), "The subject token is not valid.");
    }
};

TEST_F(TokenExchangeTest, AKeptTokenBecomesAnAccessTokenThatSaysTheSameOrLess) {
    for (const auto kind : {store::TokenKind::kOpaque, store::TokenKind::kJwt}) {
        authority::CreateToken wanted;
        wanted.name = "parent";
        wanted.api = "billing";
        wanted.kind = kind;
        wanted.scopes = {{"license:read", "license:write"}};
        const auto made = create(as_alice_, wanted).value();
        const std::string secret(made.text.expose());
        const auto whole = derive(secret);
        ASSERT_EQ(whole.status, 200) << whole.body;
        EXPECT_EQ(whole.text("token_type"), "Bearer");
        EXPECT_EQ(whole.text("issued_token_type"), kAccessTokenType);
        EXPECT_EQ(whole.text("scope"), "license:read license:write");
        EXPECT_EQ(whole.json().at("expires_in").as_int64(), 3600);
        const auto claims = claims_of(whole.text("access_token"));
        EXPECT_EQ(claims.at("client_id").as_string(), made.token.id.uuid());
        EXPECT_FALSE(claims.contains("derived_from"));
        const auto narrow = derive(secret, {{"scope", "license:read"}, {"audience", "billing"}});
        EXPECT_EQ(narrow.text("scope"), "license:read");
        const auto token = narrow.text("access_token");
        EXPECT_EQ(scope_check(token, "license:read"), "active");
        EXPECT_EQ(scope_check(token, "license:write"), "insufficient_scope");
        EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(token)).status, 200);
    }
}

TEST_F(TokenExchangeTest, AVerifierOfTheApiExchangesWhatItWasShown) {
    const std::string secret(opaque({"license:read"}).text.expose());
    const auto verifier = verifier_token(machine("gateway", "billing"));
    const auto got = derive(secret, {}, bearer(verifier.text.expose()));
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(claims_of(got.text("access_token")).at("act").at("sub").as_string(),
              verifier.token.id.uuid());
    add_api("shipping");
    const auto foreign = verifier_token(machine("other gateway", "shipping"));
    expect_refused(derive(secret, {}, bearer(foreign.text.expose())));
    EXPECT_EQ(derive(secret, {}, bearer(secret)).status, 200);
    EXPECT_EQ(derive(secret, {}, testing::basic(secret)).status, 200);
    // Whoever is neither has no business with it.
    for (const auto& fields : {bearer(session(alice_)), bearer(session(admin_)),
                               bearer(opaque({}).text.expose()), bearer("garbage")}) {
        expect_error(derive(secret, {}, fields), "invalid_client");
    }
}

TEST_F(TokenExchangeTest, ItDiesWithEverythingItCameFrom) {
    const auto parent = opaque({"license:read"});
    const std::string secret(parent.text.expose());
    std::vector<std::string> chain = {derived(secret)};
    for (int i = 0; i < 4; ++i) {
        chain.push_back(derived(chain.back()));
    }
    expect_error(derive(chain.back()), "invalid_request");  // too long a chain
    for (const auto& token : chain) {
        EXPECT_EQ(scope_check(token, "license:read"), "active");
    }
    revoke(chain[2]);
    for (std::size_t i = 0; i < chain.size(); ++i) {
        EXPECT_EQ(scope_check(chain[i], "license:read"), i < 2 ? "active" : "revoked") << i;
    }
    expect_refused(derive(chain[3]));
    revoke(secret);
    EXPECT_EQ(scope_check(chain[0], "license:read"), "revoked");
    EXPECT_EQ(scope_check(chain[1], "license:read"), "revoked");
    expect_refused(derive(chain[0]));
    expect_refused(derive(secret));
}

TEST_F(TokenExchangeTest, ItLivesNoLongerThanItsParent) {
    const std::string secret(opaque({"license:read"}).text.expose());
    const auto first = derived(secret);
    clock.advance(minutes(40));
    const auto again = derive(first);
    EXPECT_EQ(again.json().at("expires_in").as_int64(), 1200) << again.body;
    clock.advance(minutes(20));
    expect_refused(derive(first));
    EXPECT_EQ(scope_check(again.text("access_token"), "license:read"), "expired");
    clock.advance(hours(22) + minutes(30));  // half an hour before the token itself ends
    EXPECT_EQ(derive(secret).json().at("expires_in").as_int64(), 1800);
}

TEST_F(TokenExchangeTest, AnAccessTokenStaysInItsProject) {
    const auto office = authority::testing::project_of(*this, as_alice_, "office");
    const auto of_shop = access_token({{"scope", "license:read"}});
    const auto in_shop = derived(of_shop, {{"project_id", project_}});
    EXPECT_EQ(claims_of(in_shop).at("project_id").as_string(), project_);
    EXPECT_EQ(claims_of(derived(of_shop)).at("project_id").as_string(), project_);
    expect_error(derive(of_shop, {{"project_id", office}}), "invalid_target");
    EXPECT_EQ(check("/check/api/billing/scope/license:read/project/" + project_, in_shop),
              "active");
    EXPECT_EQ(check("/check/api/billing/scope/license:write/project/" + project_, in_shop),
              "insufficient_scope");
    // A kept token goes into the projects that it was added to, and one of none stays in none.
    authority::CreateToken wanted;
    wanted.name = "parent";
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.projects = {project_};
    const std::string secret(create(as_alice_, wanted).value().text.expose());
    expect_error(derive(secret, {{"project_id", office}}), "invalid_target");
    const auto placed = derived(secret, {{"resource", "urn:latchkey:project:" + project_}});
    EXPECT_EQ(check("/check/api/billing/scope/license:read/project/" + project_, placed), "active");
    const auto free = derived(secret);
    EXPECT_EQ(scope_check(free, "license:read"), "active");
    expect_error(derive(free, {{"project_id", project_}}), "invalid_target");
    EXPECT_EQ(check("/check/api/billing/scope/license:read/project/" + project_, free),
              "insufficient_scope");
}

TEST_F(TokenExchangeTest, ItIsNeverWiderThanItsParent) {
    const auto parent = opaque({"license:read", "template:write"});
    const std::string secret(parent.text.expose());
    expect_error(derive(secret, {{"scope", "license:write"}}), "invalid_scope");
    expect_error(derive(secret, {{"scope", "nothing:known"}}), "invalid_scope");
    const auto both = derive(secret, {{"scope", "license:read license:write"}});
    EXPECT_EQ(both.text("scope"), "license:read") << both.body;
    const auto narrow = derived(secret, {{"scope", "license:read"}});
    expect_error(derive(narrow, {{"scope", "template:write"}}), "invalid_scope");
    EXPECT_EQ(derive(narrow).text("scope"), "license:read");
    EXPECT_EQ(derive(narrow, {{"scope", "*"}}).text("scope"), "license:read");
}

TEST_F(TokenExchangeTest, AJwtThatIsBeingReplacedGainsNothingByIt) {
    authority::CreateToken wanted;
    wanted.name = "parent";
    wanted.api = "billing";
    wanted.kind = store::TokenKind::kJwt;
    wanted.scopes = {{"license:read"}};
    wanted.projects = {project_};
    const auto made = create(as_alice_, wanted).value();
    const std::string secret(made.text.expose());
    const auto rotated =
        ask("POST", "/v1/tokens/" + made.token.id.uuid() + "/rotate", bearer(session(alice_)),
            R"({"scopes":["license:read","license:write"]})");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    const auto old = derived(secret);
    EXPECT_EQ(scope_check(old, "license:read"), "active");
    EXPECT_EQ(scope_check(old, "license:write"), "insufficient_scope");
    EXPECT_EQ(scope_check(derived(old), "license:write"), "insufficient_scope");
    const auto asked = derive(secret, {{"scope", "license:read license:write"}});
    EXPECT_EQ(scope_check(asked.text("access_token"), "license:write"), "insufficient_scope");
    expect_error(derive(secret, {{"scope", "license:write"}}), "invalid_scope");
    const auto placed = derived(secret, {{"project_id", project_}});
    EXPECT_EQ(scope_check(placed, "license:write"), "insufficient_scope");
    EXPECT_EQ(scope_check(derived(rotated.text("token")), "license:write"), "active");
}

TEST_F(TokenExchangeTest, AnExchangeIsAUse) {
    const auto parent = opaque({"license:read"});
    derived(std::string(parent.text.expose()));
    ASSERT_TRUE(flush_usage(*services_));
    const auto usage =
        ask("GET", "/v1/tokens/" + parent.token.id.uuid() + "/usage", bearer(session(alice_)));
    EXPECT_EQ(usage.json().at("uses").as_int64(), 1) << usage.body;
}

TEST_F(TokenExchangeTest, WhatIsAskedForByNameCountsAsUsed) {
    const auto parent = opaque({"license:read", "license:write"});
    const std::string secret(parent.text.expose());
    const auto unused = [&] {
        return ask("GET", "/v1/tokens/" + parent.token.id.uuid() + "/unused",
                   bearer(session(alice_)));
    };
    derived(secret, {{"scope", "license:read"}});
    const auto named = unused();
    EXPECT_EQ(to_json(named.json().at("used")), R"(["license:read"])") << named.body;
    EXPECT_EQ(named.json().at("usesWithoutScope").as_int64(), 0);
    derived(secret);
    EXPECT_EQ(unused().json().at("usesWithoutScope").as_int64(), 1);
}

TEST_F(TokenExchangeTest, ARateIsALimitOfExchangesToo) {
    authority::CreateToken wanted;
    wanted.name = "limited";
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.rate = {2, 60};
    const std::string secret(create(as_alice_, wanted).value().text.expose());
    expect_error(derive(secret, {{"scope", "license:write"}}), "invalid_scope");  // is no use
    derived(secret);
    derived(secret);
    const auto third = derive(secret);
    EXPECT_EQ(third.status, 429) << third.body;
    EXPECT_EQ(third.text("error"), "slow_down");
    EXPECT_EQ(third.field("Retry-After"), "30");
    EXPECT_EQ(check("/check/api/billing", secret), "rate_limited");
}

TEST_F(TokenExchangeTest, AVerifierThatAsksTooOftenHearsThatAndNotThatItIsUnknown) {
    authority::CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {{"token:verify"}};
    wanted.owner = machine("gateway", "billing").id;
    wanted.rate = {1, 60};
    const std::string verifier(create(as_admin_, wanted).value().text.expose());
    const std::string secret(opaque({"license:read"}).text.expose());
    EXPECT_EQ(derive(secret, {}, bearer(verifier)).status, 200);
    const auto second = derive(secret, {}, bearer(verifier));
    EXPECT_EQ(second.status, 429) << second.body;
    EXPECT_EQ(second.text("error"), "slow_down");
    EXPECT_EQ(second.field("Retry-After"), "60");
}

TEST_F(TokenExchangeTest, WhatCannotBeExchangedIsRefusedInOneWay) {
    const auto suspended = opaque({"license:read"});
    const auto target = "/v1/tokens/" + suspended.token.id.uuid() + "/suspend";
    ASSERT_EQ(ask("POST", target, bearer(session(alice_)), "{}").status, 200);
    for (const std::string& subject :
         {std::string("garbage"), session(alice_), std::string(suspended.text.expose()),
          holder_->assertion(clock.now()), holder_->token.uuid()}) {
        expect_refused(derive(subject));
    }
    const std::string secret(opaque({"license:read"}).text.expose());
    expect_error(derive(secret, {{"audience", "shipping"}}), "invalid_target");
    expect_error(derive(secret, {{"resource", "https://elsewhere.example"}}), "invalid_target");
    expect_error(derive(secret, {{"actor_token", secret}}), "invalid_request");
    expect_error(derive(secret, {{"requested_token_type",
                                  "urn:ietf:params:oauth:token-type:refresh_token"}}),
                 "invalid_request");
    expect_error(post(form_of({{"grant_type", kGrant}, {"subject_token", secret}})),
                 "invalid_request");
    expect_error(post(form_of({{"grant_type", kGrant}})), "invalid_request");
}

}  // namespace
}  // namespace latchkey::api
