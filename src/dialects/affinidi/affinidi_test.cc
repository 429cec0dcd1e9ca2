// The dialect as its clients meet it: what they send, and what they read of the answers.
#include <algorithm>
#include <cstring>

#include "authority/testing_keys.h"
#include "dialects/affinidi/edge.h"
#include "dialects/affinidi/errors.h"
#include "dialects/testing.h"

namespace latchkey::dialects {
namespace {

using authority::testing::KeyHolder;
using testing::bearer;
using testing::Fields;
using testing::Reply;

constexpr const char* kTokenEndpoint = "http://localhost:2777/auth/oauth2/token";
constexpr const char* kNobody = "01890000-0000-4000-8000-000000000001";

std::string quoted(const std::string& text) {
    return json_quote(text);
}

class AffinidiTest : public testing::DialectTest {
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

// --- login --------------------------------------------------------------------------------------

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
        decide(code, R"({"approve":true,"password":")" + std::string(testing::kPassword) + "\"}");
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

TEST_F(AffinidiLoginTest, LoggingOutEndsTheSessionAndIsNeverRefused) {
    EXPECT_EQ(through("POST", "/api/auth/logout", "{}").status, 200);
    expect_error(through("GET", "/api/whoami"), 401, "InvalidJwtTokenError");
    EXPECT_EQ(through("POST", "/api/auth/logout", "{}").status, 200);
    EXPECT_EQ(say("POST", "/api/auth/logout", {}, "{}").status, 200);
}

// --- credentials --------------------------------------------------------------------------------

TEST_F(AffinidiTest, EveryStyleOfItsClientsIsTheSamePerson) {
    const std::string who = "user/" + alice_.id.uuid();
    for (const Fields& fields :
         {Fields{{"Cookie", "portal-session-local=" + secret_}},
          Fields{{"Cookie", "portal-session=" + secret_}},
          Fields{{"Cookie", "portal-session-dev=" + secret_}}, bearer(secret_),
          Fields{{"authorization", secret_}}, Fields{{"Authorization", "bearer " + secret_}}}) {
        const auto reply = say("GET", "/iam/v1/sts/whoami", fields);
        EXPECT_EQ(reply.status, 200) << fields.front().second << reply.body;
        EXPECT_EQ(reply.text("principalId"), who);
        EXPECT_EQ(reply.text("principalType"), "user");
    }
    // A token that manages, bare as well.
    const auto manages = token(as_alice_, "latchkey", {"token:read"});
    const Fields bare = {{"authorization", std::string(manages.text.expose())}};
    EXPECT_EQ(say("GET", "/iam/v1/tokens", bare).status, 200);
    expect_error(say("GET", "/iam/v1/projects", bare), 403, "ActionForbiddenError",
                 "Principal can not execute action on given resource");
}

TEST_F(AffinidiTest, NobodyIsTheirOwnError) {
    for (const Fields& fields : {Fields{}, Fields{{"Cookie", "portal-session-local=undefined"}},
                                 Fields{{"Cookie", "latchkey_session=" + secret_}}}) {
        expect_error(say("GET", "/iam/v1/tokens", fields), 403, "UnauthorizedError",
                     "Unauthorized");
        const auto reply = say("GET", "/api/whoami", fields);
        expect_error(reply, 401, "UnauthorizedError", "Unauthorized");
        EXPECT_FALSE(reply.field("WWW-Authenticate").empty());
    }
    const auto ended = say("GET", "/api/whoami", {{"Cookie", "portal-session-local=lks_old"}});
    expect_error(ended, 401, "InvalidJwtTokenError");
    EXPECT_EQ(ended.json().at("details").at(0).at("issue").as_string(), "jwt-expired");
    expect_error(say("GET", "/iam/v1/tokens", bearer("nonsense")), 403, "UnauthorizedError");
}

TEST_F(AffinidiTest, ABrowserNeverUsesTheCookie) {
    for (const char* name : {"Origin", "Sec-Fetch-Site"}) {
        auto fields = cookie_;
        fields.emplace_back(name, "http://127.0.0.1:2777");
        expect_error(say("GET", "/api/projects", fields), 403, "ActionForbiddenError");
        expect_error(say("POST", "/api/project", fields, R"({"name":"theirs"})"), 403,
                     "ActionForbiddenError");
    }
    auto form = cookie_;
    form.emplace_back("Content-Type", "text/plain");
    EXPECT_EQ(say("POST", "/api/project", form, R"({"name":"theirs"})").status, 415);
    const auto preflight = say("OPTIONS", "/api/project", {{"Origin", "http://evil.example"}});
    EXPECT_TRUE(preflight.field("Access-Control-Allow-Origin").empty());
}

TEST_F(AffinidiTest, WhatIsNotThereSaysSoInTheirWords) {
    expect_error(through("GET", "/nothing"), 404, "NotFoundError");
    expect_error(through("GET", "/v1/tokens"), 404, "NotFoundError");
    expect_error(through("GET", "/check/scope/license:read"), 404, "NotFoundError");
    expect_error(through("PUT", "/iam/v1/tokens", "{}"), 405, "InvalidParameterError");
    expect_error(through("POST", "/iam/v1/tokens", "{"), 400, "InvalidParameterError");
}

// --- projects -----------------------------------------------------------------------------------

TEST_F(AffinidiTest, TheSessionWorksInTheProjectThatItMadeOrChoseLast) {
    EXPECT_EQ(made("GET", "/api/project").text("id"), project_);
    const auto second = made("POST", "/api/project", R"({"name":"stall","description":"small"})");
    EXPECT_EQ(second.text("name"), "stall");
    EXPECT_EQ(second.text("description"), "small");
    EXPECT_EQ(second.text("ownerId"), "user/" + alice_.id.uuid());
    EXPECT_FALSE(second.text("createdAt").empty());
    EXPECT_EQ(made("GET", "/api/project").text("id"), second.text("id"));
    EXPECT_EQ(made("GET", "/api/projects").json().as_array().size(), 2U);
    const auto chosen =
        made("POST", "/api/projects/active", R"({"projectId":")" + project_ + "\"}");
    EXPECT_EQ(chosen.body, R"({"projectId":")" + project_ + "\"}");
    EXPECT_EQ(made("GET", "/api/project").text("id"), project_);
    // Each session by itself.
    const Fields other = {{"Cookie", "portal-session-local=" + session(alice_)}};
    made("POST", "/api/projects/active", R"({"projectId":")" + second.text("id") + "\"}");
    EXPECT_EQ(say("GET", "/api/project", other).text("id"), project_);
    // One that is gone is not worked in.
    EXPECT_EQ(ask("DELETE", "/v1/projects/" + second.text("id"), bearer(secret_)).status, 204);
    EXPECT_EQ(made("GET", "/api/project").text("id"), project_);
}

TEST_F(AffinidiTest, OtherPeoplesProjectsAreUnknown) {
    const Fields bob = {{"Cookie", "portal-session-local=" + session(bob_)}};
    expect_error(say("GET", "/api/project", bob), 404, "NotFoundError");
    EXPECT_EQ(say("GET", "/api/projects", bob).body, "[]");
    expect_error(say("POST", "/api/projects/active", bob, R"({"projectId":")" + project_ + "\"}"),
                 404, "NotFoundError");
    expect_error(say("PATCH", "/api/project/" + project_, bob, R"({"name":"mine"})"), 404,
                 "NotFoundError");
    expect_error(say("GET", "/iam/v1/projects/" + project_, bob), 404, "NotFoundError");
    expect_error(say("GET", "/iam/v1/projects/principals", bob), 404, "NotFoundError");
}

TEST_F(AffinidiTest, ProjectsAreChangedAndTheirNamesAreTakenOnce) {
    const auto changed = made("PATCH", "/api/project/" + project_, R"({"name":"kiosk"})");
    EXPECT_EQ(changed.text("name"), "kiosk");
    expect_error(through("POST", "/api/project", R"({"name":"kiosk"})"), 409, "AlreadyExistsError");
    const auto list = made("GET", "/iam/v1/projects?limit=1").json();
    EXPECT_EQ(list.at("projects").at(0).at("id").as_string(), project_);
    EXPECT_EQ(list.at("lastEvaluatedKey").as_string(), project_);
    const auto stats = made("GET", "/api/stats/" + project_).json();
    EXPECT_EQ(stats.at("projects").at(0).at("id").as_string(), project_);
    const auto me = made("GET", "/api/whoami").json();
    EXPECT_EQ(me.at("activeProject").at("id").as_string(), project_);
    EXPECT_EQ(me.at("email").as_string(), "alice@example.com");
}

// --- tokens -------------------------------------------------------------------------------------

TEST_F(AffinidiTest, ATokenIsMadeAndItsKeyNamedAfterItAsTheCommandLineDoes) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const auto token =
        made("POST", "/iam/v1/tokens",
             token_body("  MyNewToken ", key, "6a2f41a3-c54c-fce8-32d2-0324e1c32e22"));
    const auto id = token.text("id");
    EXPECT_EQ(token.text("name"), "MyNewToken");
    EXPECT_EQ(token.text("ari"), "ari:iam:::token/" + id);
    EXPECT_EQ(token.text("ownerAri"), "ari:iam:::user/" + alice_.id.uuid());
    EXPECT_EQ(to_json(token.json().at("scopes")), R"(["openid","offline_access"])");
    const auto renamed = made("PATCH", "/iam/v1/tokens/" + id, token_body("MyNewToken", key, id));
    const auto method = renamed.json().at("authenticationMethod");
    EXPECT_EQ(method.at("type").as_string(), "PRIVATE_KEY");
    EXPECT_EQ(method.at("signingAlgorithm").as_string(), "ES256");
    const auto shown = method.at("publicKeyInfo").at("jwks").at("keys").at(0).as_object();
    std::string names;
    for (const auto& member : shown) {
        names += std::string(member.key()) + " ";
    }
    EXPECT_EQ(names, "use kty kid alg crv x y ");
    EXPECT_EQ(shown.at("kid").as_string(), id);
    EXPECT_EQ(shown.at("x"), key.public_key().to_jwk().at("x"));
    EXPECT_EQ(made("GET", "/iam/v1/tokens/" + id).body, renamed.body);
    EXPECT_EQ(made("GET", "/iam/v1/tokens").body, R"({"tokens":[)" + renamed.body + "]}");
    EXPECT_EQ(through("DELETE", "/iam/v1/tokens/" + id).status, 204);
    expect_error(through("GET", "/iam/v1/tokens/" + id), 404, "NotFoundError", "Not found: token.");
    expect_error(through("DELETE", "/iam/v1/tokens/" + id), 404, "NotFoundError");
    EXPECT_EQ(made("GET", "/iam/v1/tokens").body, R"({"tokens":[]})");
}

TEST_F(AffinidiTest, WhatIsWrongWithAKeyIsNamed) {
    const auto create = [&](const std::string& method) {
        return through("POST", "/iam/v1/tokens",
                       R"({"name":"MyNewToken","authenticationMethod":)" + method + "}");
    };
    // What its command line sends of an EC key in a file.
    const auto bare =
        create(R"({"type":"PRIVATE_KEY","signingAlgorithm":"ES256","publicKeyInfo":)"
               R"({"jwks":{"keys":[{"kid":"k","alg":"ES256","use":"sig","kty":"EC"}]}}})");
    expect_error(bare, 400, "InvalidParameterError");
    EXPECT_NE(bare.text("message").find("crv, x, y are missing"), std::string::npos) << bare.body;
    EXPECT_EQ(bare.json().at("details").at(0).at("field").as_string(),
              "authenticationMethod.publicKeyInfo.jwks.keys.0.crv");
    expect_error(
        create(R"({"type":"PRIVATE_KEY","publicKeyInfo":{"jwksUri":"https://a.example"}})"), 400,
        "NotSupportedError");
    expect_error(create(R"({"type":"SECRET"})"), 400, "NotSupportedError");
    expect_error(create(R"({"type":"PRIVATE_KEY"})"), 400, "InvalidParameterError");
    expect_error(create(R"("x")"), 400, "InvalidParameterError");
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const auto short_name = through("POST", "/iam/v1/tokens", token_body("  short  ", key, "k"));
    expect_error(short_name, 400, "InvalidParameterError");
    EXPECT_TRUE(short_name.text("message").starts_with("Invalid parameter: name. "));
    EXPECT_EQ(made("GET", "/iam/v1/tokens").body, R"({"tokens":[]})");
}

TEST_F(AffinidiTest, OnlyTheOwnersKeyTokensAreThere) {
    const auto jwt = token(as_alice_, "billing", {"license:read"});
    expect_error(through("GET", "/iam/v1/tokens/" + jwt.token.id.uuid()), 404, "NotFoundError");
    expect_error(through("DELETE", "/iam/v1/tokens/" + jwt.token.id.uuid()), 404, "NotFoundError");
    const auto held = holder();
    const std::string path = "/iam/v1/tokens/" + held.token.uuid();
    const Fields bob = {{"Cookie", "portal-session-local=" + session(bob_)}};
    for (const char* method : {"GET", "DELETE"}) {
        expect_error(say(method, path, bob), 404, "NotFoundError", "Not found: token.");
    }
    expect_error(say("PATCH", path, bob, R"({"name":"theirs now"})"), 404, "NotFoundError");
    EXPECT_EQ(say("GET", "/iam/v1/tokens", bob).body, R"({"tokens":[]})");
    const auto projects = made("GET", path + "/projects").json();
    EXPECT_EQ(projects.at("projects").at(0).at("id").as_string(), project_);
    // Revoked elsewhere: as good as deleted.
    ASSERT_TRUE(change(as_alice_, held.token.uuid(), authority::TokenChange::kRevoke));
    expect_error(through("GET", path), 404, "NotFoundError");
    EXPECT_EQ(made("GET", "/iam/v1/tokens").body, R"({"tokens":[]})");
}

TEST_F(AffinidiTest, AListIsWholeUnlessALimitWasAskedFor) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    for (int i = 0; i < 205; ++i) {
        made("POST", "/iam/v1/tokens", token_body("token " + std::to_string(100 + i), key, "k"));
    }
    const auto all = made("GET", "/iam/v1/tokens").json();
    EXPECT_EQ(all.at("tokens").as_array().size(), 205U);
    EXPECT_FALSE(all.as_object().contains("lastEvaluatedKey"));
    std::size_t seen = 0;
    std::string start;
    do {
        const auto page = made("GET", "/iam/v1/tokens?limit=50" + start).json().as_object();
        seen += page.at("tokens").as_array().size();
        const auto* last = page.if_contains("lastEvaluatedKey");
        start = last == nullptr ? "" : "&exclusiveStartKey=" + std::string(last->as_string());
    } while (!start.empty());
    EXPECT_EQ(seen, 205U);
    expect_error(through("GET", "/iam/v1/tokens?limit=0"), 400, "InvalidParameterError");
    expect_error(through("GET", "/iam/v1/tokens?exclusiveStartKey=x"), 400,
                 "InvalidParameterError");
}

// --- principals and policies --------------------------------------------------------------------

TEST_F(AffinidiTest, APrincipalHasNoRightsUntilAPolicyGivesThem) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const auto id = made("POST", "/iam/v1/tokens", token_body("my service", key, "k")).text("id");
    EXPECT_EQ(add_principal(id).status, 204);
    EXPECT_EQ(add_principal(id, "machine_user").status, 204);
    const std::string path = "/iam/v1/policies/principals/" + id + "?principalType=token";
    const std::string ari = "ari:iam::" + project_ + ":token/" + id;
    EXPECT_EQ(made("GET", path).body,
              R"({"version":"2022-12-15","statement":[{"principal":[")" + ari +
                  R"("],"action":[""],"resource":[""],"effect":"Allow"}]})");
    const auto written = made("PUT", path, policy(id, R"(["license:read"])"));
    EXPECT_EQ(written.body, policy(id, R"(["license:read"])"));
    EXPECT_EQ(made("GET", path).body, written.body);
    const auto records = made("GET", "/iam/v1/projects/principals").json().at("records").as_array();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].at("principalId").as_string(), "user/" + alice_.id.uuid());
    EXPECT_EQ(records[1].at("principalId").as_string(), "token/" + id);
    EXPECT_EQ(records[1].at("projectName").as_string(), "shop");
    EXPECT_EQ(records[1].at("statement").at(0).at("action").at(0).as_string(), "license:read");
    // It reads back what was written, and what was sent back changes nothing.
    made("PUT", path, policy(id, R"([""])"));
    EXPECT_EQ(made("GET", path).json().at("statement").at(0).at("action").at(0).as_string(), "");
    const std::string gone = "/iam/v1/projects/principals/" + id + "?principalType=token";
    EXPECT_EQ(through("DELETE", gone).status, 204);
    expect_error(through("DELETE", gone), 404, "NotFoundError", "Not found: principal.");
    expect_error(through("GET", path), 404, "NotFoundError");
}

TEST_F(AffinidiTest, AnUnknownPrincipalIsTakenWithoutAWordAndGetsNothing) {
    EXPECT_EQ(add_principal(kNobody).status, 204);
    const auto of_bob = token(as_bob_, "billing", {"license:read"});
    EXPECT_EQ(add_principal(of_bob.token.id.uuid()).status, 204);
    EXPECT_EQ(made("GET", "/iam/v1/projects/principals").json().at("records").as_array().size(),
              1U);
    expect_error(through("PUT", "/iam/v1/policies/principals/" + std::string(kNobody),
                         policy(kNobody, R"(["*"])")),
                 404, "NotFoundError");
    expect_error(add_principal("x"), 400, "InvalidParameterError");
    expect_error(add_principal(kNobody, "group"), 400, "InvalidParameterError");
    expect_error(add_principal(kNobody, "user"), 404, "NotFoundError");
}

TEST_F(AffinidiTest, PeopleAreAddedAndNobodyRemovesHimself) {
    EXPECT_EQ(add_principal(bob_.id.uuid(), "user").status, 204);
    const std::string path = "/iam/v1/projects/principals/";
    expect_error(through("DELETE", path + alice_.id.uuid() + "?principalType=user"), 409,
                 "PrincipalCannotBeDeletedError");
    EXPECT_EQ(through("DELETE", path + bob_.id.uuid() + "?principalType=user").status, 204);
    expect_error(through("DELETE", path + bob_.id.uuid() + "?principalType=user"), 404,
                 "NotFoundError");
}

TEST_F(AffinidiTest, APolicyOfSomebodyElseOrOfNoFormIsRefused) {
    const auto held = holder();
    const std::string id = held.token.uuid();
    const std::string path = "/iam/v1/policies/principals/" + id + "?principalType=token";
    expect_error(through("PUT", path, policy(kNobody, R"(["*"])")), 400, "InvalidParameterError");
    expect_error(through("PUT", path, R"({"version":"2022-12-15","statement":"x"})"), 400,
                 "InvalidParameterError");
    expect_error(through("PUT", path, R"({"version":"1"})"), 400, "InvalidParameterError");
    expect_error(through("GET", "/iam/v1/policies/principals/" + id + "?principalType=group"), 400,
                 "InvalidParameterError");
}

// --- tokens of projects -------------------------------------------------------------------------

TEST_F(AffinidiTest, ASignatureBecomesATokenOfOneProject) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto got = scope(identity, project_);
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.json().at("expiresIn").as_int64(), 3600);
    EXPECT_EQ(got.text("scope"), "*");
    EXPECT_EQ(verdict(got.text("accessToken")), "active");
    // As the Java library asks, and bare.
    const auto form =
        say("POST", "/iam/v1/sts/create-project-scoped-token",
            {{"Authorization", identity}, {"Content-Type", "application/x-www-form-urlencoded"}},
            "projectId=" + project_);
    EXPECT_EQ(form.status, 200) << form.body;
    EXPECT_EQ(verdict(form.text("accessToken")), "active");
    const auto who = say("GET", "/iam/v1/sts/whoami", {{"authorization", got.text("accessToken")}});
    EXPECT_EQ(who.body,
              R"({"principalId":"token/)" + held.token.uuid() + R"(","principalType":"token"})");
    // Dead with its token.
    EXPECT_EQ(through("DELETE", "/iam/v1/tokens/" + held.token.uuid()).status, 204);
    EXPECT_EQ(verdict(got.text("accessToken")), "revoked");
    expect_error(scope(identity, project_), 403, "UnauthorizedError");
}

TEST_F(AffinidiTest, AnIdentityIsGoodForNothingElse) {
    const auto held = holder();
    const auto identity = identity_of(held);
    EXPECT_EQ(verdict(identity), "unknown");
    expect_error(say("GET", "/iam/v1/tokens", bearer(identity)), 403, "UnauthorizedError");
    expect_error(say("GET", "/iam/v1/sts/whoami", bearer(identity)), 403, "UnauthorizedError");
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(identity)).status, 401);
    const auto exchanged =
        ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&"
            "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
            "subject_token=" +
                identity);
    EXPECT_EQ(exchanged.text("error"), "invalid_request");
    clock.advance(std::chrono::minutes(6));
    expect_error(scope(identity, project_), 403, "UnauthorizedError");
}

TEST_F(AffinidiTest, AnIdentityIsForItsOwnProjectsAndCannotBeForged) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto other = made("POST", "/api/project", R"({"name":"stall"})").text("id");
    expect_error(scope(identity, other), 403, "PrincipalDoesNotBelongToProjectError",
                 "Principal does not belong to the given project");
    expect_error(scope(identity, kNobody), 403, "PrincipalDoesNotBelongToProjectError");
    expect_error(scope(identity, "x"), 400, "InvalidParameterError");
    expect_error(say("POST", "/iam/v1/sts/create-project-scoped-token", bearer(identity), "{}"),
                 400, "InvalidParameterError");
    auto forged = identity;
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    expect_error(scope(forged, project_), 403, "UnauthorizedError");
    expect_error(say("POST", "/iam/v1/sts/create-project-scoped-token", cookie_,
                     R"({"projectId":")" + project_ + "\"}"),
                 403, "UnauthorizedError");
    // What was got for the project is no identity, and goes no further.
    const auto scoped = scope(identity, project_).text("accessToken");
    EXPECT_EQ(scope(scoped, project_).status, 200);
    EXPECT_NE(scope(scoped, other).status, 200);
}

TEST_F(AffinidiTest, AForgedIdentityPaysInTheNameOfAKeyThatExistsAndOfNoOther) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto dot = identity.find('.');
    const auto end = identity.rfind('.');
    auto claims = base64url_decode(identity.substr(dot + 1, end - dot - 1)).value();
    for (const char* name : {"client_id", "sub"}) {
        const auto at = claims.find(R"(")" + std::string(name) + R"(":")") + std::strlen(name) + 4;
        claims.replace(at, std::strlen(kNobody), kNobody);
    }
    const auto forged =
        identity.substr(0, dot + 1) + base64url_encode(claims) + identity.substr(end);
    // Nobody's signature is looked at: there is no end of tries that the next one would come to.
    for (int i = 0; i < 250; ++i) {
        ASSERT_EQ(scope(forged, project_).status, 403) << i;
    }
    auto wrong = identity;
    wrong[wrong.size() - 10] = wrong[wrong.size() - 10] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(scope(wrong, project_).status, 403) << i;
    }
    EXPECT_EQ(scope(wrong, project_).status, 503);
}

TEST_F(AffinidiTest, TheAssertionIsForTheListenersOwnAddressesAndGoodOnce) {
    auto held = holder();
    const auto once = held.assertion(clock.now());
    EXPECT_EQ(present(once).status, 200);
    const auto again = present(once);
    EXPECT_EQ(again.status, 401);
    EXPECT_EQ(again.text("error"), "invalid_client");
    const auto with_audience = [&](const json::value& audience) {
        auto claims = held.claims(clock.now());
        claims["aud"] = audience;
        claims["jti"] = "Sat Nov 21 2026 (Coordinated Universal Time)0." + std::to_string(++count_);
        return present(held.sign(held.header(), claims)).status;
    };
    EXPECT_EQ(with_audience("http://127.0.0.1:2777/auth/oauth2/token"), 200);
    EXPECT_EQ(with_audience(services_->issuer().c_str()), 200);
    EXPECT_EQ(with_audience(json::array{kTokenEndpoint}), 200);
    EXPECT_EQ(with_audience(json::array{kTokenEndpoint, services_->issuer().c_str()}), 401);
    EXPECT_EQ(with_audience("http://evil.example/auth/oauth2/token"), 401);
    // Our own endpoint takes none of these.
    const auto own =
        ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
            "grant_type=client_credentials&client_assertion_type="
            "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
            "client_assertion=" +
                held.assertion(clock.now()));
    EXPECT_EQ(own.status, 401);
    // Without a kid there is only the one key.
    auto header = held.header();
    header.erase("kid");
    EXPECT_EQ(present(held.sign(header, held.claims(clock.now()))).status, 200);
}

TEST_F(AffinidiTest, OtherGrantsAreNotOffered) {
    const Fields form = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto reply = say("POST", "/auth/oauth2/token", form,
                           "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.text("error"), "unsupported_grant_type");
}

TEST_F(AffinidiTest, TheSigningKeyComesFirstAndARotationKeepsWhatWasGiven) {
    const auto held = holder();
    const auto first_key = [&] {
        return std::string(
            say("GET", "/iam/.well-known/jwks.json").json().at("keys").at(0).at("kid").as_string());
    };
    const auto before = first_key();
    const auto old = scope(identity_of(held), project_).text("accessToken");
    const auto identity = identity_of(held);
    ASSERT_EQ(ask("POST", "/v1/signing-keys/rotate", bearer(session(admin_)), "{}").status, 201);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(verdict(old), "active");
    EXPECT_EQ(scope(identity, project_).status, 200);
    const auto active = authority->keys().keys()->active->kid();
    EXPECT_EQ(first_key(), active);
    EXPECT_EQ(verdict(scope(identity_of(held), project_).text("accessToken")), "active");
    EXPECT_FALSE(before.empty());
}

// --- failures -----------------------------------------------------------------------------------

TEST_F(AffinidiTest, NoFailureOfOursTakesTheLoginFromTheCommandLine) {
    for (const auto code :
         {ErrorCode::kInternal, ErrorCode::kUnavailable, ErrorCode::kOutOfSpace}) {
        http::Request request;
        request.request_id = "trace";
        request.path = "/api/projects";
        const auto kept = affinidi::error_answer(*services_, request, Error{code, "why"});
        EXPECT_EQ(kept.status, 429);
        EXPECT_NE(kept.body.find(R"("name":"UnexpectedError")"), std::string::npos);
        request.path = "/iam/v1/tokens";
        const auto said = affinidi::error_answer(*services_, request, Error{code, "why"});
        EXPECT_GE(said.status, 500);
        EXPECT_NE(said.body.find(R"("message":"Unexpected Error Occurred.")"), std::string::npos);
    }
}

}  // namespace
}  // namespace latchkey::dialects
