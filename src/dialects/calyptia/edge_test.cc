// Credentials at the Calyptia dialect: what a project's own token may do, and that nobody gets
// further with it than its permissions say.
#include "dialects/calyptia/edge.h"

#include "dialects/calyptia/testing.h"
#include "token/project_token.h"

namespace latchkey::dialects {
namespace {

using CalyptiaEdgeTest = calyptia_testing::CalyptiaTest;

const std::string kDenied = R"(403 {"error":"permission denied"})";

TEST_F(CalyptiaEdgeTest, WithoutACredentialNobodyIsAnyone) {
    const auto reply = call("GET", "/v1/projects", {});
    EXPECT_EQ(said(reply), error(401, "unauthenticated"));
    EXPECT_TRUE(reply.field("WWW-Authenticate").starts_with("Bearer realm=\"latchkey\""));
    EXPECT_EQ(said(call("GET", "/v1/projects", bearer("nonsense"))), error(401, "invalid token"));
    EXPECT_EQ(said(call("GET", "/v1/projects", bearer("lks_nonsense"))),
              error(401, "invalid token"));
    EXPECT_EQ(said(call("GET", "/v1/projects", api::testing::cookie(session(alice_)))),
              error(401, "unauthenticated"));
    EXPECT_EQ(said(call("GET", "/v1/agents", alice_fields_)), error(404, "not found"));
    const auto wrong = call("PUT", "/v1/projects", alice_fields_);
    EXPECT_EQ(said(wrong), error(405, "method not allowed"));
    EXPECT_EQ(wrong.field("Allow"), "POST, GET, HEAD");
    EXPECT_EQ(call("GET", "/check/scope/read:x", alice_fields_).status, 404);
    EXPECT_EQ(call("GET", "/v1/tokens", alice_fields_).status, 404);
}

TEST_F(CalyptiaEdgeTest, AProjectTokenDoesByIdWhatItsVerbsSay) {
    const auto one = project();
    const auto target = token_of(one, "target", R"(["read:*"])");
    struct Row {
        const char* permission;
        int get;
        int patch;
        int get_project;
        int patch_project;
        int members;
        int remove;
    };
    for (const Row& row : {Row{"create:*", 403, 403, 403, 403, 403, 403},
                           Row{"read:*", 200, 403, 200, 403, 200, 403},
                           Row{"update:*", 403, 204, 403, 204, 403, 403},
                           Row{"delete:*", 403, 403, 403, 403, 403, 204}}) {
        const std::string permission = row.permission;
        const auto holder = token_of(one, "holder " + permission, "[\"" + permission + "\"]");
        for (const Fields& fields : {project_token(holder.secret), bearer(holder.secret)}) {
            EXPECT_EQ(call("GET", target.path, fields).status, row.get) << permission;
            EXPECT_EQ(call("PATCH", target.path, fields, R"({"name":"renamed"})").status, row.patch)
                << permission;
            EXPECT_EQ(call("GET", one.path, fields).status, row.get_project) << permission;
            EXPECT_EQ(call("PATCH", one.path, fields, R"({"name":"again"})").status,
                      row.patch_project)
                << permission;
            EXPECT_EQ(call("GET", one.path + "/members", fields).status, row.members) << permission;
        }
        EXPECT_EQ(call("DELETE", target.path, project_token(holder.secret)).status, row.remove)
            << permission;
    }
}

// A16.
TEST_F(CalyptiaEdgeTest, AProjectTokenNeverMintsOrListsOrManages) {
    const auto one = project();
    const auto member =
        std::string(by_alice("GET", one.path + "/members").json().at(0).at("id").as_string());
    for (const Fields& fields : {project_token(one.token), bearer(one.token)}) {
        EXPECT_EQ(said(call("POST", one.path + "/tokens", fields, R"({"name":"x"})")), kDenied);
        EXPECT_EQ(said(call("GET", one.path + "/tokens", fields)), kDenied);
        EXPECT_EQ(said(call("POST", "/v1/projects", fields, R"({"name":"x"})")), kDenied);
        EXPECT_EQ(said(call("GET", "/v1/projects", fields)), kDenied);
        EXPECT_EQ(said(call("DELETE", one.path, fields)), kDenied);
        EXPECT_EQ(said(call("PATCH", "/v1/members/" + member, fields, R"({"permissions":[]})")),
                  kDenied);
        EXPECT_EQ(said(call("DELETE", "/v1/members/" + member, fields)), kDenied);
    }
    EXPECT_EQ(names(by_alice("GET", one.path + "/tokens")), "default");
    // Nor does it at our own API, where it manages nothing at all.
    EXPECT_EQ(ask("GET", "/v1/tokens", bearer(one.token)).status, 401);
    EXPECT_EQ(ask("GET", one.path, bearer(one.token)).status, 401);
}

TEST_F(CalyptiaEdgeTest, NoProjectTokenWidensItselfOrAnother) {
    const auto one = project();
    const auto narrow = token_of(one, "narrow", R"(["read:*","update:*"])");
    const auto fields = project_token(narrow.secret);
    for (const char* wider :
         {"[]", R"(["read:*","update:*","delete:*"])",
          R"(["create:*","read:*","update:*","delete:*"])", R"(["delete:*"])"}) {
        EXPECT_EQ(said(call("PATCH", narrow.path, fields,
                            R"({"permissions":)" + std::string(wider) + "}")),
                  kDenied)
            << wider;
    }
    const auto other = token_of(one, "other", R"(["read:*"])");
    EXPECT_EQ(said(call("PATCH", other.path, fields, R"({"permissions":["read:*","update:*"]})")),
              kDenied);
    EXPECT_EQ(said(call("PATCH", other.path, project_token(one.token), R"({"permissions":[]})")),
              kDenied);
    EXPECT_EQ(to_json(by_alice("GET", other.path).json().at("permissions")), R"(["read:*"])");
    // Narrower it may become, and then stays so.
    EXPECT_EQ(said(call("PATCH", narrow.path, fields, R"({"permissions":["update:*"]})")), "204 ");
    EXPECT_EQ(said(call("GET", narrow.path, fields)), kDenied);
    EXPECT_EQ(said(call("PATCH", narrow.path, fields, R"({"permissions":["read:*","update:*"]})")),
              kDenied);
    EXPECT_EQ(check(one, narrow.secret, "read:pipeline"), 403);
    EXPECT_EQ(said(call("PATCH", narrow.path, fields, R"({"name":"narrower"})")), "204 ");
}

TEST_F(CalyptiaEdgeTest, OneProjectsTokenFindsNothingInAnother) {
    const auto one = project("one");
    const auto two = project("two");
    const auto of_two = token_of(two, "of two");
    const auto fields = project_token(one.token);
    EXPECT_EQ(said(call("GET", two.path, fields)), error(404, "project not found"));
    EXPECT_EQ(said(call("PATCH", two.path, fields, R"({"name":"x"})")),
              error(404, "project not found"));
    EXPECT_EQ(said(call("GET", two.path + "/members", fields)), error(404, "project not found"));
    for (const auto& path : {of_two.path, "/v1/project_tokens/" + kNobody}) {
        EXPECT_EQ(said(call("GET", path, fields)), error(404, "token not found"));
        EXPECT_EQ(said(call("PATCH", path, fields, R"({"name":"x"})")),
                  error(404, "token not found"));
        EXPECT_EQ(said(call("PATCH", path, fields, R"({"permissions":[]})")),
                  error(404, "token not found"));
        EXPECT_EQ(said(call("DELETE", path, fields)), error(404, "token not found"));
    }
    EXPECT_EQ(check(two, one.token, "read:pipeline"), 403);
    EXPECT_EQ(by_alice("GET", of_two.path).text("name"), "of two");
}

// Its first part is no secret and names any project; what counts is the whole.
TEST_F(CalyptiaEdgeTest, AForgedFirstPartOpensNothing) {
    const auto one = project("one");
    const auto two = project("two");
    const auto second = one.token.substr(one.token.find('.'));
    const auto first = two.token.substr(0, two.token.find('.'));
    for (const auto& secret : {first + second, one.token + "A", one.token.substr(1),
                               one.token + ".x", std::string("x"), std::string()}) {
        EXPECT_EQ(said(call("GET", two.path, project_token(secret))), error(401, "invalid token"))
            << secret.size();
    }
    const auto made = make_project_token(*TokenId::parse(kNobody), *ProjectId::parse(two.id));
    EXPECT_EQ(said(call("GET", two.path, project_token(std::string(made.expose())))),
              error(401, "invalid token"));
    const auto own = token(as_alice_, "latchkey", {"project:read"});
    EXPECT_EQ(said(call("GET", two.path, project_token(std::string(own.text.expose())))),
              error(401, "invalid token"));
    EXPECT_EQ(said(call("GET", two.path, project_token(session(alice_)))),
              error(401, "invalid token"));
}

TEST_F(CalyptiaEdgeTest, TwoCredentialsAreOneTooMany) {
    const auto one = project();
    auto both = alice_fields_;
    both.emplace_back("X-Project-Token", one.token);
    EXPECT_EQ(said(call("GET", one.path, both)), error(400, "more than one credential"));
    auto twice = project_token(one.token);
    twice.emplace_back("x-project-token", one.token);
    EXPECT_EQ(said(call("GET", one.path, twice)), error(400, "more than one credential"));
    const auto once = project_token(one.token);
    EXPECT_EQ(call("GET", one.path, once).status, 200);
}

TEST_F(CalyptiaEdgeTest, AForgedOrBorrowedCursorIsRefused) {
    const auto one = project("one");
    const auto two = project("two");
    token_of(one, "a");
    const auto cursor_of = [](const std::string& link) {
        return link.substr(link.find("before=") + 7);
    };
    const auto of_one = cursor_of(next(by_alice("GET", one.path + "/tokens?last=1")));
    ASSERT_GT(of_one.size(), 40U);
    auto turned = of_one;
    turned[20] = turned[20] == 'A' ? 'B' : 'A';
    for (const auto& cursor :
         {std::string("AAAA"), kNobody, turned, of_one.substr(4), std::string("%")}) {
        const auto refused = by_alice("GET", one.path + "/tokens?last=1&before=" + cursor);
        EXPECT_EQ(refused.status, 400) << cursor;
        EXPECT_EQ(refused.text("error"), cursor == "%" ? "invalid argument" : "decode cursor");
    }
    EXPECT_EQ(said(by_alice("GET", two.path + "/tokens?before=" + of_one)),
              error(400, "decode cursor"));
    EXPECT_EQ(said(by_alice("GET", "/v1/projects?before=" + of_one)), error(400, "decode cursor"));
    EXPECT_EQ(said(by_alice("GET", one.path + "/members?before=" + of_one)),
              error(400, "decode cursor"));
    EXPECT_EQ(names(by_alice("GET", one.path + "/tokens?before=" + of_one)), "default");
}

TEST_F(CalyptiaEdgeTest, ASuspendedOrDeletedTokenIsNoCredential) {
    const auto one = project();
    const auto agent = token_of(one, "agent");
    const auto fields = project_token(agent.secret);
    EXPECT_EQ(call("GET", agent.path, fields).status, 200);
    EXPECT_EQ(ask("POST", "/v1/tokens/" + agent.id + "/suspend", alice_fields_).status, 200);
    EXPECT_EQ(said(call("GET", agent.path, fields)), error(401, "invalid token"));
    EXPECT_EQ(ask("POST", "/v1/tokens/" + agent.id + "/resume", alice_fields_).status, 200);
    // It may end itself.
    EXPECT_EQ(said(call("DELETE", agent.path, fields)), "204 ");
    EXPECT_EQ(said(call("GET", agent.path, fields)), error(401, "invalid token"));
}

// What it was let in for here counts as used, so that nobody takes it away as never used.
TEST_F(CalyptiaEdgeTest, ItsUseIsRecordedByTheRightThatLetItIn) {
    const auto one = project();
    const auto agent = token_of(one, "agent", R"(["read:*"])");
    EXPECT_EQ(call("GET", agent.path, project_token(agent.secret)).status, 200);
    bool is_found = false;
    for (auto& state : services_->reactors) {
        for (const auto& usage : state->usage.take()) {
            for (const auto& use : usage.scopes) {
                is_found = is_found || use.scope == "read:project_token";
                EXPECT_NE(use.scope, "token:read");
            }
        }
    }
    EXPECT_TRUE(is_found);
}

// A member without a right in the project is told so; a stranger is told that there is nothing.
TEST_F(CalyptiaEdgeTest, PlacesInTheProjectBindPeopleHereToo) {
    const auto one = project();
    const auto agent = token_of(one, "agent");
    add_member(one, bob_.id, "member");
    EXPECT_EQ(names(call("GET", one.path + "/tokens", bob_fields_)), "agent default");
    EXPECT_EQ(said(call("POST", one.path + "/tokens", bob_fields_, R"({"name":"x"})")), kDenied);
    EXPECT_EQ(said(call("PATCH", agent.path, bob_fields_, R"({"name":"x"})")), kDenied);
    EXPECT_EQ(said(call("DELETE", agent.path, bob_fields_)), kDenied);
    EXPECT_EQ(said(call("PATCH", one.path, bob_fields_, R"({"name":"x"})")), kDenied);
    add_member(one, bob_.id, "viewer");
    EXPECT_EQ(said(call("GET", one.path + "/tokens", bob_fields_)), kDenied);
    EXPECT_EQ(said(call("GET", agent.path, bob_fields_)), error(404, "token not found"));
}

}  // namespace
}  // namespace latchkey::dialects
