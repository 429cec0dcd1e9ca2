// For the tests of attacks (attack_*_test.cc, each named after a row of the catalogue in
// docs/attacks.md): tenants who have one of everything, made by requests alone, so that a test
// tries what a stranger could.
#pragma once

#include <string>
#include <vector>

#include "api/testing.h"
#include "authority/testing_keys.h"
#include "crypto/key_pair.h"

namespace latchkey::api::testing {

inline const std::string kNobody = "01890000-0000-7000-8000-000000000001";

// A token as its maker knows it; a key token has no secret but a key.
struct Held {
    std::string id;
    std::string secret;
};

struct KeyHeld {
    std::string id;
    std::string kid;
    PrivateKey key = PrivateKey::generate(Algorithm::kEs256);
};

// One person with a project, in which each of his tokens may read and write licenses.
struct Tenant {
    store::UserRecord user;
    std::string session;
    std::string session_id;
    std::string project;
    Held jwt;
    Held opaque;
    Held project_token;
    KeyHeld key;
};

inline std::string json_quoted(std::string_view text) {
    return to_json(json::value(json::string(text)));
}

class AttackTest : public ApiTest {
protected:
    // Asks, and fails the test when the status is another.
    Reply want(int status, const std::string& method, const std::string& target,
               const Fields& fields, const std::string& body = {}) {
        auto reply = ask(method, target, fields, body);
        EXPECT_EQ(reply.status, status) << method << " " << target << " " << body << "\n"
                                        << reply.body;
        return reply;
    }
    Held make_token(const Fields& fields, const std::string& members) {
        const auto made = want(201, "POST", "/v1/tokens", fields, "{" + members + "}");
        return {made.text("id"), made.text("token")};
    }
    KeyHeld make_key_token(const Fields& fields, const std::string& members) {
        KeyHeld held;
        const auto made = want(
            201, "POST", "/v1/tokens", fields,
            R"({"kind":"key","keys":)" + json_quoted(held.key.public_pem()) + "," + members + "}");
        held.id = made.text("id");
        held.kid = held.id;
        return held;
    }
    std::string make_project(const Fields& fields, const std::string& name) {
        return want(201, "POST", "/v1/projects", fields,
                    R"({"name":)" + json_quoted(name) + R"(,"api":"billing"})")
            .text("id");
    }
    Held make_project_token(const Fields& fields, const std::string& project) {
        const auto made = want(201, "POST", "/v1/projects/" + project + "/tokens", fields,
                               R"({"name":"of the project",)"
                               R"("permissions":["license:read","license:write"]})");
        return {made.text("id"), made.text("token")};
    }

    std::string assertion(const KeyHeld& held) {
        const authority::testing::KeyHolder holder{held.key, *TokenId::parse(held.id), held.kid,
                                                   services_->issuer()};
        return holder.assertion(clock.now());
    }
    Reply exchange(const KeyHeld& held, const std::string& more = {}) {
        return ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
                   "grant_type=client_credentials&client_assertion_type="
                   "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                   "&client_assertion=" +
                       assertion(held) + more);
    }
    std::string access_token(const KeyHeld& held, const std::string& project) {
        const auto got = exchange(held, "&project_id=" + project);
        EXPECT_EQ(got.status, 200) << got.body;
        return got.text("access_token");
    }

    Tenant make_tenant(const store::UserRecord& user, const std::string& members = {}) {
        Tenant tenant;
        tenant.user = user;
        tenant.session = session(user);
        const auto by = bearer(tenant.session);
        const auto sessions = ask("GET", "/v1/sessions", by).json();
        tenant.session_id = sessions.as_array().at(0).at("id").as_string();
        tenant.project = make_project(by, "shop");
        const std::string rest = R"("api":"billing","projects":[")" + tenant.project + "\"]" +
                                 (members.empty() ? "" : "," + members);
        const std::string scopes = R"("scopes":["license:read","license:write"],)";
        tenant.jwt = make_token(by, R"("kind":"jwt","name":"a jwt",)" + scopes + rest);
        tenant.opaque =
            make_token(by, R"("kind":"opaque","name":"an opaque one",)" + scopes + rest);
        tenant.key = make_key_token(by, R"("name":"application",)" + rest);
        tenant.project_token = make_project_token(by, tenant.project);
        return tenant;
    }
    std::string place_of(const Tenant& tenant, const std::string& kind, const std::string& id) {
        return "/v1/projects/" + tenant.project + "/principals/" + kind + "/" + id;
    }
    static std::string policy(const std::string& statements) {
        return R"({"version":"2022-12-15","statement":[)" + statements + "]}";
    }
    static std::string allow(const std::string& actions, const std::string& resources = "\"*\"") {
        return R"({"effect":"Allow","action":[)" + actions + R"(],"resource":[)" + resources + "]}";
    }
};

}  // namespace latchkey::api::testing
