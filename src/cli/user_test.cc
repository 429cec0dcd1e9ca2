#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
const std::string kUser = std::string(R"({"id":")") + kId +
                          R"(","kind":"human","email":"ana@example.com","name":"Ana","state":)"
                          R"("active","roles":["member","auditor"],"verifies":[],"createdAt":)"
                          R"("2023-01-10T11:55:00.000Z"})";

class UserCommand : public Cli {
protected:
    UserCommand() { variables_["LATCHKEY_TOKEN"] = "t"; }
    const std::string listed_ = answer(200, "[" + kUser + "]");
};

TEST_F(UserCommand, AUserIsShownByIdEmailOrName) {
    fetch::CannedServer server(
        {answer(200, kUser), listed_, answer(200, kUser), listed_, answer(200, kUser), listed_});
    use(server);
    EXPECT_EQ(run({"user", "get", kId}), 0);
    EXPECT_THAT(out(), EndsWith("kind     human\nname     Ana\ne-mail   ana@example.com\n"
                                "state    active\nroles    member auditor\n"
                                "created  Jan 10 2023 11:55\n"));
    EXPECT_EQ(run({"user", "show", "ana@example.com", "--json"}), 0);
    EXPECT_EQ(out(), kUser + "\n");
    EXPECT_EQ(run({"user", "get", "Ana"}), 0);
    EXPECT_EQ(run({"user", "get", "Bob"}), 3);
    EXPECT_THAT(err(), HasSubstr("there is no user \"Bob\""));
    EXPECT_THAT(server.requests()[0], HasSubstr(std::string("GET /v1/users/") + kId));
}

TEST_F(UserCommand, RolesAreReplacedAsAWhole) {
    const std::string changed = answer(200, kUser);
    fetch::CannedServer server({changed, changed, listed_, changed});
    use(server);
    EXPECT_EQ(run({"user", "set-roles", kId, "member,auditor", "verifier"}), 0) << err();
    EXPECT_EQ(out(), std::string("Changed the roles of user ") + kId + "\n");
    EXPECT_EQ(run({"user", "set-roles", kId, ""}), 0);
    EXPECT_EQ(out(), std::string("Took all roles from user ") + kId + "\n");
    EXPECT_EQ(run({"user", "set-roles", "Ana", "member", "--json"}), 0);
    EXPECT_EQ(out(), kUser + "\n");
    EXPECT_EQ(run({"user", "set-roles", "Ana"}), 2);
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], EndsWith(R"({"roles":["member","auditor","verifier"]})"));
    EXPECT_THAT(requests[1], EndsWith(R"({"roles":[]})"));
}

TEST_F(UserCommand, APasswordIsAskedForTwice) {
    fetch::CannedServer server({answer(201, kUser)});
    use(server);
    const std::vector<std::string> args{"user", "create", "--email", "ana@example.com"};
    EXPECT_EQ(run(args), 2);
    EXPECT_THAT(err(), HasSubstr("--password-stdin"));
    in_is_terminal_ = true;
    EXPECT_EQ(run(args, "one word\nanother\n"), 2);
    EXPECT_THAT(err(), HasSubstr("the two passwords differ"));
    EXPECT_EQ(run(args, "one word\none word\n"), 0) << err();
    EXPECT_THAT(server.requests()[0],
                EndsWith(R"({"kind":"human","email":"ana@example.com","password":"one word"})"));
}

TEST_F(UserCommand, FlagsThatExcludeEachOther) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    EXPECT_EQ(run({"user", "create", "--machine", "-n", "m", "--email", "a@b.example"}), 2);
    EXPECT_EQ(run({"user", "create", "--machine", "-n", "m", "--password-stdin"}), 2);
    EXPECT_EQ(run({"user", "create", "--email", "a@b.example", "--verifies", "licensing"}), 2);
    EXPECT_EQ(run({"user", "create", "--machine"}), 2);
    EXPECT_THAT(err(), HasSubstr("--name is required"));
}

}  // namespace
}  // namespace latchkey::cli
