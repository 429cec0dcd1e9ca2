// /v1/settings and /v1/token-rules over HTTP.
#include <atomic>
#include <thread>

#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;

constexpr const char* kRules =
    R"({"maxLifeDays":30,"requireExpiry":true,"requireAddresses":false,"kinds":["jwt","opaque"]})";

class SettingsTest : public testing::ApiTest {
protected:
    testing::Reply put(const std::string& path, const std::string& body,
                       const std::string& if_match = {}) {
        auto fields = admin();
        if (!if_match.empty()) fields.emplace_back("If-Match", if_match);
        return ask("PUT", path, fields, body);
    }
    testing::Fields admin() { return bearer(session(admin_)); }
};

TEST_F(SettingsTest, WhatWasReadMayBeSentBackAndChangedWithTheTagThatWasSeen) {
    const auto read = ask("GET", "/v1/settings", admin());
    ASSERT_EQ(read.status, 200) << read.body;
    const auto etag = read.field("ETag");
    ASSERT_FALSE(etag.empty());
    auto body = read.json().as_object();
    body["defaultLifeDays"] = 90;
    body["corsOrigins"] = json::array{"https://app.example.com"};
    const auto written = put("/v1/settings", to_json(body), etag);
    ASSERT_EQ(written.status, 200) << written.body;
    EXPECT_EQ(written.json().at("defaultLifeDays").as_int64(), 90);
    const auto lost = put("/v1/settings", to_json(body), etag);
    EXPECT_EQ(lost.status, 412);
    EXPECT_EQ(lost.text("code"), "etag_mismatch");
    EXPECT_EQ(put("/v1/settings", to_json(body), "*").status, 200);
    body["issuer"] = "https://elsewhere.example.com";
    EXPECT_EQ(put("/v1/settings", to_json(body)).text("code"), "read_only");
}

TEST_F(SettingsTest, ADefaultLifeAndKindAreGivenToWhoSaysNothing) {
    ASSERT_EQ(
        put("/v1/settings", R"({"defaultKind":"opaque","defaultLifeDays":10,"corsOrigins":[]})")
            .status,
        200);
    const auto alice = bearer(session(alice_));
    const auto made = ask("POST", "/v1/tokens", alice, R"({"name":"plain"})");
    EXPECT_EQ(made.text("kind"), "opaque") << made.body;
    EXPECT_EQ(made.text("expiresAt"), format_rfc3339(clock.now() + std::chrono::days(10)));
    const auto never = ask("POST", "/v1/tokens", alice, R"({"name":"x","expiresAt":null})");
    EXPECT_TRUE(never.json().at("expiresAt").is_null()) << "null is said, and allowed";
}

TEST_F(SettingsTest, RulesAreKeptWhateverTheBodySays) {
    ASSERT_EQ(put("/v1/token-rules", kRules).status, 200);
    const auto alice = bearer(session(alice_));
    const auto create = [&](const std::string& more) {
        return ask("POST", "/v1/tokens", alice, R"({"name":"x","kind":"opaque")" + more + "}");
    };
    EXPECT_EQ(create("").text("code"), "rule_expiry");
    EXPECT_EQ(create(R"(,"expiresAt":null)").text("code"), "rule_expiry");
    EXPECT_EQ(create(R"(,"expiresAt":"31d")").text("code"), "rule_life");
    EXPECT_EQ(create(R"(,"expiresAt":"9999-12-31T23:59:59Z")").text("code"), "rule_life");
    EXPECT_GE(create(R"(,"expiresAt":"0d")").status, 400);
    const auto made = create(R"(,"expiresAt":"30d")");
    ASSERT_EQ(made.status, 201) << made.body;
    const auto target = "/v1/tokens/" + made.text("id");
    EXPECT_EQ(ask("PATCH", target, alice, R"({"expiresAt":null})").text("code"), "rule_expiry");
    EXPECT_EQ(ask("PATCH", target, alice, R"({"expiresAt":"40d"})").text("code"), "rule_life");
    EXPECT_EQ(ask("PATCH", target, alice, R"({"expiresAt":"3d"})").status, 200);
}

TEST_F(SettingsTest, ProjectTokensKeepTheRulesToo) {
    const auto admin_fields = admin();
    const auto project = ask("POST", "/v1/projects", admin_fields, R"({"name":"p"})").text("id");
    const auto target = "/v1/projects/" + project + "/tokens";
    constexpr const char* kBody = R"({"name":"x","permissions":["read:all"]})";
    ASSERT_EQ(put("/v1/token-rules", kRules).status, 200);
    EXPECT_EQ(ask("POST", target, admin_fields, kBody).text("code"), "rule_expiry");
    ASSERT_EQ(put("/v1/settings", R"({"defaultKind":"jwt","defaultLifeDays":30,"corsOrigins":[]})")
                  .status,
              200);
    EXPECT_EQ(ask("POST", target, admin_fields, kBody).status, 201);
}

TEST_F(SettingsTest, ADryRunSaysWhatWouldBeRefused) {
    token(as_alice_, "billing", {"license:read"});
    const auto seen =
        ask("POST", "/v1/token-rules/dry-run", admin(), std::string(R"({"rules":)") + kRules + "}");
    ASSERT_EQ(seen.status, 200) << seen.body;
    EXPECT_EQ(seen.json().at("wouldRefuse").as_int64(), 1);
    EXPECT_EQ(seen.json().at("tokens").as_array().size(), 1U);
    EXPECT_EQ(ask("GET", "/v1/token-rules", admin()).json().at("requireExpiry").as_bool(), false);
}

TEST_F(SettingsTest, HalfABodyIsNoChange) {
    for (const std::string body :
         {"{}", R"({"maxLifeDays":1})",
          R"({"maxLifeDays":0,"requireExpiry":true,)"
          R"("requireAddresses":false,"kinds":["jwt"]})",
          R"({"maxLifeDays":null,"requireExpiry":1,"requireAddresses":false,"kinds":["jwt"]})",
          R"({"maxLifeDays":null,"requireExpiry":true,"requireAddresses":false,"kinds":["x"]})"}) {
        const auto refused = put("/v1/token-rules", body);
        EXPECT_TRUE(refused.status == 400 || refused.status == 422) << body << refused.body;
    }
}

TEST_F(SettingsTest, TheListOfApisIsWholeWhileOneChanges) {
    const auto fields = testing::bearer(session(admin_));
    std::atomic<bool> is_over{false};
    std::thread changes([&] {
        auto other = connect();
        for (int i = 0; i < 300; ++i) {
            const auto name = R"({"name":"Billing )" + std::to_string(i) + "\"}";
            EXPECT_EQ(other.ask("PATCH", "/v1/apis/billing", fields, name).status, 200);
        }
        is_over = true;
    });
    while (!is_over) {
        const auto reply = ask("GET", "/v1/apis", fields);
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_TRUE(parse_json(reply.body)) << reply.body;
    }
    changes.join();
}

TEST_F(SettingsTest, AnApiIsDeletedWhenNothingNeedsIt) {
    const auto admin_fields = admin();
    const auto made = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(ask("DELETE", "/v1/apis/billing", admin_fields).text("code"), "api_has_tokens");
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), authority::TokenChange::kRevoke));
    EXPECT_EQ(ask("DELETE", "/v1/apis/latchkey", admin_fields).text("code"), "built_in");
    EXPECT_EQ(ask("DELETE", "/v1/apis/billing", admin_fields).status, 204);
    EXPECT_EQ(ask("GET", "/v1/apis/billing", admin_fields).status, 404);
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(made.text.expose())).status, 401);
    EXPECT_EQ(ask("GET", "/v1/settings", admin_fields).text("defaultApi"), "latchkey");
    EXPECT_EQ(ask("GET", "/v1/tokens/" + made.token.id.uuid(), bearer(session(alice_))).status, 200)
        << "the past stays readable";
    EXPECT_EQ(ask("POST", "/v1/apis", admin_fields, R"({"slug":"billing","audience":"b"})").status,
              201);
    reader.reset();
}

TEST_F(SettingsTest, IfMatchGuardsCataloguesRolesAndPolicies) {
    const auto fields = admin();
    const auto guarded = [&](const std::string& method, const std::string& path,
                             const std::string& body) {
        auto stale = fields;
        stale.emplace_back("If-Match", "\"stale\"");
        EXPECT_EQ(ask(method, path, stale, body).status, 412) << path;
        auto fresh = fields;
        fresh.emplace_back("If-Match", ask("GET", path, fields).field("ETag"));
        const auto done = ask(method, path, fresh, body);
        EXPECT_TRUE(done.status == 200 || done.status == 204) << path << done.body;
    };
    guarded("PUT", "/v1/apis/billing/scopes",
            R"([{"name":"license:read","description":"See licenses"}])");
    guarded("PATCH", "/v1/apis/billing", R"({"name":"Billing"})");
    const auto role =
        ask("POST", "/v1/roles", fields, R"({"name":"auditor","patterns":{"latchkey":[]}})");
    ASSERT_EQ(role.status, 201) << role.body;
    guarded("PATCH", "/v1/roles/" + role.text("id"), R"({"name":"auditors"})");
    const auto project = ask("POST", "/v1/projects", fields, R"({"name":"p"})").text("id");
    const auto made = token(as_admin_, "billing", {"license:read"});
    const auto principal = "/v1/projects/" + project + "/principals/token/" + made.token.id.uuid();
    ASSERT_LT(ask("PUT", principal, fields, "{}").status, 300);
    guarded("PUT", principal + "/policy", R"({"version":"2022-12-15","statement":[]})");
}

}  // namespace
}  // namespace latchkey::api
