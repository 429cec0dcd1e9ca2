// For the tests of this folder: our own API and the dialect on two listeners of one server.
#pragma once

#include <memory>
#include <string>

#include "api/testing.h"
#include "dialects/calyptia/edge.h"

namespace latchkey::dialects::calyptia_testing {

using api::testing::bearer;
using api::testing::Fields;
using api::testing::Reply;

inline const std::string kNobody = "01890000-0000-7000-8000-000000000001";
inline const std::string kFour = R"(["create:*","read:*","update:*","delete:*"])";

inline Fields project_token(const std::string& secret) {
    return {{"X-Project-Token", secret}};
}

class CalyptiaTest : public api::testing::ApiTest {
protected:
    std::unique_ptr<api::Edge> make_edge(api::Services& services) override {
        return make_calyptia(services, {"http://127.0.0.1"});
    }
    void SetUp() override {
        ApiTest::SetUp();
        dialect_client_ = std::make_unique<api::testing::Client>(server_->port(1));
        alice_fields_ = bearer(session(alice_));
        bob_fields_ = bearer(session(bob_));
        admin_fields_ = bearer(session(admin_));
    }
    void TearDown() override {
        dialect_client_.reset();
        ApiTest::TearDown();
    }
    // Of the dialect; ask() is our own API.
    Reply call(const std::string& method, const std::string& target, const Fields& fields,
               const std::string& body = {}) {
        return dialect_client_->ask(method, target, fields, body);
    }
    Reply by_alice(const std::string& method, const std::string& target,
                   const std::string& body = {}) {
        return call(method, target, alice_fields_, body);
    }
    struct Project {
        std::string id;
        std::string token;
        std::string path;
    };
    // What is made later is newer.
    void tick() { clock.advance(std::chrono::milliseconds(1)); }
    Project project(const std::string& name = "checkout") {
        tick();
        const auto made = by_alice("POST", "/v1/projects", R"({"name":")" + name + "\"}");
        EXPECT_EQ(made.status, 201) << made.body;
        return {made.text("id"), made.text("token"), "/v1/projects/" + made.text("id")};
    }
    struct Token {
        std::string id;
        std::string secret;
        std::string path;
    };
    Token token_of(const Project& project, const std::string& name,
                   const std::string& permissions = "null") {
        tick();
        const auto made =
            by_alice("POST", project.path + "/tokens",
                     R"({"name":")" + name + R"(","permissions":)" + permissions + "}");
        EXPECT_EQ(made.status, 201) << made.body;
        return {made.text("id"), made.text("token"), "/v1/project_tokens/" + made.text("id")};
    }
    void add_member(const Project& project, const UserId& user, const std::string& role) {
        const auto target = project.path + "/principals/user/" + user.uuid();
        EXPECT_EQ(ask("PUT", target, alice_fields_, R"({"role":")" + role + "\"}").status, 200);
    }
    // What our own gateway says of it in the project.
    int check(const Project& project, const std::string& secret, const std::string& scope) {
        return ask("GET", "/check/api/pipelines/scope/" + scope + "/project/" + project.id,
                   bearer(secret))
            .status;
    }
    static std::string said(const Reply& reply) {
        return std::to_string(reply.status) + " " + reply.body;
    }
    static std::string error(int status, const std::string& text) {
        return std::to_string(status) + R"( {"error":")" + text + "\"}";
    }
    static std::string next(const Reply& reply) {
        const auto link = reply.field("Link");
        return link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    static std::string names(const Reply& reply, const std::string& member = "name") {
        std::string names;
        const auto list = reply.json();
        for (const auto& item : list.as_array()) {
            names += (names.empty() ? "" : " ") + std::string(item.at(member).as_string());
        }
        return names;
    }

    std::unique_ptr<api::testing::Client> dialect_client_;
    Fields alice_fields_;
    Fields bob_fields_;
    Fields admin_fields_;
};

}  // namespace latchkey::dialects::calyptia_testing

namespace latchkey::dialects {

using calyptia_testing::bearer;
using calyptia_testing::Fields;
using calyptia_testing::kFour;
using calyptia_testing::kNobody;
using calyptia_testing::project_token;

}  // namespace latchkey::dialects
