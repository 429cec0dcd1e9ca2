// Proofs of possession (RFC 9449) end to end: at the token endpoint, at /check, at our own routes,
// and passed on by a verifier.
#include "api/oauth_testing.h"
#include "token/testing_proofs.h"

namespace latchkey::api {
namespace {

using latchkey::testing::ProofHolder;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::bearer;
using testing::Fields;
using testing::form_of;
using testing::Parameters;
using testing::Reply;

const std::pair<std::string, std::string> kForm = {"Content-Type",
                                                   "application/x-www-form-urlencoded"};

class DpopTest : public testing::OAuthTest {
protected:
    void SetUp() override {
        OAuthTest::SetUp();
        token_url_ = services_->issuer() + "/oauth2/token";
    }
    std::string proof(const std::string& method, const std::string& url,
                      const std::string& token = {}) {
        auto claims = ProofHolder::claims(method, url, clock.now());
        claims["nonce"] = nonce();
        if (!token.empty()) claims["ath"] = base64url_encode(as_text(sha256(token)));
        return key_.sign(claims);
    }
    std::string nonce() { return services_->proof_nonces.current(clock.steady()); }
    Reply get_bound(const std::string& proof) {
        return ask("POST", "/oauth2/token", {kForm, {"DPoP", proof}},
                   form_of(parameters(holder_->assertion(clock.now()))));
    }
    std::string bound() {
        const auto reply = get_bound(proof("POST", token_url_));
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.text("token_type"), "DPoP");
        return reply.text("access_token");
    }
    Reply check_with(const std::string& token, const std::string& proof,
                     const std::string& path = "/check/api/billing") {
        Fields fields = {{"Authorization", "DPoP " + token}};
        if (!proof.empty()) fields.emplace_back("DPoP", proof);
        return ask("GET", path, fields);
    }
    std::string here(const std::string& path = "/check/api/billing") {
        return "http://127.0.0.1" + path;
    }
    void expect_denied(const Reply& reply, const std::string& verdict, const std::string& error) {
        EXPECT_EQ(reply.status, 401) << reply.head << reply.body;
        EXPECT_EQ(reply.field("Latchkey-Verdict"), verdict) << reply.head;
        const auto challenge = reply.field("WWW-Authenticate");
        EXPECT_TRUE(challenge.starts_with("DPoP realm=\"latchkey\"")) << challenge;
        EXPECT_NE(challenge.find("error=\"" + error + "\""), std::string::npos) << challenge;
        EXPECT_NE(challenge.find("algs=\"ES256"), std::string::npos) << challenge;
        EXPECT_EQ(reply.field("DPoP-Nonce"), nonce());
    }

    ProofHolder key_;
    std::string token_url_;
};

TEST_F(DpopTest, ATokenIsBoundToTheKeyOfTheProofThatItWasGotWith) {
    const auto token = bound();
    const auto claims = claims_of(token);
    EXPECT_EQ(claims.at("cnf").at("jkt").as_string(), key_.key.public_key().thumbprint());
    EXPECT_EQ(check_with(token, proof("GET", here(), token)).status, 200);
    // The same token the way that anybody could send it who stole it.
    for (const auto& fields : {bearer(token), testing::basic(token)}) {
        expect_denied(ask("GET", "/check/api/billing", fields), "proof_needed", "invalid_token");
    }
    expect_denied(check_with(token, ""), "proof_needed", "invalid_dpop_proof");
}

TEST_F(DpopTest, TheTokenEndpointGivesTheNonceThatItDemands) {
    auto claims = ProofHolder::claims("POST", token_url_, clock.now());
    const auto refused = get_bound(key_.sign(claims));
    expect_error(refused, "use_dpop_nonce");
    const auto given = refused.field("DPoP-Nonce");
    EXPECT_EQ(given, nonce());
    claims["nonce"] = given;
    EXPECT_EQ(get_bound(key_.sign(claims)).status, 200);
    expect_error(get_bound(key_.sign(claims)), "invalid_dpop_proof");  // used before
    expect_error(get_bound(proof("GET", token_url_)), "invalid_dpop_proof");
    expect_error(get_bound(proof("POST", token_url_ + "/x")), "invalid_dpop_proof");
    expect_error(get_bound("garbage"), "invalid_dpop_proof");
    auto old = ProofHolder::claims("POST", token_url_, clock.now());
    old["nonce"] = nonce();
    clock.advance(minutes(3));
    expect_error(get_bound(key_.sign(old)), "use_dpop_nonce");
    // The assertion of a refused request was not used up by the proof's fault.
    const auto assertion = holder_->assertion(clock.now());
    const auto with = [&](const std::string& one) {
        return ask("POST", "/oauth2/token", {kForm, {"DPoP", one}}, form_of(parameters(assertion)));
    };
    expect_error(with("garbage"), "invalid_dpop_proof");
    EXPECT_EQ(with(proof("POST", token_url_)).status, 200);
}

TEST_F(DpopTest, ACheckRefusesWhateverIsNotForThisRequest) {
    const auto token = bound();
    const auto other = bound();
    const ProofHolder stranger;
    struct Case {
        const char* what;
        std::string proof;
        const char* error;
    };
    auto no_nonce = ProofHolder::claims("GET", here(), clock.now());
    no_nonce["ath"] = base64url_encode(as_text(sha256(token)));
    auto by_stranger = no_nonce;
    by_stranger["nonce"] = nonce();
    auto foreign_nonce = no_nonce;
    foreign_nonce["nonce"] = authority::ProofNonces().current(clock.steady());
    const auto good = proof("GET", here(), token);
    EXPECT_EQ(check_with(token, good).status, 200);
    for (const auto& each : std::vector<Case>{
             {"used before", good, "invalid_dpop_proof"},
             {"another method", proof("POST", here(), token), "invalid_dpop_proof"},
             {"another URL", proof("GET", here("/check"), token), "invalid_dpop_proof"},
             {"another host", proof("GET", "http://api.example/check/api/billing", token),
              "invalid_dpop_proof"},
             {"another token", proof("GET", here(), other), "invalid_dpop_proof"},
             {"no token", proof("GET", here()), "invalid_dpop_proof"},
             {"no nonce", key_.sign(no_nonce), "use_dpop_nonce"},
             {"another server's nonce", key_.sign(foreign_nonce), "use_dpop_nonce"},
             {"another's key", stranger.sign(by_stranger), "invalid_dpop_proof"},
             {"garbage", "garbage", "invalid_dpop_proof"}}) {
        SCOPED_TRACE(each.what);
        expect_denied(check_with(token, each.proof), "proof_invalid", each.error);
    }
    const auto twice = ask("GET", "/check/api/billing",
                           {{"Authorization", "DPoP " + token},
                            {"DPoP", proof("GET", here(), token)},
                            {"DPoP", proof("GET", here(), token)}});
    expect_denied(twice, "proof_invalid", "invalid_dpop_proof");
    // A token that is not bound proves nothing by a proof.
    const auto plain = access_token();
    expect_denied(check_with(plain, proof("GET", here(), plain)), "proof_invalid", "invalid_token");
    const std::string kept(this->token(as_alice_, "billing", {}).text.expose());
    expect_denied(check_with(kept, proof("GET", here(), kept)), "proof_invalid", "invalid_token");
}

TEST_F(DpopTest, LifeAndAudienceAreJudgedBeforeAnyProof) {
    const auto token = bound();
    clock.advance(minutes(61));
    const auto reply = check_with(token, "garbage");
    EXPECT_EQ(reply.field("Latchkey-Verdict"), "expired");
}

TEST_F(DpopTest, BehindATrustedProxyTheProofIsForWhatTheClientAsked) {
    const auto token = bound();
    const auto ask_through = [&](const Fields& more, const std::string& method,
                                 const std::string& url) {
        Fields fields = more;
        fields.emplace_back("Authorization", "DPoP " + token);
        fields.emplace_back("DPoP", proof(method, url, token));
        return ask("GET", "/check/api/billing", fields).field("Latchkey-Verdict");
    };
    const Fields caddy = {{"X-Forwarded-Method", "PUT"},
                          {"X-Forwarded-Proto", "https"},
                          {"X-Forwarded-Host", "api.example"},
                          {"X-Forwarded-Uri", "/licenses/1?expand=owner"}};
    const Fields nginx = {{"X-Original-Method", "PUT"},
                          {"X-Forwarded-Proto", "https"},
                          {"X-Forwarded-Host", "api.example"},
                          {"X-Original-URI", "/licenses/1?expand=owner"}};
    // From anybody else these are the client's own words.
    for (const auto& fields : {caddy, nginx}) {
        EXPECT_EQ(ask_through(fields, "PUT", "https://api.example/licenses/1"), "proof_invalid");
        EXPECT_EQ(ask_through(fields, "GET", here()), "active");
    }
    services_->trusted_proxies.push_back({*parse_address("127.0.0.1"), 128});
    for (const auto& fields : {caddy, nginx}) {
        EXPECT_EQ(ask_through(fields, "PUT", "https://api.example/licenses/1"), "active");
        EXPECT_EQ(ask_through(fields, "GET", here()), "proof_invalid");
    }
    // Two that say different things: one of them is the client's.
    for (const auto& other : Fields{{"X-Forwarded-Uri", "/licenses/2"},
                                    {"X-Original-URI", "/licenses/2"},
                                    {"X-Original-Method", "GET"},
                                    {"X-Forwarded-Host", "evil.example"},
                                    {"X-Forwarded-Proto", "http"}}) {
        Fields fields = caddy;
        fields.push_back(other);
        for (const auto* url : {"https://api.example/licenses/1", "https://api.example/licenses/2",
                                "https://evil.example/licenses/1"}) {
            EXPECT_EQ(ask_through(fields, "PUT", url), "proof_invalid") << other.first;
        }
    }
}

TEST_F(DpopTest, OurOwnRoutesTakeItToo) {
    const auto token = bound();
    const auto url = services_->issuer() + "/v1/tokens/self";
    const auto self = [&](const std::string& one) {
        Fields fields = {{"Authorization", "DPoP " + token}};
        if (!one.empty()) fields.emplace_back("DPoP", one);
        return ask("GET", "/v1/tokens/self", fields);
    };
    EXPECT_EQ(self(proof("GET", url, token)).status, 200);
    auto claims = ProofHolder::claims("GET", url, clock.now());
    claims["ath"] = base64url_encode(as_text(sha256(token)));
    const auto refused = self(key_.sign(claims));
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.text("code"), "use_dpop_nonce");
    EXPECT_EQ(refused.field("DPoP-Nonce"), nonce());
    EXPECT_TRUE(refused.field("WWW-Authenticate").starts_with("DPoP ")) << refused.head;
    EXPECT_EQ(self("").status, 401);
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(token)).status, 401);
}

TEST_F(DpopTest, AVerifierPassesTheProofOn) {
    const auto token = bound();
    const auto verifier = bearer(verifier_token(machine("gateway", "billing")).text.expose());
    const std::string url = "https://api.example/licenses/1";
    const auto verify = [&](const std::string& dpop) {
        return ask(
            "POST", "/v1/tokens/verify", verifier,
            R"({"token":")" + token + "\"" + (dpop.empty() ? "" : ",\"dpop\":" + dpop) + "}");
    };
    const auto passed = [&](const std::string& one) {
        return R"({"proof":")" + one + R"(","method":"GET","url":")" + url + "\"}";
    };
    const auto without = verify("");
    EXPECT_EQ(without.text("verdict"), "proof_needed") << without.body;
    EXPECT_EQ(without.text("dpopNonce"), nonce());
    const auto good = proof("GET", url, token);
    EXPECT_EQ(verify(passed(good)).text("verdict"), "active");
    const auto again = verify(passed(good));
    EXPECT_EQ(again.text("verdict"), "proof_invalid");
    EXPECT_EQ(again.text("dpopError"), "invalid_dpop_proof");
    EXPECT_EQ(verify(passed(proof("GET", url))).text("verdict"), "proof_invalid");
    EXPECT_EQ(verify(R"({"proof":"x"})").status, 400);
    EXPECT_EQ(verify("7").status, 400);

    Fields form = verifier;
    form.push_back(kForm);
    const auto told = ask("POST", "/oauth2/introspect", form, "token=" + token);
    EXPECT_EQ(told.text("token_type"), "DPoP") << told.body;
    EXPECT_EQ(told.json().at("cnf").at("jkt").as_string(), key_.key.public_key().thumbprint());
}

TEST_F(DpopTest, ABoundTokenIsExchangedByItsHolderAloneAndStaysBound) {
    const auto token = bound();
    const auto derive = [&](const std::string& one) {
        Fields fields = {kForm};
        if (!one.empty()) fields.emplace_back("DPoP", one);
        return ask(
            "POST", "/oauth2/token", fields,
            form_of({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                     {"subject_token", token},
                     {"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"}}));
    };
    expect_error(derive(""), "invalid_request");
    expect_error(derive("garbage"), "invalid_dpop_proof");
    auto claims = ProofHolder::claims("POST", token_url_, clock.now());
    claims["nonce"] = nonce();
    expect_error(derive(ProofHolder().sign(claims)), "invalid_request");
    const auto got = derive(proof("POST", token_url_));
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.text("token_type"), "DPoP");
    EXPECT_EQ(claims_of(got.text("access_token")).at("cnf").at("jkt").as_string(),
              key_.key.public_key().thumbprint());
}

TEST_F(DpopTest, WrongSignaturesInOnesNameArePaidFor) {
    const auto token = bound();
    Reply last;
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
        auto one = proof("GET", here(), token);
        const auto dot = one.rfind('.');
        one[dot + 5] = one[dot + 5] == 'A' ? 'B' : 'A';
        last = check_with(token, one);
        refused += last.status == 401 ? 1 : 0;
    }
    EXPECT_LT(refused, 250);
    EXPECT_EQ(last.status, 503);
    clock.advance(seconds(60));
    EXPECT_EQ(check_with(token, proof("GET", here(), token)).status, 200);
}

TEST_F(DpopTest, WhereToGetATokenIsSaidWithEveryRefusal) {
    const auto metadata = ask("GET", "/.well-known/oauth-protected-resource/billing");
    ASSERT_EQ(metadata.status, 200) << metadata.body;
    const auto answer = metadata.json().as_object();
    EXPECT_EQ(answer.at("authorization_servers").at(0).as_string(), services_->issuer());
    EXPECT_EQ(answer.at("bearer_methods_supported").at(0).as_string(), "header");
    EXPECT_FALSE(answer.at("scopes_supported").as_array().empty());
    EXPECT_EQ(ask("GET", "/.well-known/oauth-protected-resource").text("resource"),
              services_->issuer());
    EXPECT_EQ(ask("GET", "/.well-known/oauth-protected-resource/nothing").status, 404);
    const std::string of_billing = "resource_metadata=\"" + services_->issuer() +
                                   "/.well-known/oauth-protected-resource/billing\"";
    for (const auto& fields : {Fields{}, bearer("garbage")}) {
        EXPECT_NE(ask("GET", "/check/api/billing", fields).head.find(of_billing),
                  std::string::npos);
    }
    // A path's own words never reach a field.
    EXPECT_EQ(ask("GET", "/check/api/no%22thing").head.find("resource_metadata"),
              std::string::npos);
    EXPECT_NE(ask("GET", "/v1/tokens").field("WWW-Authenticate").find("resource_metadata"),
              std::string::npos);
}

}  // namespace
}  // namespace latchkey::api
