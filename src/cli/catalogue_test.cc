#include "cli/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/client/fields.h"
#include "cli/credentials.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;

Result<Catalogue> example(const char* name) {
    const std::string path = std::string(LATCHKEY_SOURCE_DIR "/examples/catalogues/") + name;
    const std::string text = TRY(read_file(path, 100'000));
    return parse_catalogue(text);
}

TEST(Catalogue, TheLicensingExampleHas29ScopesAndForgivesTheOldSpelling) {
    const auto catalogue = example("licensing.toml");
    ASSERT_TRUE(catalogue);
    EXPECT_EQ(catalogue->slug, "licensing");
    EXPECT_EQ(catalogue->scopes.size(), 29U);
    std::vector<std::string> names;
    std::vector<std::string> aliases;
    for (const json::value& scope : catalogue->scopes) {
        names.push_back(text_of(scope.get_object(), "name"));
        for (std::string& alias : texts_of(scope.get_object(), "aliases")) {
            aliases.push_back(std::move(alias));
        }
    }
    EXPECT_THAT(names, ::testing::Contains("licenseTemplate:write"));
    EXPECT_THAT(names, ::testing::Contains("personalAccessToken:write"));
    EXPECT_THAT(names, ::testing::Not(::testing::Contains("personalAccessToken:read")));
    EXPECT_THAT(aliases, ::testing::ElementsAre("licenseTemaplate:write"));
}

TEST(Catalogue, ThePipelinesExampleHasFourPatterns) {
    const auto catalogue = example("pipelines.toml");
    ASSERT_TRUE(catalogue);
    EXPECT_EQ(catalogue->scopes.size(), 4U);
    EXPECT_EQ(catalogue->api.at("audience").get_string(), "pipelines");
}

TEST(Catalogue, MistakesNameTheLine) {
    struct Row {
        const char* text;
        const char* message;
    };
    for (const Row& row : {
             Row{"slug = \"a\"\naudience = 3", "line 2: \"audience\" is no text"},
             Row{"slug = \"a\"", "\"audience\" is missing"},
             Row{"slug = \"a\"\naudience = \"a\"\nbaseurl = \"x\"",
                 "line 3: unknown key \"baseurl\""},
             Row{"slug = \"a\"\naudience = \"a\"\n[[scope]]\nname = \"a b\"", "is no scope"},
             Row{"slug = \"a\"\naudience = \"a\"\n[[scope]]\nname = \"a:b\"\n[[scope]]\n"
                 "name = \"a:b\"",
                 "stands twice"},
             Row{"slug =", "line 1"},
         }) {
        const auto catalogue = parse_catalogue(row.text);
        ASSERT_FALSE(catalogue) << row.text;
        EXPECT_THAT(catalogue.error().message, HasSubstr(row.message));
    }
}

}  // namespace
}  // namespace latchkey::cli
