#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
const std::string kRole =
    std::string(R"({"id":")") + kId +
    R"(","name":"auditor","builtIn":false,"patterns":{"latchkey":["event:read"],"*":["*"]}})";

class RoleCommand : public Cli {
protected:
    RoleCommand() { variables_["LATCHKEY_TOKEN"] = "t"; }
    const std::string listed_ = answer(200, "[" + kRole + "]");
};

TEST_F(RoleCommand, ARoleIsShownByNameOrId) {
    fetch::CannedServer server({listed_, listed_, listed_, listed_, listed_});
    use(server);
    EXPECT_EQ(run({"role", "list"}), 0);
    EXPECT_THAT(out(), HasSubstr("│ auditor │          │ latchkey: event:read; *: * │\n"));
    EXPECT_EQ(run({"role", "get", "auditor"}), 0);
    EXPECT_THAT(out(), EndsWith("name          auditor\nbuilt in      no\n"
                                "api latchkey  event:read\nevery API     *\n"));
    EXPECT_EQ(run({"role", "show", kId, "--json"}), 0);
    EXPECT_EQ(out(), kRole + "\n");
    EXPECT_EQ(run({"role", "get", "auditr"}), 3);
    EXPECT_THAT(err(), HasSubstr("hint: did you mean \"auditor\"?"));
}

TEST_F(RoleCommand, ARoleIsMadeOfWhatIsAllowedAtEachApi) {
    fetch::CannedServer server({answer(201, kRole), answer(201, kRole),
                                problem(403, "insufficient_scope", "not yours to give")});
    use(server);
    EXPECT_EQ(run({"role", "create", "auditor", "--allow", "licensing=license:read, license:write",
                   "--allow", "latchkey=event:read", "--allow", "licensing=product:*"}),
              0)
        << err();
    EXPECT_EQ(out(), "Created role auditor\n");
    EXPECT_EQ(run({"role", "create", "auditor", "--allow", "*=*", "--json"}), 0);
    EXPECT_EQ(out(), kRole + "\n");
    EXPECT_EQ(run({"role", "create", "auditor", "--allow", "*=*"}), 5);
    EXPECT_THAT(server.requests()[0],
                EndsWith(R"({"name":"auditor","patterns":{"licensing":["license:read",)"
                         R"("license:write","product:*"],"latchkey":["event:read"]}})"));
}

TEST_F(RoleCommand, WhatIsAllowedIsWrittenApiEqualsScopes) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    EXPECT_EQ(run({"role", "create", "auditor"}), 2);
    EXPECT_THAT(err(), HasSubstr("--allow is required"));
    EXPECT_EQ(run({"role", "create", "auditor", "--allow", "license:read"}), 2);
    EXPECT_THAT(err(), HasSubstr("--allow does not take \"license:read\""));
    EXPECT_EQ(run({"role", "update", "auditor", "--allow", "=license:read"}), 2);
    EXPECT_EQ(run({"role", "update", "auditor"}), 2);
    EXPECT_THAT(err(), HasSubstr("nothing to change was given"));
}

TEST_F(RoleCommand, AnUpdateTouchesOnlyTheApisItNames) {
    fetch::CannedServer server({listed_, answer(200, kRole), listed_, answer(200, kRole)});
    use(server);
    EXPECT_EQ(
        run({"role", "update", "auditor", "--allow", "licensing=license:read", "--allow", "*="}), 0)
        << err();
    EXPECT_EQ(out(), "Updated role auditor\n");
    EXPECT_EQ(run({"role", "update", kId, "-n", "reader"}), 0);
    EXPECT_EQ(out(), "Updated role reader\n");
    const auto requests = server.requests();
    EXPECT_THAT(requests[1], HasSubstr(std::string("PATCH /v1/roles/") + kId));
    EXPECT_THAT(requests[1], EndsWith(R"({"patterns":{"latchkey":["event:read"],)"
                                      R"("licensing":["license:read"]}})"));
    EXPECT_THAT(requests[3], EndsWith(R"({"name":"reader"})"));
}

TEST_F(RoleCommand, ARoleInUseIsNotDeleted) {
    fetch::CannedServer server(
        {listed_, answer(204, ""), listed_, problem(409, "role_in_use", "3 users have it")});
    use(server);
    EXPECT_EQ(run({"role", "delete", "auditor"}), 0);
    EXPECT_EQ(out(), "Deleted role auditor\n");
    EXPECT_EQ(run({"role", "rm", "auditor"}), 6);
    EXPECT_EQ(err(), "error: 3 users have it\n");
}

}  // namespace
}  // namespace latchkey::cli
