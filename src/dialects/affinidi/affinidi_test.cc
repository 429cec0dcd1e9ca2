// The dialect as its command line meets it: what it sends, and what it reads of the answers.
#include "dialects/affinidi/testing.h"

namespace latchkey::dialects {
namespace {

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

TEST_F(AffinidiTest, TheSessionWorksInTheProjectThatItMadeOrChoseLast) {
    EXPECT_EQ(made("GET", "/api/project").text("id"), project_);
    clock.advance(std::chrono::milliseconds(1));  // or chance orders them
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

}  // namespace
}  // namespace latchkey::dialects
