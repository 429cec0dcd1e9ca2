#include "cli/excerpt.h"

#include <gtest/gtest.h>

#include "cli/text.h"

namespace latchkey::cli {
namespace {

TEST(Excerpt, ShowsTheLineWithAMarkUnderThePlace) {
    EXPECT_EQ(excerpt("{\n  \"action\": [\"x\"]\n}\n", 2, 14),
              "     2 |   \"action\": [\"x\"]\n"
              "       |              ^\n");
    EXPECT_EQ(excerpt("abc", 1, 1), "     1 | abc\n       | ^\n");
}

TEST(Excerpt, APlaceBehindTheLineIsMarkedAtItsEndAndOneBehindTheTextNotAtAll) {
    EXPECT_EQ(excerpt("abc\r\nx", 1, 99), "     1 | abc\n       |    ^\n");
    EXPECT_EQ(excerpt("", 1, 1), "     1 | \n       | ^\n");
    EXPECT_EQ(excerpt("abc", 2, 1), "");
    EXPECT_EQ(excerpt("abc", 0, 1), "");
    EXPECT_EQ(excerpt("abc", 1, 0), "");
}

TEST(Excerpt, TheMarkStandsRightBehindWideCharactersTabsAndEscapes) {
    EXPECT_EQ(excerpt("\t日本x", 1, 4), "     1 |  日本x\n       |      ^\n");
    EXPECT_EQ(excerpt("\x1b[2Jx", 1, 5), "     1 | \\x1b[2Jx\n       |        ^\n");
    EXPECT_EQ(excerpt("\xffx", 1, 2), "     1 | \\xffx\n       |     ^\n");
}

TEST(Excerpt, ALongLineIsCutAroundThePlace) {
    const std::string text = std::string(30'000, 'a') + "X" + std::string(30'000, 'b');
    EXPECT_EQ(excerpt(text, 1, 30'001), "     1 | …" + std::string(40, 'a') + "X" +
                                            std::string(31, 'b') + "…\n       | " +
                                            std::string(41, ' ') + "^\n");
}

}  // namespace
}  // namespace latchkey::cli
