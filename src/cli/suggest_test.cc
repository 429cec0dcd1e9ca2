#include "cli/suggest.h"

#include <gtest/gtest.h>

#include "cli/errors.h"

namespace latchkey::cli {
namespace {

CommandTree sample() {
    CommandTree create;
    create.name = "create";
    create.flags = {{{"-n", "--name"}, true, ""}, {{"--all"}, false, ""}};
    CommandTree remove;
    remove.name = "delete";
    remove.aliases = {"rm"};
    remove.takes_arguments = true;
    CommandTree token;
    token.name = "token";
    token.children = {create, remove};
    CommandTree serve;
    serve.name = "serve";
    serve.passes_everything_on = true;
    CommandTree root;
    root.name = "latchkey";
    root.flags = {{{"--server"}, true, ""}, {{"-q", "--quiet"}, false, ""}};
    root.children = {token, serve};
    return root;
}

TEST(Suggest, KnownWordsPassWhateverTheirValuesAre) {
    const std::vector<std::vector<std::string>> lines{
        {"token", "create", "-n", "creat", "--server", "--x"},
        {"token", "create", "-nfoo", "-q"},
        {"--quiet", "token", "rm", "a", "b"},
        {"token", "create", "--name=x", "--all"},
        {"serve", "--listne", "x"},
        {"token", "delete", "--", "--whatever"},
        {}};
    for (const auto& line : lines) {
        EXPECT_TRUE(check_words(sample(), line)) << (line.empty() ? "" : line.front());
    }
}

TEST(Suggest, UnknownWordsAreUsageErrorsThatNameTheLikelyOne) {
    struct Row {
        std::vector<std::string> line;
        std::string message;
        std::string hint;
    };
    const std::vector<Row> rows{
        {{"tokne", "list"}, "unknown command \"tokne\"", "did you mean \"token\"?"},
        {{"token", "creat"}, "unknown command \"creat\"", "did you mean \"create\"?"},
        {{"token", "create", "--nmae", "x"}, "unknown flag --nmae", "did you mean --name?"},
        {{"token", "create", "--sever=x"}, "unknown flag --sever", "did you mean --server?"},
        {{"token", "create", "-z"}, "unknown flag -z", "see latchkey token create --help"},
        {{"token", "create", "x"},
         "latchkey token create takes no argument \"x\"",
         "see latchkey token create --help"},
    };
    for (const Row& row : rows) {
        const Status status = check_words(sample(), row.line);
        ASSERT_FALSE(status) << row.message;
        EXPECT_EQ(status.error().message, row.message);
        EXPECT_EQ(status.error().hint, row.hint);
        EXPECT_EQ(exit_code(status.error()), kExitUsage);
    }
}

}  // namespace
}  // namespace latchkey::cli
