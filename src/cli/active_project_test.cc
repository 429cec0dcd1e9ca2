#include "cli/active_project.h"

#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
constexpr const char* kOther = "0190163d-8694-739b-aea5-966c26f8ad92";

std::string project(const std::string& id, const std::string& name) {
    return fmt::format(R"({{"id":"{}","name":"{}","role":"owner"}})", id, name);
}

std::vector<std::string> lines_of(const std::vector<std::string>& requests) {
    std::vector<std::string> lines;
    for (const std::string& request : requests) {
        lines.push_back(request.substr(0, request.find(" HTTP/1.1")));
    }
    return lines;
}

// `iam list-principals` needs nothing but the project that is meant.
class ActiveProject : public Cli {
protected:
    ActiveProject() { variables_["LATCHKEY_TOKEN"] = "t"; }
    void remember(const std::string& context, const std::string& id) {
        Credentials credentials;
        credentials.projects[context] = {id, "kept"};
        ASSERT_TRUE(save_credentials(directory_ + "/config", credentials));
    }
};

TEST_F(ActiveProject, TheFlagGoesBeforeTheVariableAndThatBeforeTheActiveOne) {
    const std::string both = "[" + project(kId, "one") + "," + project(kOther, "two") + "]";
    fetch::CannedServer server({answer(200, both), answer(200, "[]"), answer(200, both),
                                answer(200, "[]"), answer(200, project(kOther, "kept")),
                                answer(200, "[]")});
    use(server);
    remember(server.url(), kOther);
    EXPECT_EQ(run({"iam", "list-principals", "--project", "one"}), 0) << err();
    EXPECT_THAT(out(), HasSubstr("No principals found in project one"));
    variables_["LATCHKEY_PROJECT"] = "two";
    EXPECT_EQ(run({"iam", "list-principals"}), 0) << err();
    EXPECT_THAT(out(), HasSubstr("in project two"));
    variables_.erase("LATCHKEY_PROJECT");
    EXPECT_EQ(run({"iam", "list-principals"}), 0) << err();
    const std::string principals = std::string("GET /v1/projects/") + kOther + "/principals";
    EXPECT_THAT(
        lines_of(server.requests()),
        ElementsAre("GET /v1/projects", std::string("GET /v1/projects/") + kId + "/principals",
                    "GET /v1/projects", principals, std::string("GET /v1/projects/") + kOther,
                    principals));
}

TEST_F(ActiveProject, TheOnlyOneNeedNotBeChosenAndSeveralMust) {
    fetch::CannedServer server(
        {answer(200, "[" + project(kId, "one") + "]"), answer(200, "[]"),
         answer(200, "[" + project(kId, "one") + "," + project(kOther, "two") + "]"),
         answer(200, "[]")});
    use(server);
    EXPECT_EQ(run({"iam", "list-principals"}), 0) << err();
    EXPECT_THAT(out(), HasSubstr("in project one"));
    EXPECT_EQ(run({"iam", "list-principals"}), 2);
    EXPECT_EQ(err(),
              "error: no project was chosen\n"
              "hint: choose one with latchkey project select, --project or LATCHKEY_PROJECT\n");
    EXPECT_EQ(run({"iam", "list-principals"}), 2);
    EXPECT_EQ(err(),
              "error: there is no project yet\nhint: make one: latchkey project create NAME\n");
}

TEST_F(ActiveProject, OneThatIsGoneIsNotReplacedByAnother) {
    fetch::CannedServer server(
        {problem(404, "not_found", "no"), answer(200, "[" + project(kId, "one") + "]")});
    use(server);
    remember(server.url(), kOther);
    EXPECT_EQ(run({"iam", "list-principals"}), 3);
    EXPECT_THAT(err(), AllOf(HasSubstr("the active project \"kept\" is gone"),
                             HasSubstr("latchkey project select")));
}

TEST_F(ActiveProject, ANameIsExactAndTwoOfOneNameAreNoChoice) {
    const std::string listed =
        answer(200, "[" + project(kId, "orders") + "," + project(kOther, "orders") + "]");
    fetch::CannedServer server({listed, listed, listed});
    use(server);
    EXPECT_EQ(run({"iam", "list-principals", "--project", "orders"}), 2);
    EXPECT_THAT(err(), HasSubstr("2 projects are called \"orders\""));
    EXPECT_EQ(run({"iam", "list-principals", "--project", "ordres"}), 3);
    EXPECT_THAT(err(), HasSubstr("hint: did you mean \"orders\"?"));
    EXPECT_EQ(run({"iam", "list-principals", "--project", "zzzzzzz"}), 3);
    EXPECT_THAT(err(), HasSubstr("hint: see latchkey project list"));
}

TEST_F(ActiveProject, AnIdIsEnoughForATokenThatMayNotReadProjectsAndANameCanLookLikeAnId) {
    const std::string name = "7VgsDiH8jBPtiFiGXPvsxk";
    fetch::CannedServer server({problem(403, "insufficient_scope", "no"), answer(200, "[]"),
                                problem(404, "not_found", "no"),
                                answer(200, "[" + project(kId, name) + "]"), answer(200, "[]"),
                                problem(500, "internal", "broken")});
    use(server);
    EXPECT_EQ(run({"iam", "list-principals", "--project", kId}), 0) << err();
    EXPECT_EQ(run({"iam", "list-principals", "--project", name}), 0) << err();
    EXPECT_EQ(run({"iam", "list-principals", "--project", kId}), 1);
    EXPECT_THAT(err(), StartsWith("error: broken\n"));
    EXPECT_EQ(lines_of(server.requests())[4],
              std::string("GET /v1/projects/") + kId + "/principals");
}

TEST_F(ActiveProject, EachContextHasItsOwn) {
    fetch::CannedServer server({answer(200, project(kId, "one")),
                                answer(200, project(kOther, "two")),
                                answer(200, project(kId, "one")), answer(200, "[]"),
                                answer(200, project(kOther, "two")), answer(200, "[]")});
    Credentials credentials;
    credentials.active = "work";
    credentials.contexts["work"] = {server.url(), true, "lks_x", "a", ""};
    credentials.contexts["other"] = {server.url(), true, "lks_y", "b", ""};
    ASSERT_TRUE(save_credentials(directory_ + "/config", credentials));
    variables_.erase("LATCHKEY_TOKEN");
    EXPECT_EQ(run({"project", "select", kId}), 0) << err();
    EXPECT_EQ(run({"project", "select", kOther, "--context", "other"}), 0) << err();
    EXPECT_EQ(run({"iam", "list-principals"}), 0) << err();
    EXPECT_EQ(run({"iam", "list-principals", "--context", "other"}), 0) << err();
    const auto requests = server.requests();
    EXPECT_THAT(requests[3], AllOf(HasSubstr(kId), HasSubstr("Bearer lks_x")));
    EXPECT_THAT(requests[5], AllOf(HasSubstr(kOther), HasSubstr("Bearer lks_y")));
}

TEST_F(ActiveProject, LoggingOutForgetsItAndLoggingInAgainDoesNot) {
    fetch::CannedServer server({answer(201, R"({"session":"lks_x"})"),
                                answer(200, project(kId, "one")),
                                answer(201, R"({"session":"lks_z"})"), answer(204, "")});
    variables_.erase("LATCHKEY_TOKEN");
    const std::vector<std::string> login{"login",   "--server",    server.url(),
                                         "--email", "a@b.example", "--password-stdin"};
    EXPECT_EQ(run(login, "pass word\n"), 0) << err();
    EXPECT_EQ(run({"project", "select", kId}), 0) << err();
    EXPECT_EQ(run(login, "pass word\n"), 0) << err();
    bool wide = false;
    const std::string directory = directory_ + "/config";
    EXPECT_EQ(load_credentials(directory, wide)->projects.size(), 1U);
    EXPECT_EQ(run({"logout"}), 0) << err();
    EXPECT_EQ(load_credentials(directory, wide)->projects.size(), 0U);
}

}  // namespace
}  // namespace latchkey::cli
