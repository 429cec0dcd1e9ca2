// The tokens of a project as Calyptia's clients make, list and change them.
#include "dialects/calyptia/testing.h"

namespace latchkey::dialects {
namespace {

using CalyptiaTokens = calyptia_testing::CalyptiaTest;

TEST_F(CalyptiaTokens, TheSecretStandsInTheAnswerThatMakesItAndNeverAgain) {
    const auto one = project();
    tick();
    const auto made = by_alice("POST", one.path + "/tokens",
                               R"({"name":"agent","permissions":["update:*","read:*"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.field("Cache-Control"), "no-store");
    const auto shape = [&](const std::string& secret) {
        return R"({"id":")" + made.text("id") + R"(","token":")" + secret +
               R"(","name":"agent","permissions":["read:*","update:*"],"createdAt":")" +
               made.text("createdAt") + "\"}";
    };
    EXPECT_EQ(made.body, shape(made.text("token")));
    const auto secret = made.text("token");
    EXPECT_EQ(std::count(secret.begin(), secret.end(), '.'), 1);
    EXPECT_EQ(secret.size() - secret.find('.') - 1, 64U);
    const auto path = "/v1/project_tokens/" + made.text("id");
    EXPECT_EQ(said(by_alice("GET", path)), "200 " + shape("redacted"));
    const auto list = by_alice("GET", one.path + "/tokens?");
    EXPECT_EQ(names(list), "agent default");
    EXPECT_EQ(to_json(list.json().at(0)), shape("redacted"));
    EXPECT_EQ(names(list, "token"), "redacted redacted");
    EXPECT_EQ(check(one, secret, "read:pipeline"), 200);
    EXPECT_EQ(check(one, secret, "create:pipeline"), 403);
}

// A14: the Go client sends null when nobody named any.
TEST_F(CalyptiaTokens, NoPermissionsAreAllFourAndReadAsSuchEverywhere) {
    const auto one = project();
    for (const std::string none : {R"({"name":"a"})", R"({"name":"b","permissions":null})",
                                   R"({"name":"c","permissions":[]})"}) {
        const auto made = by_alice("POST", one.path + "/tokens", none);
        ASSERT_EQ(made.status, 201) << made.body;
        EXPECT_EQ(to_json(made.json().at("permissions")), kFour);
        EXPECT_EQ(check(one, made.text("token"), "delete:pipeline"), 200);
        const auto seen = ask("GET", "/v1/tokens/" + made.text("id"), alice_fields_);
        EXPECT_EQ(seen.json().at("scopes").as_array().size(), 4U) << seen.body;
    }
    // Our own API says the same in words of its own.
    const auto own =
        ask("POST", one.path + "/tokens", alice_fields_, R"({"name":"d","permissions":[]})");
    EXPECT_EQ(own.status, 422);
    EXPECT_EQ(own.text("code"), "no_permissions");
}

TEST_F(CalyptiaTokens, WhatIsWrongIsSaidInTheirWords) {
    const auto one = project();
    const auto post = [&](const std::string& body) {
        return said(by_alice("POST", one.path + "/tokens", body));
    };
    for (const char* bad :
         {R"(["read:pipeline"])", R"(["*"])", R"(["admin"])", R"([""])", R"(["read:*","raed:*"])",
          R"("read:*")", R"([7])", R"(["license:read"])"}) {
        EXPECT_EQ(post(R"({"name":"x","permissions":)" + std::string(bad) + "}"),
                  error(400, "invalid permission"))
            << bad;
    }
    EXPECT_EQ(post(R"({"name":"x","permissions":["read:*","read:*"]})"),
              error(400, "duplicate permission"));
    for (const char* name : {R"({})", R"({"name":""})", R"({"name":null})", R"({"name":"a\tb"})"}) {
        EXPECT_EQ(post(name), error(400, "invalid token name")) << name;
    }
    EXPECT_EQ(post(R"({"name":"default"})"), error(409, "token name taken"));
    const auto other = token_of(one, "other");
    EXPECT_EQ(said(by_alice("PATCH", other.path, R"({"name":"default"})")),
              error(409, "token name taken"));
    EXPECT_EQ(said(by_alice("PATCH", other.path, R"({"name":""})")),
              error(400, "invalid token name"));
    EXPECT_EQ(said(by_alice("PATCH", other.path, R"({"permissions":["x"]})")),
              error(400, "invalid permission"));
    for (const char* method : {"GET", "DELETE"}) {
        EXPECT_EQ(said(by_alice(method, "/v1/project_tokens/default")),
                  error(400, "invalid token ID"));
        EXPECT_EQ(said(by_alice(method, "/v1/project_tokens/" + kNobody)),
                  error(404, "token not found"));
    }
    EXPECT_EQ(said(by_alice("PATCH", "/v1/project_tokens/x", "{}")),
              error(400, "invalid token ID"));
    EXPECT_EQ(said(by_alice("GET", "/v1/projects/x/tokens")), error(400, "invalid project ID"));
}

// A6: unique here, and only here.
TEST_F(CalyptiaTokens, ANameIsFreeAgainWhenItsTokenIsGone) {
    const auto one = project();
    const auto first = token_of(one, "agent");
    EXPECT_EQ(said(by_alice("DELETE", first.path)), "204 ");
    const auto second = token_of(one, "agent");
    EXPECT_EQ(ask("POST", "/v1/tokens/" + second.id + "/revoke", alice_fields_).status, 200);
    token_of(one, "agent");
    const auto own = R"({"name":"agent","permissions":["read:*"]})";
    EXPECT_EQ(ask("POST", one.path + "/tokens", alice_fields_, own).status, 201);
    EXPECT_EQ(names(by_alice("GET", one.path + "/tokens?name=agent")), "agent agent");
    token_of(project("two"), "agent");
}

TEST_F(CalyptiaTokens, ListsAreNewestFirstAndGoOnBeforeTheirCursor) {
    const auto one = project();
    std::string revoked;
    for (int i = 1; i <= 6; ++i) {
        const auto made = token_of(one, "t" + std::to_string(i));
        if (i == 4) revoked = made.id;
    }
    const auto tokens = one.path + "/tokens";
    const auto first = by_alice("GET", tokens + "?last=3");
    EXPECT_EQ(names(first), "t6 t5 t4");
    EXPECT_TRUE(next(first).starts_with(tokens + "?last=3&before=")) << next(first);
    const auto second = by_alice("GET", next(first));
    EXPECT_EQ(names(second), "t3 t2 t1");
    EXPECT_TRUE(next(second).starts_with(tokens + "?last=3&before="));
    const auto third = by_alice("GET", next(second));
    EXPECT_EQ(names(third), "default");
    EXPECT_EQ(next(third), "");
    EXPECT_EQ(next(by_alice("GET", tokens + "?last=7")), "");
    EXPECT_EQ(by_alice("GET", tokens + "?last=0").body, "[]");
    EXPECT_EQ(names(by_alice("GET", tokens + "?name=t2")), "t2");
    EXPECT_EQ(by_alice("GET", tokens + "?name=T2").body, "[]");
    // Revoked by other ways it is in no page, and no page is short for it.
    EXPECT_EQ(ask("POST", "/v1/tokens/" + revoked + "/revoke", alice_fields_).status, 200);
    EXPECT_EQ(names(by_alice("GET", tokens + "?last=3")), "t6 t5 t3");
    EXPECT_EQ(said(by_alice("GET", "/v1/project_tokens/" + revoked)), error(410, "token gone"));
    EXPECT_EQ(said(by_alice("PATCH", "/v1/project_tokens/" + revoked, R"({"name":"x"})")),
              error(410, "token gone"));
}

TEST_F(CalyptiaTokens, AChangeCountsAtOnceAndNullLeavesThingsAsTheyAre) {
    const auto one = project();
    const auto agent = token_of(one, "agent", R"(["read:*"])");
    const auto shown = [&] {
        return to_json(by_alice("GET", agent.path).json().at("permissions"));
    };
    const auto patch = [&](const std::string& body) {
        EXPECT_EQ(said(by_alice("PATCH", agent.path, body)), "204 ") << body;
    };
    patch(R"({"name":"robot","permissions":null})");
    EXPECT_EQ(by_alice("GET", agent.path).text("name"), "robot");
    EXPECT_EQ(shown(), R"(["read:*"])");
    patch(R"({"name":null,"permissions":["read:*","delete:*"]})");
    EXPECT_EQ(shown(), R"(["read:*","delete:*"])");
    EXPECT_EQ(check(one, agent.secret, "delete:pipeline"), 200);
    EXPECT_EQ(check(one, agent.secret, "create:pipeline"), 403);
    patch(R"({"permissions":[]})");
    EXPECT_EQ(shown(), kFour);
    EXPECT_EQ(check(one, agent.secret, "create:pipeline"), 200);
    patch(R"({"permissions":["create:*"]})");
    EXPECT_EQ(check(one, agent.secret, "read:pipeline"), 403);
    patch("{}");
    EXPECT_EQ(said(by_alice("DELETE", agent.path)), "204 ");
    EXPECT_EQ(check(one, agent.secret, "create:pipeline"), 401);
    EXPECT_EQ(said(by_alice("GET", agent.path)), error(404, "token not found"));
    EXPECT_EQ(said(by_alice("DELETE", agent.path)), error(404, "token not found"));
}

// Who limited it in the project did so on purpose.
TEST_F(CalyptiaTokens, APolicyThatSomebodyWroteOutlivesAChangeOfPermissions) {
    const auto one = project();
    const auto agent = token_of(one, "agent", R"(["read:*"])");
    const auto policy = one.path + "/principals/token/" + agent.id + "/policy";
    EXPECT_EQ(ask("PUT", policy, alice_fields_,
                  R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["read:*"],)"
                  R"("resource":["eu/*"]}]})")
                  .status,
              200);
    EXPECT_EQ(said(by_alice("PATCH", agent.path, R"({"permissions":[]})")), "204 ");
    EXPECT_EQ(check(one, agent.secret, "delete:pipeline"), 403);
    const auto in_eu = "/check/api/pipelines/scope/read:pipeline/project/" + one.id + "/resource/";
    EXPECT_EQ(ask("GET", in_eu + "eu%2F1", api::testing::bearer(agent.secret)).status, 200);
    EXPECT_EQ(ask("GET", in_eu + "us%2F1", api::testing::bearer(agent.secret)).status, 403);
}

TEST_F(CalyptiaTokens, ARetryWithItsKeyMakesOneToken) {
    const auto one = project();
    auto fields = alice_fields_;
    fields.emplace_back("Idempotency-Key", "token-key-1");
    const auto body = R"({"name":"once","permissions":["read:*"]})";
    const auto first = call("POST", one.path + "/tokens", fields, body);
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(call("POST", one.path + "/tokens", fields, body).body, first.body);
}

// Tokens of people are nobody's business here.
TEST_F(CalyptiaTokens, ATokenThatIsNoProjectsIsUnknown) {
    const auto own = token(as_alice_, "billing", {"license:read"}).token.id.uuid();
    const auto path = "/v1/project_tokens/" + own;
    EXPECT_EQ(said(by_alice("GET", path)), error(404, "token not found"));
    EXPECT_EQ(said(by_alice("PATCH", path, R"({"name":"x"})")), error(404, "token not found"));
    EXPECT_EQ(said(by_alice("DELETE", path)), error(404, "token not found"));
    EXPECT_EQ(ask("GET", "/v1/tokens/" + own, alice_fields_).text("name"), "a token");
}

}  // namespace
}  // namespace latchkey::dialects
