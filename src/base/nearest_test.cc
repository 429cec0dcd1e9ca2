#include "base/nearest.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Nearest, DistanceCountsEditsAndSwaps) {
    EXPECT_EQ(edit_distance("token", "token"), 0U);
    EXPECT_EQ(edit_distance("tokne", "token"), 1U);
    EXPECT_EQ(edit_distance("toke", "token"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Nearest, AMisspeltWordGetsTheNearestAndNonsenseGetsNone) {
    EXPECT_EQ(nearest("tokne", {"login", "token"}), "token");
    EXPECT_EQ(nearest("--nmae", {"--name", "--server"}), "--name");
    EXPECT_EQ(nearest("zzzzzz", {"login", "token"}), std::nullopt);
}

}  // namespace
}  // namespace latchkey
