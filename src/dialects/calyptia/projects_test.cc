// /v1/projects as Calyptia's clients see them.
#include "dialects/calyptia/testing.h"

namespace latchkey::dialects {
namespace {

using CalyptiaProjects = calyptia_testing::CalyptiaTest;

TEST_F(CalyptiaProjects, AProjectComesWithItsCreatorAndItsDefaultToken) {
    const auto made = by_alice("POST", "/v1/projects", R"({"name":"checkout"})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.field("Content-Type"), "application/json");
    EXPECT_EQ(made.field("Cache-Control"), "no-store");
    const auto body = made.json().as_object();
    EXPECT_EQ(body.size(), 4U) << made.body;
    const auto membership = body.at("membership").as_object();
    EXPECT_EQ(to_json(membership.at("roles")), R"(["creator"])");
    EXPECT_EQ(to_json(membership.at("permissions")), kFour);
    EXPECT_EQ(membership.at("userID").as_string(), alice_.id.uuid());
    EXPECT_EQ(membership.at("projectID").as_string(), made.text("id"));
    EXPECT_TRUE(parse_uuid(membership.at("id").as_string()));
    EXPECT_TRUE(parse_rfc3339(made.text("createdAt")));
    // Its default token is a whole one: its first part says which project it is of.
    const auto secret = made.text("token");
    const auto first = base64url_decode(secret.substr(0, secret.find('.')));
    ASSERT_TRUE(first) << secret;
    EXPECT_NE(first->find(R"("ProjectID":")" + made.text("id")), std::string::npos);
    const auto tokens = by_alice("GET", "/v1/projects/" + made.text("id") + "/tokens?");
    EXPECT_EQ(names(tokens), "default");
    EXPECT_EQ(check({made.text("id"), "", ""}, secret, "delete:pipeline"), 200);
}

TEST_F(CalyptiaProjects, TheyAreReadRenamedAndDeletedByTheirCreator) {
    const auto one = project("one");
    const auto read = by_alice("GET", one.path);
    EXPECT_EQ(read.status, 200);
    auto body = read.json().as_object();
    EXPECT_EQ(body.at("membership").as_object().at("userID").as_string(), alice_.id.uuid());
    body.erase("membership");
    EXPECT_EQ(to_json(body), R"({"id":")" + one.id +
                                 R"(","name":"one","membersCount":1,"agentsCount":0,)"
                                 R"("aggregatorsCount":0,"createdAt":")" +
                                 read.text("createdAt") + "\"}");
    EXPECT_EQ(said(by_alice("PATCH", one.path, R"({"name":"two","v3Enabled":true})")), "204 ");
    EXPECT_EQ(said(by_alice("PATCH", one.path, R"({"name":null})")), "204 ");
    EXPECT_EQ(by_alice("GET", one.path).text("name"), "two");
    add_member(one, bob_.id, "admin");
    EXPECT_EQ(by_alice("GET", one.path).json().at("membersCount").to_number<int>(), 2);
    EXPECT_EQ(said(call("DELETE", one.path, bob_fields_)), error(403, "permission denied"));
    const auto gone = by_alice("DELETE", one.path);
    EXPECT_EQ(gone.status, 200);
    EXPECT_TRUE(gone.json().at("deleted").as_bool());
    EXPECT_TRUE(parse_rfc3339(gone.text("deletedAt")));
    EXPECT_EQ(said(by_alice("GET", one.path)), error(404, "project not found"));
    EXPECT_EQ(said(call("GET", one.path, calyptia_testing::project_token(one.token))),
              error(401, "invalid token"));
}

TEST_F(CalyptiaProjects, ListsAreNewestFirstAndGoOnBeforeTheirCursor) {
    for (int i = 1; i <= 5; ++i) {
        project("p" + std::to_string(i));
    }
    EXPECT_EQ(names(by_alice("GET", "/v1/projects?")), "p5 p4 p3 p2 p1");
    EXPECT_EQ(next(by_alice("GET", "/v1/projects")), "");
    const auto first = by_alice("GET", "/v1/projects?last=2");
    EXPECT_EQ(names(first), "p5 p4");
    EXPECT_TRUE(next(first).starts_with("/v1/projects?last=2&before=")) << next(first);
    const auto second = by_alice("GET", next(first));
    EXPECT_EQ(names(second), "p3 p2");
    const auto third = by_alice("GET", next(second));
    EXPECT_EQ(names(third), "p1");
    EXPECT_EQ(next(third), "");
    EXPECT_EQ(next(by_alice("GET", "/v1/projects?last=5")), "");
    EXPECT_EQ(by_alice("GET", "/v1/projects?last=0").body, "[]");
    EXPECT_EQ(names(by_alice("GET", "/v1/projects?name=p4&last=2")), "p4");
    EXPECT_EQ(by_alice("GET", "/v1/projects?name=p").body, "[]");
    EXPECT_EQ(call("GET", "/v1/projects", bob_fields_).body, "[]");
    const auto all = call("GET", "/v1/projects?last=1", admin_fields_);
    EXPECT_EQ(names(all), "p5");
    EXPECT_EQ(all.json().at(0).as_object().count("membership"), 0U);
}

TEST_F(CalyptiaProjects, WhatIsWrongIsSaidInTheirWords) {
    const auto one = project("one");
    for (const char* name : {R"({})", R"({"name":""})", R"({"name":null})", R"({"name":7})",
                             R"({"name":" x"})", R"({"name":"a\nb"})"}) {
        EXPECT_EQ(said(by_alice("POST", "/v1/projects", name)), error(400, "invalid project name"))
            << name;
    }
    EXPECT_EQ(said(by_alice("PATCH", one.path, R"({"name":""})")),
              error(400, "invalid project name"));
    EXPECT_EQ(said(by_alice("POST", "/v1/projects", R"({"name":"one"})")),
              error(409, "project name taken"));
    EXPECT_EQ(said(by_alice("GET", "/v1/projects/checkout")), error(400, "invalid project ID"));
    EXPECT_EQ(said(by_alice("GET", "/v1/projects/" + kNobody)), error(404, "project not found"));
    EXPECT_EQ(said(call("GET", one.path, bob_fields_)), error(404, "project not found"));
    EXPECT_EQ(by_alice("GET", "/v1/projects?last=x").text("error"), "invalid argument");
    EXPECT_EQ(by_alice("POST", "/v1/projects", "{").text("error"), "invalid argument");
    EXPECT_EQ(by_alice("POST", "/v1/projects", "{").status, 400);
}

TEST_F(CalyptiaProjects, OneOfAManagementTokenWouldHaveATokenThatItCannotGive) {
    const auto fields = bearer(
        token(as_alice_, "latchkey", {"project:read", "project:write", "token:read", "token:write"})
            .text.expose());
    EXPECT_EQ(said(call("POST", "/v1/projects", fields, R"({"name":"mine"})")),
              error(403, "permission denied"));
    EXPECT_EQ(by_alice("GET", "/v1/projects").body, "[]");
    const auto one = project("one");
    EXPECT_EQ(names(call("GET", "/v1/projects", fields)), "one");
    EXPECT_EQ(names(call("GET", one.path + "/tokens", fields)), "default");
    EXPECT_EQ(said(call("PATCH", one.path, fields, R"({"name":"two"})")), "204 ");
    const auto reads = bearer(token(as_alice_, "latchkey", {"project:read"}).text.expose());
    EXPECT_EQ(said(call("PATCH", one.path, reads, R"({"name":"x"})")),
              error(403, "permission denied"));
    EXPECT_EQ(said(call("GET", one.path + "/tokens", reads)), error(403, "permission denied"));
}

// What was made at another listener has another shape, and perhaps a secret.
TEST_F(CalyptiaProjects, AnIdempotencyKeyCountsAtOneListener) {
    auto fields = alice_fields_;
    fields.emplace_back("Idempotency-Key", "project-key-1");
    const std::string body = R"({"name":"twice"})";
    const auto first = call("POST", "/v1/projects", fields, body);
    ASSERT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(call("POST", "/v1/projects", fields, body).body, first.body);
    const auto ours = ask("POST", "/v1/projects", fields, body);
    EXPECT_EQ(ours.field("Idempotency-Replayed"), "");
    EXPECT_NE(ours.text("id"), first.text("id"));
    EXPECT_EQ(ours.body.find(first.text("token")), std::string::npos);
}

}  // namespace
}  // namespace latchkey::dialects
