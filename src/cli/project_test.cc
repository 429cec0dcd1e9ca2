#include <gmock/gmock.h>

#include "cli/active_project.h"
#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
constexpr const char* kOther = "0190163d-8694-739b-aea5-966c26f8ad92";

std::string project(const std::string& id, const std::string& name) {
    return fmt::format(R"({{"id":"{}","name":"{}","description":"d","api":null,"role":"owner",)"
                       R"("createdAt":"2023-01-10T11:55:00.000Z",)"
                       R"("updatedAt":"2023-01-10T11:56:00.000Z"}})",
                       id, name);
}

class ProjectCommand : public Cli {
protected:
    ProjectCommand() { variables_["LATCHKEY_TOKEN"] = "t"; }
    [[nodiscard]] std::map<std::string, Project> kept() const {
        bool wide = false;
        return load_credentials(directory_ + "/config", wide)->projects;
    }
};

TEST_F(ProjectCommand, AMadeProjectIsTheActiveOne) {
    const std::string made = answer(201, project(kId, "orders"));
    fetch::CannedServer server({made, made, made});
    use(server);
    EXPECT_EQ(run({"project", "create", "orders", "-d", "d", "--api", "licensing"}), 0);
    EXPECT_THAT(out(), ::testing::MatchesRegex("Created project orders \\(\\w+\\)\n"));
    EXPECT_EQ(err(), "hint: the active project is now \"orders\"\n");
    EXPECT_EQ(kept()[server.url()].id, kId);
    variables_["LATCHKEY_PROJECT"] = "x";
    EXPECT_EQ(run({"project", "create-project", "-n", "orders", "-q"}), 0);
    EXPECT_EQ(out(), std::string(kId) + "\n");
    EXPECT_THAT(err(), HasSubstr("warning: LATCHKEY_PROJECT is set to \"x\""));
    EXPECT_EQ(run({"project", "create", "orders", "--json"}), 0);
    EXPECT_EQ(out(), project(kId, "orders") + "\n");
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], AllOf(HasSubstr("POST /v1/projects HTTP/1.1"),
                                   HasSubstr(R"({"name":"orders","description":"d",)"
                                             R"("api":"licensing"})")));
    EXPECT_THAT(requests[1], HasSubstr(R"({"name":"orders"})"));
}

TEST_F(ProjectCommand, ANameIsGivenOnceOrAskedFor) {
    fetch::CannedServer server({answer(201, project(kId, "orders"))});
    use(server);
    EXPECT_EQ(run({"project", "create"}), 2);
    EXPECT_THAT(err(), HasSubstr("NAME is required"));
    EXPECT_EQ(run({"project", "create", "a", "-n", "b"}), 2);
    EXPECT_THAT(err(), HasSubstr("excludes"));
    in_is_terminal_ = true;
    EXPECT_EQ(run({"project", "create"}, "orders\n"), 0);
    EXPECT_THAT(err(), HasSubstr("Name of the project: "));
    EXPECT_THAT(server.requests()[0], HasSubstr(R"({"name":"orders"})"));
}

TEST_F(ProjectCommand, AProjectIsMadeEvenWhereNothingCanBeKept) {
    fetch::CannedServer server({answer(201, project(kId, "orders"))});
    use(server);
    variables_.erase("LATCHKEY_CONFIG_DIR");
    EXPECT_EQ(run({"project", "create", "orders"}), 0);
    EXPECT_THAT(err(), HasSubstr("warning: it could not be made the active project"));
}

TEST_F(ProjectCommand, TheListMarksTheActiveOne) {
    const std::string both =
        answer(200, "[" + project(kId, "orders") + "," + project(kOther, "\\u001b[2J") + "]");
    fetch::CannedServer server(
        {answer(200, project(kId, "orders")), both, both, both, answer(200, "[]")});
    use(server);
    ASSERT_EQ(run({"project", "select", kId}), 0);
    EXPECT_EQ(run({"project", "list"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("│ NAME    │ DESCRIPTION │ ROLE  │ ACTIVE │ CREATED AT"),
                             HasSubstr("│ orders  │ d           │ owner │ yes    │ Jan 10 2023"),
                             HasSubstr("│ \\x1b[2J │ d           │ owner │        │ Jan 10 2023")));
    EXPECT_EQ(run({"project", "list-projects", "--json"}), 0);
    EXPECT_EQ(json::value(parse_json(out()).value()).as_array().size(), 2U);
    EXPECT_EQ(run({"project", "ls", "--json", "-q"}), 0);
    EXPECT_THAT(out(), ::testing::StartsWith(project(kId, "orders") + "\n"));
    EXPECT_EQ(run({"project", "list"}), 0);
    EXPECT_EQ(out(), "No projects found. You can create one with latchkey project create\n");
}

TEST_F(ProjectCommand, GetShowsTheOneThatIsMeant) {
    const std::string one = answer(200, project(kId, "orders"));
    fetch::CannedServer server({one, one, one, one, one, one});
    use(server);
    EXPECT_EQ(run({"project", "get", kId}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("name         orders\n"), HasSubstr("active       no\n"),
                             HasSubstr("your role    owner\n"), Not(HasSubstr("api"))));
    EXPECT_EQ(run({"project", "get", "-i", kId, "--json"}), 0);
    EXPECT_EQ(out(), project(kId, "orders") + "\n");
    EXPECT_EQ(run({"project", "get-active-project", "--project", kId}), 0);
    EXPECT_THAT(out(), HasSubstr("orders"));
    EXPECT_EQ(run({"project", "get", kId, "-i", kId}), 2);
}

TEST_F(ProjectCommand, SelectAsksAtATerminalByNumberNameOrId) {
    const std::string both =
        answer(200, "[" + project(kId, "orders") + "," + project(kOther, "1") + "]");
    fetch::CannedServer server({both, both, both, both, both, answer(200, "[]")});
    use(server);
    EXPECT_EQ(run({"project", "select"}), 2);
    EXPECT_THAT(err(), HasSubstr("PROJECT is required"));
    in_is_terminal_ = true;
    EXPECT_EQ(run({"project", "select"}, "2\n"), 0);
    EXPECT_THAT(out(), HasSubstr("Active project: 1 ("));
    EXPECT_THAT(err(), AllOf(HasSubstr("   1  "), HasSubstr("  orders\n"),
                             HasSubstr("Project (number, name or id): ")));
    EXPECT_EQ(kept()[server.url()].id, kOther);
    EXPECT_EQ(run({"project", "select"}, "1\n"), 0);  // a name before a number
    EXPECT_EQ(kept()[server.url()].id, kOther);
    EXPECT_THAT(err(), HasSubstr("  1  (active)\n"));
    EXPECT_EQ(run({"project", "select"}, "3\n"), 3);
    EXPECT_EQ(run({"project", "select"}), 2);
    EXPECT_THAT(err(), HasSubstr("latchkey project create NAME"));
}

TEST_F(ProjectCommand, UpdateChangesWhatWasGivenAndTheRememberedName) {
    const std::string one = answer(200, project(kId, "orders"));
    fetch::CannedServer server(
        {one, one, answer(200, project(kId, "sales")), one, answer(200, project(kId, "orders"))});
    use(server);
    ASSERT_EQ(run({"project", "select", kId}), 0);
    EXPECT_EQ(run({"project", "update", "-n", "sales", "-d", ""}), 0);
    EXPECT_THAT(out(), HasSubstr("Updated project sales ("));
    EXPECT_EQ(kept()[server.url()].name, "sales");
    EXPECT_EQ(run({"project", "update-project", "-i", kId, "--api", "", "--json"}), 0);
    EXPECT_EQ(out(), project(kId, "orders") + "\n");
    EXPECT_EQ(run({"project", "update", kId}), 2);
    EXPECT_THAT(err(), HasSubstr("nothing to change was given"));
    const auto requests = server.requests();
    EXPECT_THAT(requests[2], AllOf(HasSubstr(std::string("PATCH /v1/projects/") + kId),
                                   HasSubstr(R"({"name":"sales","description":""})")));
    EXPECT_THAT(requests[4], HasSubstr(R"({"api":null})"));
}

TEST_F(ProjectCommand, DeletingNeedsAWordAndForgetsTheActiveOne) {
    const std::string one = answer(200, project(kId, "orders"));
    fetch::CannedServer server({one, one, answer(204, "")});
    use(server);
    ASSERT_EQ(run({"project", "select", kId}), 0);
    EXPECT_EQ(run({"project", "delete", "orders"}), 2);
    EXPECT_THAT(err(), HasSubstr("deleting a project needs --yes"));
    EXPECT_EQ(run({"project", "delete", "-y"}), 2);
    EXPECT_THAT(err(), HasSubstr("PROJECT is required"));
    EXPECT_EQ(run({"project", "delete", kId, "-y"}), 0);
    EXPECT_THAT(out(), HasSubstr("Deleted project orders ("));
    EXPECT_TRUE(kept().empty());
    EXPECT_THAT(server.requests()[2], HasSubstr(std::string("DELETE /v1/projects/") + kId));
}

TEST_F(ProjectCommand, AtATerminalTheNameMustBeTyped) {
    const std::string one = answer(200, project(kId, "orders"));
    const std::string two = answer(200, R"([{"principalType":"user"},{"principalType":"token"},)"
                                        R"({"principalType":"token"}])");
    fetch::CannedServer server({one, two, one, two, answer(204, "")});
    use(server);
    in_is_terminal_ = true;
    EXPECT_EQ(run({"project", "delete", kId}, "Orders\n"), 1);
    EXPECT_THAT(err(),
                AllOf(HasSubstr("1 user and 2 tokens lose"), HasSubstr("nothing was deleted")));
    EXPECT_EQ(run({"project", "rm", kId, "--json"}, "orders\n"), 0);
    EXPECT_EQ(out(), fmt::format("{{\"deleted\":[\"{}\"]}}\n", kId));
    EXPECT_EQ(run({"project", "delete", kId, "--no-input"}, "orders\n"), 2);
}

}  // namespace
}  // namespace latchkey::cli
