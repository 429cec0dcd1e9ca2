#include "base/secret.h"

#include <type_traits>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

template <typename T>
concept Comparable = requires(const T& a, const T& b) {
    a == b;
};
static_assert(!Comparable<Secret>);

TEST(Secret, IsOnlySeenByWhoSaysSo) {
    const Secret secret("s3cret");
    EXPECT_EQ(secret.expose(), "s3cret");
    EXPECT_FALSE(secret.empty());
    EXPECT_TRUE(Secret().empty());
}

TEST(Secret, MovingLeavesNothingBehind) {
    for (const std::string& bytes : {std::string("short"), std::string(100, 'x')}) {
        Secret first(bytes);
        Secret second(std::move(first));
        EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the question
        EXPECT_EQ(second.expose(), bytes);
        Secret third("old");
        third = std::move(second);
        EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(third.expose(), bytes);
    }
}

TEST(Secret, WipingOverwritesTheBytesItself) {
    std::string bytes(64, 'x');
    const char* const where = bytes.data();
    wipe(bytes);
    EXPECT_TRUE(bytes.empty());
    bytes.resize(64);  // the same memory, so that it may be looked at
    ASSERT_EQ(bytes.data(), where);
    EXPECT_EQ(bytes.find('x'), std::string::npos);
}

TEST(ConstantTime, EqualityIsEquality) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "bbc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
    const std::string digest = "0123456789abcdef0123456789abcdef-tail";
    EXPECT_TRUE(equal_in_constant_time(digest, std::string(digest)));
    for (std::size_t i = 0; i < digest.size(); ++i) {
        std::string other = digest;
        other[i] = '\xFF';
        EXPECT_FALSE(equal_in_constant_time(digest, other)) << i;
    }
}

}  // namespace
}  // namespace latchkey
