// /v1/projects, their principals and policies, and /v1/roles over real connections: what is said,
// what is refused and where in a document, and that strangers learn nothing.
#include <set>

#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::Reply;

constexpr const char* kNobody = "01890000-0000-7000-8000-000000000001";

class ProjectsApiTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        alice_fields_ = bearer(session(alice_));
        bob_fields_ = bearer(session(bob_));
        admin_fields_ = bearer(session(admin_));
    }
    Reply by_alice(const std::string& method, const std::string& target,
                   const std::string& body = {}) {
        return ask(method, target, alice_fields_, body);
    }
    std::string project(const std::string& name = "checkout") {
        return by_alice("POST", "/v1/projects", R"({"name":")" + name + "\"}").text("id");
    }
    static std::string of_user(const std::string& project, const UserId& user) {
        return "/v1/projects/" + project + "/principals/user/" + user.uuid();
    }
    static std::string of_token(const std::string& project, const std::string& token) {
        return "/v1/projects/" + project + "/principals/token/" + token;
    }
    std::string granted(const std::string& project) {
        const auto id = token(as_alice_, "billing", {"license:read"}).token.id.uuid();
        EXPECT_EQ(by_alice("PUT", of_token(project, id)).status, 200);
        return id;
    }

    Fields alice_fields_;
    Fields bob_fields_;
    Fields admin_fields_;
};

constexpr const char* kPolicy =
    R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:*"],"resource":["*"]}]})";

TEST_F(ProjectsApiTest, AProjectIsMadeReadChangedAndDeleted) {
    const auto made = by_alice("POST", "/v1/projects", R"({"name":"checkout","api":"billing"})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.text("name"), "checkout");
    EXPECT_EQ(made.text("api"), "billing");
    EXPECT_EQ(made.text("role"), "owner");
    const auto path = "/v1/projects/" + made.text("id");
    EXPECT_EQ(by_alice("GET", path).body, made.body);
    const auto changed = by_alice("PATCH", path, R"({"description":"of the shop","api":null})");
    EXPECT_EQ(changed.text("description"), "of the shop");
    EXPECT_TRUE(changed.json().at("api").is_null());
    EXPECT_EQ(by_alice("GET", "/v1/projects").json().as_array().size(), 1U);
    EXPECT_EQ(ask("GET", "/v1/projects", bob_fields_).body, "[]");
    const auto seen = ask("GET", path, admin_fields_);
    EXPECT_TRUE(seen.json().at("role").is_null());
    EXPECT_EQ(by_alice("DELETE", path).status, 204);
    EXPECT_EQ(by_alice("GET", path).status, 404);
}

TEST_F(ProjectsApiTest, ARetryWithItsKeyMakesOneProject) {
    auto fields = alice_fields_;
    fields.emplace_back("Idempotency-Key", "project-key-1");
    const auto first = ask("POST", "/v1/projects", fields, R"({"name":"once"})");
    const auto again = ask("POST", "/v1/projects", fields, R"({"name":"once"})");
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(again.body, first.body);
    const auto taken = by_alice("POST", "/v1/projects", R"({"name":"once"})");
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(taken.text("code"), "project_name_taken");
}

TEST_F(ProjectsApiTest, UnknownMembersAreRefused) {
    const auto id = project();
    for (const char* member : {"id", "role", "owner", "createdAt", "deletedAt", "__proto__"}) {
        const auto body = R"({"name":"x",")" + std::string(member) + R"(":"y"})";
        EXPECT_EQ(by_alice("POST", "/v1/projects", body).text("code"), "unknown_member");
        EXPECT_EQ(by_alice("PATCH", "/v1/projects/" + id, body).text("code"), "unknown_member");
    }
    EXPECT_EQ(by_alice("PUT", of_user(id, bob_.id), R"({"owner":true})").status, 400);
    EXPECT_EQ(by_alice("GET", "/v1/projects?all=1").status, 400);
}

TEST_F(ProjectsApiTest, ListsGoOnWhereTheirLinkSays) {
    std::set<std::string> wanted;
    for (int i = 0; i < 7; ++i) {
        wanted.insert(project("p" + std::to_string(i)));
    }
    const auto id = *wanted.begin();
    for (int i = 0; i < 5; ++i) {
        granted(id);
    }
    EXPECT_EQ(by_alice("PUT", of_user(id, bob_.id)).status, 200);
    const auto walk = [&](std::string target, const char* member) {
        std::vector<std::string> seen;
        while (!target.empty() && seen.size() < 50) {
            const auto page = by_alice("GET", target);
            EXPECT_EQ(page.status, 200) << page.body;
            const auto items = page.json();
            for (const auto& item : items.as_array()) {
                seen.emplace_back(item.at(member).as_string());
            }
            const auto link = page.field("Link");
            target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
        }
        return seen;
    };
    const auto projects = walk("/v1/projects?limit=3", "id");
    EXPECT_EQ(std::set<std::string>(projects.begin(), projects.end()), wanted);
    EXPECT_EQ(projects.size(), 7U);
    const auto base = "/v1/projects/" + id + "/principals";
    EXPECT_EQ(walk(base + "?limit=2", "principalId").size(), 7U);
    EXPECT_EQ(walk(base + "?limit=2&type=token", "principalId").size(), 5U);
    EXPECT_EQ(walk(base + "?limit=1&type=user", "principalId").size(), 2U);
    EXPECT_EQ(by_alice("GET", base + "?type=tokens").status, 400);
    EXPECT_EQ(by_alice("GET", base + "?after=AAAA").status, 400);
}

TEST_F(ProjectsApiTest, MembersComeChangeAndGo) {
    const auto id = project();
    const auto added = by_alice("PUT", of_user(id, bob_.id));
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(added.text("role"), "member");
    EXPECT_EQ(added.text("principalType"), "user");
    EXPECT_TRUE(added.json().at("owner").is_null());
    EXPECT_EQ(by_alice("PUT", of_user(id, bob_.id), R"({"role":"admin"})").text("role"), "admin");
    const auto unknown = by_alice("PUT", of_user(id, bob_.id), R"({"role":"king"})");
    EXPECT_EQ(unknown.status, 422);
    EXPECT_EQ(unknown.text("code"), "unknown_role");
    EXPECT_EQ(by_alice("DELETE", of_user(id, alice_.id)).text("code"), "last_owner");
    EXPECT_EQ(ask("DELETE", of_user(id, alice_.id), bob_fields_).text("code"), "owner_needed");
    EXPECT_EQ(by_alice("DELETE", of_user(id, bob_.id)).status, 204);
    EXPECT_EQ(ask("GET", "/v1/projects/" + id, bob_fields_).status, 404);
}

TEST_F(ProjectsApiTest, ATokenGetsItsRightsFromAPolicyAndLosesThem) {
    const auto id = project();
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto name = made.token.id.uuid();
    const auto check = "/check/project/" + id + "/scope/license:read";
    const auto says = [&] { return ask("GET", check, bearer(made.text.expose())).status; };
    EXPECT_EQ(says(), 403);
    EXPECT_EQ(by_alice("PUT", of_token(id, name)).text("name"), "a token");
    EXPECT_EQ(says(), 403);
    const auto empty = by_alice("GET", of_token(id, name) + "/policy");
    EXPECT_EQ(empty.body, R"({"version":"2022-12-15","statement":[]})");
    const auto written = by_alice("PUT", of_token(id, name) + "/policy", kPolicy);
    ASSERT_EQ(written.status, 200) << written.body;
    EXPECT_EQ(written.body, kPolicy);
    EXPECT_EQ(by_alice("GET", of_token(id, name) + "/policy").body, kPolicy);
    EXPECT_EQ(says(), 200);
    const auto projects = by_alice("GET", "/v1/tokens/" + name + "/projects");
    ASSERT_EQ(projects.json().as_array().size(), 1U) << projects.body;
    EXPECT_EQ(to_json(projects.json().as_array()[0].at("policy")), kPolicy);
    EXPECT_EQ(by_alice("DELETE", of_token(id, name)).status, 204);
    EXPECT_EQ(says(), 403);
    EXPECT_EQ(by_alice("GET", "/v1/tokens/" + name + "/projects").body, "[]");
}

TEST_F(ProjectsApiTest, ARefusedPolicySaysWhereInTheTextThatWasSent) {
    const auto id = project();
    const auto path = of_token(id, granted(id)) + "/policy";
    const std::string text =
        "{\n  \"version\": \"2022-12-15\",\n  \"statement\": [\n    {\"effect\": \"Allow\",\n"
        "     \"action\": [\"license:read\", \"not an action\"], \"resource\": [\"*\"]}]\n}\n";
    const auto refused = by_alice("PUT", path, text);
    ASSERT_EQ(refused.status, 422) << refused.body;
    EXPECT_EQ(refused.text("code"), "bad_policy");
    EXPECT_TRUE(refused.text("detail").starts_with("line 5, column 33: ")) << refused.body;
    const auto error = refused.json().at("errors").as_array().at(0).as_object();
    EXPECT_EQ(error.at("pointer").as_string(), "/statement/0/action/1");
    EXPECT_EQ(error.at("line").to_number<int>(), 5);
    EXPECT_EQ(error.at("column").to_number<int>(), 33);
    const auto near = by_alice(
        "PUT", path,
        R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:reed"],"resource":["*"]}]})");
    EXPECT_EQ(near.text("hint"), "did you mean license:read?");
    EXPECT_EQ(near.json().at("errors").as_array().at(0).at("line").to_number<int>(), 1);
    EXPECT_EQ(by_alice("PUT", path, "{").status, 400);
    EXPECT_GE(by_alice("PUT", path).status, 400);
    const std::string huge =
        R"({"version":"2022-12-15","statement":[],"x":")" + std::string(33'000, 'x') + "\"}";
    EXPECT_EQ(by_alice("PUT", path, huge).status, 413);
    EXPECT_EQ(by_alice("GET", path).body, R"({"version":"2022-12-15","statement":[]})");
}

TEST_F(ProjectsApiTest, AManagementTokenCannotAllowAnything) {
    const auto id = project();
    const auto path = of_token(id, granted(id)) + "/policy";
    const auto fields =
        bearer(token(as_alice_, "latchkey", {"policy:write", "project:read"}).text.expose());
    const auto refused = ask("PUT", path, fields, kPolicy);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.text("code"), "insufficient_scope");
    EXPECT_EQ(to_json(refused.json().at("missingScopes")), R"(["license:*"])");
    EXPECT_EQ(by_alice("PUT", path, kPolicy).status, 200);
    const auto empty = R"({"version":"2022-12-15","statement":[]})";
    EXPECT_EQ(ask("PUT", path, fields, empty).status, 200);
}

TEST_F(ProjectsApiTest, TheSimulatorNamesTheStatementAndTheLimits) {
    const auto id = project();
    const auto name = granted(id);
    const auto simulate = "/v1/projects/" + id + "/simulate";
    const auto body = [&](const std::string& action, const std::string& more = {}) {
        return R"({"principalType":"token","principalId":")" + name + R"(","action":")" + action +
               "\"" + more + "}";
    };
    EXPECT_EQ(by_alice("POST", simulate, body("license:read")).text("decision"), "no_policy");
    ASSERT_EQ(by_alice("PUT", of_token(id, name) + "/policy", kPolicy).status, 200);
    const auto allowed = by_alice("POST", simulate, body("license:read"));
    EXPECT_EQ(
        allowed.body,
        R"({"allowed":true,"decision":"allow","statement":{"index":0,"effect":"Allow","action":["license:*"],"resource":["*"]},)"
        R"("limits":[{"limit":"token_scopes","allowed":true},{"limit":"owner_roles","allowed":true},{"limit":"member_role","allowed":true},)"
        R"({"limit":"owner_policy","allowed":true},{"limit":"token_state","allowed":true}],"reason":"The statement at index 0 allows it."})");
    const auto limited = by_alice("POST", simulate, body("license:write"));
    EXPECT_FALSE(limited.json().at("allowed").as_bool());
    EXPECT_EQ(limited.text("decision"), "allow");
    const auto draft = by_alice(
        "POST", simulate,
        body(
            "license:read",
            R"(,"policy":{"version":"2022-12-15","statement":[{"effect":"Deny","action":["*"],"resource":["*"]}]})"));
    EXPECT_EQ(draft.text("decision"), "deny");
    const auto wrong = by_alice(
        "POST", simulate,
        body("license:read",
             ",\n \"policy\":{\"version\":\"2022-12-15\",\"statement\":[{\"effect\":\"May\"}]}"));
    ASSERT_EQ(wrong.status, 422) << wrong.body;
    const auto error = wrong.json().at("errors").as_array().at(0).as_object();
    EXPECT_TRUE(std::string(error.at("pointer").as_string()).starts_with("/policy/statement/0"));
    EXPECT_EQ(error.at("line").to_number<int>(), 2);
    EXPECT_EQ(by_alice("POST", simulate, body("license:*")).text("code"), "bad_scope");
    EXPECT_EQ(
        by_alice("POST", simulate, R"({"principalType":"cat","principalId":"x","action":"a:b"})")
            .status,
        422);
}

TEST_F(ProjectsApiTest, RolesAreMadeChangedAndDeletedByWhoMay) {
    const std::string body = R"({"name":"auditor","patterns":{"billing":["license:read"]}})";
    EXPECT_EQ(by_alice("POST", "/v1/roles", body).status, 403);
    const auto made = ask("POST", "/v1/roles", admin_fields_, body);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_FALSE(made.json().at("builtIn").as_bool());
    const auto path = "/v1/roles/" + made.text("id");
    EXPECT_EQ(ask("POST", "/v1/roles", admin_fields_, body).text("code"), "role_exists");
    const auto changed =
        ask("PATCH", path, admin_fields_, R"({"name":"reader","patterns":{"*":["license:read"]}})");
    EXPECT_EQ(changed.text("name"), "reader");
    EXPECT_EQ(to_json(changed.json().at("patterns")), R"({"*":["license:read"]})");
    EXPECT_EQ(ask("GET", "/v1/roles", admin_fields_).json().as_array().size(), 4U);
    const auto id = project();
    EXPECT_EQ(by_alice("PUT", of_user(id, bob_.id), R"({"role":"reader"})").text("role"), "reader");
    EXPECT_EQ(ask("DELETE", path, admin_fields_).text("code"), "role_in_use");
    EXPECT_EQ(by_alice("DELETE", of_user(id, bob_.id)).status, 204);
    EXPECT_EQ(ask("DELETE", path, admin_fields_).status, 204);
    EXPECT_EQ(ask("DELETE", path, admin_fields_).status, 404);
    for (const char* bad : {R"({"name":"r1"})", R"({"name":"r1","patterns":[]})",
                            R"({"name":"r1","patterns":{"billing":"x"}})",
                            R"({"name":"r1","patterns":{"billing":[1]}})"}) {
        EXPECT_EQ(ask("POST", "/v1/roles", admin_fields_, bad).status, 400) << bad;
    }
}

TEST_F(ProjectsApiTest, ATokenOfSomebodyElseIsAnUnknownOne) {
    const auto id = project();
    const auto foreign = token(as_bob_, "billing", {"license:read"}).token.id.uuid();
    for (const char* method : {"PUT", "DELETE"}) {
        const auto one = by_alice(method, of_token(id, foreign));
        const auto other = by_alice(method, of_token(id, kNobody));
        EXPECT_EQ(one.status, 404);
        EXPECT_EQ(one.shape(), other.shape());
    }
    const auto policy = by_alice("GET", of_token(id, foreign) + "/policy");
    EXPECT_EQ(policy.status, 404);
    EXPECT_EQ(policy.shape(), by_alice("GET", of_token(id, kNobody) + "/policy").shape());
    EXPECT_EQ(by_alice("GET", "/v1/tokens/" + foreign + "/projects").shape(),
              by_alice("GET", std::string("/v1/tokens/") + kNobody + "/projects").shape());
    EXPECT_EQ(
        by_alice("GET", "/v1/projects/" + id + "/principals/cat/" + foreign + "/policy").status,
        404);
}

}  // namespace
}  // namespace latchkey::api
