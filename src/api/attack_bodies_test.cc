// Row E6 of docs/attacks.md: no body sets what only the server sets.
#include <map>

#include "api/attack_testing.h"
#include "token/jws.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::json_quoted;
using testing::kNobody;

class AttackE6 : public testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        tenant_ = make_tenant(admin_);
        by_ = bearer(tenant_.session);
        const auto user = human("dave@example.com");
        const auto role = want(201, "POST", "/v1/roles", by_,
                               R"({"name":"reader","patterns":{"billing":["license:read"]}})");
        const std::string key =
            R"("keys":)" + json_quoted(PrivateKey::generate(Algorithm::kEs256).public_pem());
        const std::string project = "/v1/projects/" + tenant_.project;
        const std::string place = project + "/principals/";
        const std::string token = "/v1/tokens/" + tenant_.opaque.id;
        const std::string rules =
            R"({"maxLifeDays":null,"requireExpiry":false,"requireAddresses":false,)"
            R"("kinds":["jwt","opaque","key"]})";
        requests_ = {
            {"POST /v1/tokens", {"/v1/tokens", R"({"name":"made"})"}},
            {"PATCH /v1/tokens/{id}", {token, R"({"name":"renamed"})"}},
            {"POST /v1/tokens/{id}/revoke", {token + "/revoke", R"({"reason":"lost"})"}},
            {"POST /v1/tokens/{id}/suspend", {token + "/suspend", R"({"reason":"lost"})"}},
            {"POST /v1/tokens/{id}/resume", {token + "/resume", "{}"}},
            {"POST /v1/tokens/{id}/keys",
             {"/v1/tokens/" + tenant_.key.id + "/keys", "{" + key + "}"}},
            {"POST /v1/projects/{id}/tokens",
             {project + "/tokens", R"({"name":"made","permissions":["license:read"]})"}},
            {"POST /v1/users", {"/v1/users", R"({"kind":"machine","name":"made"})"}},
            {"PATCH /v1/users/{id}", {"/v1/users/" + user.id.uuid(), R"({"name":"renamed"})"}},
            {"POST /v1/roles",
             {"/v1/roles", R"({"name":"made","patterns":{"billing":["license:read"]}})"}},
            {"PATCH /v1/roles/{id}", {"/v1/roles/" + role.text("id"), R"({"name":"renamed"})"}},
            {"POST /v1/apis", {"/v1/apis", R"({"slug":"made","audience":"made"})"}},
            {"PATCH /v1/apis/{id}", {"/v1/apis/billing", R"({"name":"renamed"})"}},
            {"PUT /v1/apis/{id}/scopes",
             {"/v1/apis/billing/scopes", R"([{"name":"license:read","description":"x"}])"}},
            {"POST /v1/projects", {"/v1/projects", R"({"name":"made"})"}},
            {"PATCH /v1/projects/{id}", {project, R"({"name":"renamed"})"}},
            {"PUT /v1/projects/{id}/principals/token/{principalId}",
             {place + "token/" + tenant_.jwt.id, "{}"}},
            {"PUT /v1/projects/{id}/principals/user/{principalId}",
             {place + "user/" + user.id.uuid(), R"({"role":"viewer"})"}},
            {"PUT /v1/projects/{id}/principals/{type}/{principalId}/policy",
             {place + "token/" + tenant_.jwt.id + "/policy", policy(allow("\"license:read\""))}},
            {"POST /v1/projects/{id}/simulate",
             {project + "/simulate", R"({"principalType":"token","principalId":")" +
                                         tenant_.jwt.id + R"(","action":"license:read"})"}},
            {"POST /v1/signing-keys/rotate", {"/v1/signing-keys/rotate", "{}"}},
            {"POST /v1/session",
             {"/v1/session", R"({"email":"dave@example.com","password":"wrong password"})"}},
            {"POST /v1/setup",
             {"/v1/setup",
              R"({"code":"x","email":"eve@example.com","password":"a fine passphrase"})"}},
            {"POST /v1/session/proof", {"/v1/session/proof", R"({"password":"x"})"}},
            {"POST /v1/invites/read", {"/v1/invites/read", R"({"code":"x"})"}},
            {"POST /v1/invites/accept",
             {"/v1/invites/accept", R"({"code":"x","password":"a fine passphrase"})"}},
            {"POST /v1/users/{id}/invite", {"/v1/users/" + user.id.uuid() + "/invite", "{}"}},
            {"POST /v1/account/password",
             {"/v1/account/password", R"({"password":"x","newPassword":"a fine passphrase"})"}},
            {"POST /v1/account/factor", {"/v1/account/factor", "{}"}},
            {"POST /v1/account/factor/confirm",
             {"/v1/account/factor/confirm", R"({"code":"000000"})"}},
            {"POST /v1/account/factor/disable",
             {"/v1/account/factor/disable", R"({"password":"x","code":"000000"})"}},
            {"POST /v1/account/recovery-codes",
             {"/v1/account/recovery-codes", R"({"password":"x","code":"000000"})"}},
            {"POST /v1/tokens/{id}/rotate",
             {"/v1/tokens/" + tenant_.opaque.id + "/rotate", R"({"graceSeconds":0})"}},
            {"POST /v1/tokens/{id}/shrink", {token + "/shrink", "{}"}},
            {"POST /v1/tokens/bulk",
             {"/v1/tokens/bulk",
              R"({"action":"suspend","filter":{"scope":"license:read"},"dryRun":true})"}},
            {"POST /v1/device/{userCode}",
             {"/v1/device/BCDF-GHJK", R"({"approve":false,"password":"x"})"}},
            {"PUT /v1/settings",
             {"/v1/settings", R"({"defaultKind":"jwt","defaultLifeDays":null,"corsOrigins":[]})"}},
            {"PUT /v1/token-rules", {"/v1/token-rules", rules}},
            {"POST /v1/token-rules/dry-run",
             {"/v1/token-rules/dry-run", "{\"rules\":" + rules + "}"}},
            {"POST /v1/imports",
             {"/v1/imports",
              R"({"name":"acme","prefix":"acme_","algorithm":"sha256","entropyBits":160})"}},
            {"POST /v1/imports/{name}/tokens",
             {"/v1/imports/acme/tokens",
              R"({"tokens":[{"digest":"x","name":"x","owner":"x","scopes":[]}],"dryRun":true})"}},
            {"POST /v1/tokens/verify", {"/v1/tokens/verify", R"({"token":"x"})"}}};
    }
    static std::string name_of(const Route& route) {
        switch (route.method) {
            case http::Method::kPost: return "POST " + std::string(route.path);
            case http::Method::kPut: return "PUT " + std::string(route.path);
            case http::Method::kPatch: return "PATCH " + std::string(route.path);
            case http::Method::kGet:
            case http::Method::kDelete:
            case http::Method::kHead:
            case http::Method::kOptions:
            case http::Method::kOther: break;
        }
        return "";
    }
    static std::string with_member(std::string body, const std::string& member) {
        const auto open = body.find('{');
        const std::string separator = body[open + 1] == '}' ? "" : ",";
        return body.insert(open + 1, member + separator);
    }

    struct Request {
        std::string target;
        std::string body;
    };
    testing::Tenant tenant_;
    testing::Fields by_;
    std::map<std::string, Request> requests_;
};

TEST_F(AttackE6, EveryBodyRefusesMembersThatItDoesNotHave) {
    const auto verifier = bearer(verifier_token(machine("gateway", "billing")).text.expose());
    std::size_t refused = 0;
    for (const auto& route : routes()) {
        const auto name = name_of(route);
        if (name.empty() || route.path.starts_with("/oauth2/")) continue;  // forms
        const auto found = requests_.find(name);
        ASSERT_NE(found, requests_.end()) << "say here what " << name << " takes";
        const auto& [target, body] = found->second;
        const auto method = name.substr(0, name.find(' '));
        const auto& by = route.path == "/v1/tokens/verify" ? verifier : by_;
        for (const char* member :
             {R"("id":"01890000-0000-7000-8000-000000000001")", R"("createdAt":null)",
              R"("updatedAt":"2020-01-01T00:00:00Z")", R"("isAdmin":true)", R"("is_admin":true)",
              R"("has_admin_role":true)", R"("builtIn":false)", R"("passwordHash":"x")",
              R"("generation":7)", R"("revokedAt":null)", R"("lastUsedAt":null)",
              R"("ownerId":"x")", R"("__proto__":{"isAdmin":true})", R"("constructor":{})",
              R"("":"")", R"("Name":"X")", R"("NAME":"X")"}) {
            const auto reply = ask(method, target, by, with_member(body, member));
            const auto code = reply.text("code");
            EXPECT_TRUE(reply.status == 400 || reply.status == 422)
                << name << member << reply.status << reply.body;
            EXPECT_TRUE(code == "unknown_member" || code == "bad_policy")
                << name << member << reply.body;
            ++refused;
        }
    }
    EXPECT_GE(refused, 300U);
    // The bodies are good but for the member, or nothing was shown.
    for (const auto& [name, request] : requests_) {
        const auto& by = name.ends_with("/verify") ? verifier : by_;
        const auto reply = ask(name.substr(0, name.find(' ')), request.target, by, request.body);
        EXPECT_NE(reply.status, 400) << name << reply.body;
        EXPECT_NE(reply.status, 422) << name << reply.body;
    }
}

// OAuth's forms must let unknown parameters pass (RFC 6749 §3.2): none of them may do anything.
TEST_F(AttackE6, NoParameterOfAnExchangeSetsWhatTheServerSets) {
    const auto plain = exchange(tenant_.key);
    ASSERT_EQ(plain.status, 200) << plain.body;
    const auto got =
        exchange(tenant_.key, "&sub=" + kNobody +
                                  "&aud=latchkey&audience=latchkey&exp=9999999999"
                                  "&expires_in=999999&owner=" +
                                  kNobody + "&user_id=" + kNobody +
                                  "&isAdmin=true&client_secret=x&username=a&password=b");
    ASSERT_EQ(got.status, 200) << got.body;
    const auto claims = [](const testing::Reply& reply) {
        auto object = parse_unverified(reply.text("access_token")).value().claims;
        for (const char* name : {"jti", "iat", "exp"}) {
            object.erase(name);
        }
        return to_json(json::value(object));
    };
    EXPECT_EQ(claims(got), claims(plain));
    EXPECT_EQ(got.json().at("expires_in"), plain.json().at("expires_in"));
}

}  // namespace
}  // namespace latchkey::api
