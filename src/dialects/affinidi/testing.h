// For the tests of this folder: the dialect behind a real server, with a person who is logged in by
// the command line's cookie and works in a project.
#pragma once

#include "authority/testing_keys.h"
#include "dialects/affinidi/edge.h"
#include "dialects/testing.h"

namespace latchkey::dialects::testing {

using authority::testing::KeyHolder;

inline constexpr const char* kTokenEndpoint = "http://localhost:2777/auth/oauth2/token";
inline constexpr const char* kNobody = "01890000-0000-4000-8000-000000000001";

class AffinidiTest : public DialectTest {
protected:
    std::unique_ptr<api::Edge> make_edge(api::Services& services) override {
        return make_affinidi(services, {"http://localhost:2777", "http://127.0.0.1:2777"});
    }
    void SetUp() override {
        DialectTest::SetUp();
        secret_ = session(alice_);
        cookie_ = {{"Cookie", "portal-session-local=" + secret_}};
        project_ = made("POST", "/api/project", R"({"name":"shop"})").text("id");
    }
    Reply through(const std::string& method, const std::string& target,
                  const std::string& body = {}) {
        return say(method, target, cookie_, body);
    }
    Reply made(const std::string& method, const std::string& target, const std::string& body = {}) {
        auto reply = through(method, target, body);
        EXPECT_EQ(reply.status, 200) << target << " " << reply.body;
        return reply;
    }
    // {"name","message","httpStatusCode","traceId","details"}, whatever the cause.
    void expect_error(const Reply& reply, int status, const std::string& name,
                      const std::string& message = {}) {
        EXPECT_EQ(reply.status, status) << reply.body;
        EXPECT_EQ(reply.text("name"), name) << reply.body;
        EXPECT_TRUE(message.empty() || reply.text("message") == message) << reply.body;
        const auto body = reply.json();
        ASSERT_TRUE(body.is_object()) << reply.body;
        EXPECT_EQ(body.at("httpStatusCode").as_int64(), status);
        EXPECT_EQ(reply.text("traceId"), reply.field("X-Request-Id"));
        EXPECT_TRUE(body.at("details").is_array());
        EXPECT_FALSE(reply.text("message").empty());
    }
    static std::string token_body(const std::string& name, const PrivateKey& key,
                                  const std::string& kid) {
        auto jwk = key.public_key().to_jwk();
        jwk["kid"] = kid;
        json::object info{{"jwks", json::object{{"keys", json::array{std::move(jwk)}}}}};
        json::object method{{"type", "PRIVATE_KEY"},
                            {"signingAlgorithm", algorithm_name(key.algorithm())},
                            {"publicKeyInfo", std::move(info)}};
        return to_json(json::object{{"name", name}, {"authenticationMethod", std::move(method)}});
    }
    Reply add_principal(const std::string& id, const std::string& type = "token") {
        return through("POST", "/iam/v1/projects/principals",
                       R"({"principalId":")" + id + R"(","principalType":")" + type + "\"}");
    }
    std::string policy(const std::string& id, const std::string& actions) {
        return R"({"version":"2022-12-15","statement":[{"principal":["ari:iam::)" + project_ +
               ":token/" + id + R"("],"action":)" + actions +
               R"(,"resource":["*"],"effect":"Allow"}]})";
    }
    // A key token in the project that may everything there, as `create-token -g -w` makes one.
    KeyHolder holder() {
        auto key = PrivateKey::generate(Algorithm::kEs256);
        const auto token = made("POST", "/iam/v1/tokens", token_body("my service", key, "one"));
        const auto id = token.text("id");
        EXPECT_EQ(add_principal(id).status, 204);
        made("PUT", "/iam/v1/policies/principals/" + id + "?principalType=token",
             policy(id, R"(["*"])"));
        return {std::move(key), *TokenId::parse(id), "one", kTokenEndpoint};
    }
    Reply present(const std::string& assertion) {
        return say("POST", "/auth/oauth2/token",
                   {{"Content-Type", "application/x-www-form-urlencoded"}},
                   "grant_type=client_credentials&scope=openid&client_assertion_type="
                   "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                   "&client_assertion=" +
                       assertion);
    }
    std::string identity_of(const KeyHolder& held) {
        const auto reply = present(held.assertion(clock.now()));
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.text("access_token");
    }
    Reply scope(const std::string& identity, const std::string& project) {
        return say("POST", "/iam/v1/sts/create-project-scoped-token", bearer(identity),
                   R"({"projectId":")" + project + "\"}");
    }
    std::string verdict(const std::string& token) {
        return ask("GET", "/check/api/billing/scope/license:read/project/" + project_,
                   bearer(token))
            .field("Latchkey-Verdict");
    }
    static std::string member_of_query(const std::string& url, const std::string& name) {
        const auto at = url.find(name + "=");
        return at == std::string::npos
                   ? ""
                   : url.substr(at + name.size() + 1, url.find('&', at) - at - name.size() - 1);
    }

    std::string secret_;
    Fields cookie_;
    std::string project_;
    int count_{0};
};

}  // namespace latchkey::dialects::testing

namespace latchkey::dialects {

using testing::AffinidiTest;
using testing::kNobody;
using testing::kTokenEndpoint;

}  // namespace latchkey::dialects
