#include "authority/rights.h"

#include <gtest/gtest.h>

namespace latchkey::authority {
namespace {

using Texts = std::vector<std::string>;

TEST(Rights, TheStarIsEveryApiButLatchkey) {
    const Rights rights = {{"*", {"a:b"}}, {"billing", {"license:read"}}, {"latchkey", {"t:r"}}};
    EXPECT_EQ(rights_at(rights, "billing"), (Texts{"license:read", "a:b"}));
    EXPECT_EQ(rights_at(rights, "other"), Texts{"a:b"});
    EXPECT_EQ(rights_at(rights, "latchkey"), Texts{"t:r"});
    EXPECT_EQ(rights_at(rights, "*"), Texts{"a:b"});
}

TEST(Rights, BeyondIsWhatNoPatternCovers) {
    const Rights limit = {{"*", {"read:*"}}, {"billing", {"license:*"}}, {"latchkey", {"a:b"}}};
    EXPECT_TRUE(beyond({{"billing", {"license:read", "read:x"}}}, limit).empty());
    EXPECT_TRUE(beyond({{"*", {"read:x"}}}, limit).empty());
    EXPECT_EQ(beyond({{"*", {"license:read"}}}, limit), Texts{"* license:read"});
    EXPECT_EQ(beyond({{"other", {"license:read"}}}, limit), Texts{"other license:read"});
    EXPECT_EQ(beyond({{"latchkey", {"read:x"}}}, limit), Texts{"read:x"});
    EXPECT_EQ(beyond({{"billing", {"*"}}}, limit), Texts{"billing *"});
    EXPECT_TRUE(beyond(limit, everything()).empty());
}

TEST(Rights, AnIntersectionIsWhatBothAllowAtEachApi) {
    const Rights left = {{"*", {"*"}}, {"latchkey", {"token:*", "user:read"}}};
    const Rights right = {{"billing", {"license:read"}}, {"latchkey", {"user:*"}}};
    const auto both = intersection(left, right);
    EXPECT_EQ(rights_at(both, "billing"), Texts{"license:read"});
    EXPECT_EQ(rights_at(both, "other"), Texts{});
    EXPECT_TRUE(covers(rights_at(both, "latchkey"), "user:read"));
    EXPECT_FALSE(covers(rights_at(both, "latchkey"), "token:write"));
    // "*" on one side and a slug on the other meet at the slug.
    const auto mixed = intersection({{"*", {"a:*:c"}}}, {{"*", {"a:b:*"}}, {"billing", {"a:d:*"}}});
    EXPECT_EQ(rights_at(mixed, "other"), Texts{"a:b:c"});
    EXPECT_TRUE(covers(rights_at(mixed, "billing"), "a:d:c"));
    EXPECT_TRUE(covers(rights_at(mixed, "billing"), "a:b:c"));
    EXPECT_FALSE(covers(rights_at(mixed, "billing"), "a:d:e"));
}

TEST(Rights, AUnionCoversWhatEitherDoes) {
    const auto both = united({{"billing", {"a:b"}}}, {{"billing", {"c:d"}}, {"*", {"e:f"}}});
    EXPECT_TRUE(beyond({{"billing", {"a:b", "c:d", "e:f"}}, {"x", {"e:f"}}}, both).empty());
}

}  // namespace
}  // namespace latchkey::authority
