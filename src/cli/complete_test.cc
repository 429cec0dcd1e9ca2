#include "cli/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/man_page.h"
#include "cli/testing.h"
#include "cli/typed_words.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTokens =
    R"([{"id":"0190163d-8694-739b-aea5-966c26f8ad91","name":"ci-deploy"},)"
    R"({"id":"0190163d-8694-739b-aea5-966c26f8ad92","name":"evil\u001b[2J"}])";

CommandTree sample() {
    CommandTree create{"create"};
    create.flags = {{{"-n", "--name"}, true, "", "NAME"},
                    {{"-s", "--scope"}, true, "", "SCOPE,…"},
                    {{"-q"}, false}};
    CommandTree token{"token"};
    token.children = {create};
    CommandTree serve{"serve"};
    serve.passes_everything_on = true;
    CommandTree root{"latchkey"};
    root.flags = {{{"--server"}, true, "", "URL"}};
    root.children = {token, serve};
    return root;
}

TEST(ShellWords, AreReadAsAShellReadsThem) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(shell_words("a  b c"), (Words{"a", "b", "c"}));
    EXPECT_EQ(shell_words("a b "), (Words{"a", "b", ""}));
    EXPECT_EQ(shell_words(R"(a "b c" 'd "e' f\ g)"), (Words{"a", "b c", "d \"e", "f g"}));
    EXPECT_EQ(shell_words("a 'open one"), (Words{"a", "open one"}));
    EXPECT_EQ(shell_words("a ''"), (Words{"a", ""}));
    EXPECT_EQ(shell_words("a \\"), (Words{"a", "\\"}));
    EXPECT_EQ(shell_words(""), (Words{""}));
}

TEST(TypedWords, FindWhatIsBeingTyped) {
    const CommandTree tree = sample();
    const TypedWords value = read_typed(tree, {"token", "create", "--name", "x"});
    EXPECT_EQ(value.flag->names.back(), "--name");
    EXPECT_EQ(value.typed, "x");
    const TypedWords list = read_typed(tree, {"token", "create", "-qs", "a:b,c"});
    EXPECT_EQ(list.flag->names.back(), "--scope");
    EXPECT_EQ(list.kept, "a:b,");
    EXPECT_EQ(list.typed, "c");
    const TypedWords glued = read_typed(tree, {"--server", "u", "token", "create", "--scope=a,"});
    EXPECT_EQ(glued.kept, "--scope=a,");
    EXPECT_EQ(glued.typed, "");
    EXPECT_EQ(glued.values.at("--server"), "u");
    EXPECT_TRUE(read_typed(tree, {"token", "create", "--na"}).is_flag);
    EXPECT_FALSE(read_typed(tree, {"token", "create", "--", "--na"}).is_flag);
    EXPECT_TRUE(read_typed(tree, {"serve", "--li"}).is_foreign);
    EXPECT_EQ(read_typed(tree, {"token", "create", "-nx", "y", "z"}).arguments,
              std::vector<std::string>{"y"});
    EXPECT_EQ(read_typed(tree, {}).path.size(), 1U);
}

TEST_F(Cli, CompletionOffersIdsByNameAndNothingHostile) {
    fetch::CannedServer server({answer(200, kTokens), answer(200, kTokens)});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "lkp_x";
    EXPECT_EQ(run({"__complete", "words", "token", "delete", "ci"}), 0);
    EXPECT_THAT(out(), HasSubstr("\tci-deploy\n"));
    EXPECT_EQ(run({"__complete", "words", "token", "delete", ""}), 0);
    EXPECT_EQ(out().find('\x1b'), std::string::npos);
    EXPECT_THAT(server.requests()[0], HasSubstr("GET /v1/tokens?state=active"));
}

TEST_F(Cli, CompletionSaysNothingWhenItFails) {
    fetch::CannedServer server({problem(500, "internal", "no"), answer(200, "<html>")});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "lkp_x";
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(run({"__complete", "words", "token", "delete", ""}), 0);
        EXPECT_EQ(out() + err(), "");
    }
}

TEST_F(Cli, BashGetsOnlyWhatStandsBehindItsWordBreaks) {
    const std::string apis = answer(200, R"([{"slug":"a","default":true}])");
    const std::string scopes = answer(200, R"([{"name":"license:read","description":"d"}])");
    fetch::CannedServer server({apis, scopes, apis, scopes});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "lkp_x";
    const std::string line = "latchkey token create -s license:re";
    EXPECT_EQ(run({"__complete", "bash", "9", " :=", line}), 0);
    EXPECT_EQ(out(), "read\n");
    EXPECT_EQ(run({"__complete", "bash", "9", " ", line}), 0);
    EXPECT_EQ(out(), "license:read\n");
}

TEST(ManPage, EscapesWhatRoffWouldTakeForItsOwn) {
    CommandTree root{"latchkey", {}, ".dots - and \\ backslashes"};
    root.examples = {"'quoted' --flag"};
    const ManPage page = man_page({&root}, "2026-01-02");
    EXPECT_EQ(page.name, "latchkey");
    EXPECT_THAT(page.text, HasSubstr("\\- \\&.dots \\- and \\e backslashes\n"));
    EXPECT_THAT(page.text, HasSubstr("\n\\&'quoted' \\-\\-flag\n"));
}

}  // namespace
}  // namespace latchkey::cli
