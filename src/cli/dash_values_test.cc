#include "cli/dash_values.h"

#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using Words = std::vector<std::string>;
using ::testing::HasSubstr;

CommandTree sample() {
    CommandTree update;
    update.name = "update";
    update.takes_arguments = true;
    update.flags = {{{"-s", "--scope", "--scopes"}, true, "", "SCOPE,…"},
                    {{"-d", "--description"}, true, "", "TEXT"},
                    {{"-x"}, true, "", "TEXT"}};
    CommandTree run;
    run.name = "run";
    run.passes_everything_on = true;
    CommandTree root;
    root.name = "latchkey";
    root.flags = {{{"-q", "--quiet"}, false, ""}, {{"--server"}, true, "", "URL"}};
    root.children = {update, run};
    return root;
}

Words joined(Words words) {
    return with_dash_values_joined(sample(), std::move(words));
}

TEST(DashValues, AShortFlagTakesItsValueBehindAnEqualsSign) {
    EXPECT_EQ(joined({"update", "ID", "-s=-a:write"}), Words({"update", "ID", "--scope=-a:write"}));
    EXPECT_EQ(joined({"update", "-qs=-a:write", "ID"}),
              Words({"update", "-q", "--scope=-a:write", "ID"}));
    EXPECT_EQ(joined({"update", "-d=", "ID"}), Words({"update", "--description=", "ID"}));
    EXPECT_EQ(joined({"update", "-sa:read"}), Words({"update", "-sa:read"}));
}

TEST(DashValues, AValueThatBeginsWithADashIsNoFlag) {
    EXPECT_EQ(joined({"update", "ID", "-s", "-a:write"}),
              Words({"update", "ID", "--scope=-a:write"}));
    EXPECT_EQ(joined({"update", "ID", "--scopes", "-a:write,-b:read", "-q"}),
              Words({"update", "ID", "--scope=-a:write,-b:read", "-q"}));
    EXPECT_EQ(joined({"update", "-s", "-description:read"}),
              Words({"update", "--scope=-description:read"}));
    EXPECT_EQ(joined({"update", "-qd", "-5 degrees"}),
              Words({"update", "-q", "--description=-5 degrees"}));
}

TEST(DashValues, WhatTheParserUnderstandsStaysAsItIs) {
    for (const Words& words :
         {Words{"update", "ID", "-s", "+a:read"}, Words{"update", "-d", "-q"},
          Words{"update", "-d", "--quiet"}, Words{"update", "-d", "-"}, Words{"update", "-s"},
          Words{"update", "-d", "-s", "x"}, Words{"update", "-x", "-z"}, Words{"update", "-x=z"},
          Words{"run", "-s", "-a:write"}, Words{"update", "--", "-s", "-a:write"},
          Words{"--server", "update", "update", "-z"}, Words{"-"}, Words{}}) {
        EXPECT_EQ(joined(words), words);
    }
}

TEST_F(Cli, AScopeIsTakenAwayHoweverItIsWritten) {
    const std::string token = R"({"id":"x","scopes":["license:read","license:write"]})";
    fetch::CannedServer server({answer(200, token), answer(200, token), answer(200, token),
                                answer(200, token), answer(200, token), answer(200, token)});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "t";
    EXPECT_EQ(run({"token", "update", "ID", "-s=-license:write"}), 0) << err();
    EXPECT_EQ(run({"token", "update", "ID", "-s", "-license:write"}), 0) << err();
    EXPECT_EQ(run({"token", "update", "ID", "--scope", "-license:write"}), 0) << err();
    const auto requests = server.requests();
    for (const std::size_t i : {1U, 3U, 5U}) {
        EXPECT_THAT(requests[i], HasSubstr(R"("scopes":["license:read"])"));
    }
}

}  // namespace
}  // namespace latchkey::cli
