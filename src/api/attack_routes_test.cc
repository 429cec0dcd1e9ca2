// Row E3 of docs/attacks.md: no form of a credential, and no place to put one, reaches a route that
// the table of routes does not give it. (What a scope opens: matrix_test.cc.)
#include "api/attack_testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using Kind = Permission::Kind;

class AttackE3 : public testing::AttackTest {
protected:
    // With ids of the tenant's own things: what answers 404 would prove nothing.
    static std::string target_of(const Route& route, const testing::Tenant& tenant) {
        std::string target(route.path);
        const auto put = [&](const std::string& name, const std::string& value) {
            const auto at = target.find(name);
            if (at != std::string::npos) target.replace(at, name.size(), value);
        };
        const bool is_of_project = route.path.starts_with("/v1/projects/");
        put("{id}", is_of_project                             ? tenant.project
                    : route.path.starts_with("/v1/users/")    ? tenant.user.id.uuid()
                    : route.path.starts_with("/v1/sessions/") ? tenant.session_id
                                                              : tenant.opaque.id);
        put("{principalId}",
            route.path.find("/user/") == std::string::npos ? tenant.jwt.id : tenant.user.id.uuid());
        put("{type}", "token");
        put("{kid}", tenant.key.kid);
        put("{number}", "0");
        put("{code}", "no_credential");
        put("{file}", "app.css");
        return target;
    }
    // None of these reaches anything but what is public; `may_see_itself`: and /v1/tokens/self.
    void expect_powerless(const testing::Tenant& tenant, const std::string& what,
                          const Fields& fields, bool may_see_itself) {
        for (const auto& route : routes()) {
            const auto kind = route.permission.kind();
            const bool is_open =
                kind == Kind::kPublic || (may_see_itself && kind == Kind::kAnyCredential);
            if (is_open) continue;
            const auto method = testing::method_name(route.method);
            const auto reply = ask(method, target_of(route, tenant), fields,
                                   method == "GET" || method == "DELETE" ? "" : "{}");
            EXPECT_TRUE(reply.status == 401 || reply.status == 403)
                << method << " " << route.path << " with " << what << ": " << reply.status
                << reply.body;
        }
    }
};

TEST_F(AttackE3, ACredentialForAnotherServiceHasNoPowerHere) {
    const auto tenant = make_tenant(admin_);
    expect_powerless(tenant, "a jwt", bearer(tenant.jwt.secret), true);
    expect_powerless(tenant, "an opaque token", bearer(tenant.opaque.secret), true);
    expect_powerless(tenant, "a project's token", bearer(tenant.project_token.secret), true);
    expect_powerless(tenant, "an access token", bearer(access_token(tenant.key, tenant.project)),
                     true);
    const auto key = make_key_token(bearer(tenant.session),
                                    R"("name":"application","api":"latchkey","scopes":["*"])");
    const auto got = exchange(key);
    ASSERT_EQ(got.status, 200) << got.body;
    expect_powerless(tenant, "an access token for us", bearer(got.text("access_token")), true);
    // And everything of his is still there.
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(tenant.opaque.secret)).status, 200);
}

TEST_F(AttackE3, WhatNamesACredentialIsNone) {
    const auto tenant = make_tenant(admin_);
    for (const auto& [what, text] :
         Fields{{"a token's id", tenant.opaque.id},
                {"a key token's id", tenant.key.id},
                {"a key's thumbprint", tenant.key.key.public_key().thumbprint()},
                {"a public key", base64url_encode(tenant.key.key.public_key().to_spki_der())},
                {"an assertion", assertion(tenant.key)},
                {"a digest", base64url_encode(as_text(sha256(tenant.opaque.secret)))},
                {"a session's id", tenant.session_id},
                {"a CSRF value", csrf_of(tenant.session)},
                {"a project's id", tenant.project},
                {"a user's id", tenant.user.id.uuid()}}) {
        expect_powerless(tenant, what, bearer(text), false);
        EXPECT_EQ(ask("GET", "/check/api/billing", bearer(text)).status, 401) << what;
    }
}

TEST_F(AttackE3, ACredentialCountsInOnePlaceOnly) {
    const auto tenant = make_tenant(admin_);
    const auto all =
        make_token(bearer(tenant.session), R"("name":"all","api":"latchkey","scopes":["*"])")
            .secret;
    ASSERT_EQ(ask("GET", "/v1/tokens", bearer(all)).status, 200);
    for (const auto& [name, value] : Fields{{"X-Api-Key", all},
                                            {"X-Auth-Token", all},
                                            {"Private-Token", all},
                                            {"Proxy-Authorization", "Bearer " + all},
                                            {"X-Forwarded-Authorization", "Bearer " + all},
                                            {"Cookie", "latchkey_session=" + all},
                                            {"Cookie", "__Host-latchkey=" + tenant.session},
                                            {"Cookie", "access_token=" + all},
                                            {"Authorization", "Token " + all},
                                            {"Authorization", "Signature " + all},
                                            {"Authorization", "DPoP " + all},
                                            {"Authorization", all}}) {
        expect_powerless(tenant, name + " " + value.substr(0, 12), {{name, value}}, false);
    }
    for (const char* name : {"access_token", "token", "api_key", "private_token"}) {
        const auto reply = ask("GET", "/v1/tokens?" + std::string(name) + "=" + all);
        EXPECT_TRUE(reply.status == 401 || reply.status == 400) << name;
        EXPECT_EQ(ask("GET", "/check/api/latchkey?" + std::string(name) + "=" + all).status, 401);
    }
    EXPECT_EQ(
        ask("POST", "/v1/projects", {}, R"({"name":"x","access_token":")" + all + "\"}").status,
        401);
}

}  // namespace
}  // namespace latchkey::api
