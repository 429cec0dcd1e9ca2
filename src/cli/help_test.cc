#include "cli/help.h"

#include <gtest/gtest.h>

#include "cli/suggest.h"

namespace latchkey::cli {
namespace {

CommandTree sample() {
    CommandTree create{"create", {"new"}, "Make one"};
    create.flags = {{{"-n", "--name"}, true, "What to call it", "NAME"},
                    {{"--kind"}, true, "Its form", "KIND", {"jwt", "opaque"}},
                    {{"--tags"}, true, "Marks", "TAG,…", {"a", "b"}}};
    create.arguments = {{"SHELL", "Which", true, false, {"bash", "zsh"}}};
    create.takes_arguments = true;
    create.examples = {"latchkey token create bash -n ci"};
    CommandTree token{"token", {}, "Tokens"};
    token.children = {create};
    CommandTree root{"latchkey", {}, "Tokens for all"};
    root.flags = {{{"-h", "--help"}, false, "Show this help"}, {{"--json"}, false, "JSON"}};
    root.children = {token};
    return root;
}

TEST(Help, ExamplesStandBeforeTheFlags) {
    const CommandTree root = sample();
    EXPECT_EQ(render_help(path_to(root, {"token", "create"}), 80),
              "latchkey token create: Make one\n"
              "\nExamples:\n  latchkey token create bash -n ci\n"
              "\nUsage:\n  latchkey token create SHELL [flags]\n"
              "\nAliases:\n  new\n"
              "\nArguments:\n  SHELL  Which: bash, zsh\n"
              "\nFlags:\n"
              "  -n, --name NAME   What to call it\n"
              "      --kind KIND   Its form: jwt, opaque\n"
              "      --tags TAG,…  Marks: a, b\n"
              "\nGlobal flags (latchkey --help explains them):\n  --help --json\n");
}

TEST(Help, OfTheRootExplainsGlobalFlagsAndExitCodes) {
    const CommandTree root = sample();
    const std::string text = render_help(path_to(root, {}), 80);
    EXPECT_NE(text.find("  token  Tokens\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  -h, --help  Show this help\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\nExit codes:\n  0    done\n"), std::string::npos) << text;
}

TEST(Help, LongTextsAreWrappedBehindTheirFlag) {
    CommandTree root = sample();
    root.flags.back().help = "one two three four five six seven";
    const std::string text = render_help(path_to(root, {}), 46);
    EXPECT_NE(text.find("      --json  one two three four five six\n              seven\n"),
              std::string::npos)
        << text;
}

TEST(Help, AValueThatIsNoneOfTheListIsAUsageErrorThatNamesTheLikelyOne) {
    struct Row {
        std::vector<std::string> line;
        std::string message;
        std::string hint;
    };
    const std::vector<Row> rows{
        {{"token", "create", "zhs"}, "\"zhs\" is no shell", "did you mean zsh?"},
        {{"token", "create", "bash", "--kind", "opaqe"},
         "\"opaqe\" is no kind",
         "did you mean opaque?"},
        {{"token", "create", "--kind=ssh"}, "\"ssh\" is no kind", "--kind takes jwt or opaque"},
        {{"token", "create", "--tags", "a,c"}, "\"c\" is no tag", "--tags takes a or b"},
    };
    for (const Row& row : rows) {
        const Status status = check_words(sample(), row.line);
        ASSERT_FALSE(status) << row.message;
        EXPECT_EQ(status.error().message, row.message);
        EXPECT_EQ(status.error().hint, row.hint);
    }
    EXPECT_TRUE(check_words(sample(), {"token", "create", "bash", "--tags=b,a", "--kind", "jwt"}));
}

}  // namespace
}  // namespace latchkey::cli
