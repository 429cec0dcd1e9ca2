#include "crypto/random.h"

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Random, Base62HasTheLengthAskedForAndOnlyItsAlphabet) {
    for (const std::size_t length : {0U, 1U, 34U, 63U, 64U, 65U, 500U}) {
        const std::string text = random_string_base62(length);
        EXPECT_EQ(text.size(), length);
        for (const char c : text) {
            EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) != 0);
        }
    }
}

TEST(Random, EachBase62DigitIsEquallyLikely) {
    // 62,000 draws: a digit is expected 1,000 times with a deviation of 31.4. Eight deviations are
    // never seen by chance, while taking bytes modulo 62 would miss by 1,000 × 1/4.
    std::map<char, int> counts;
    for (const char c : random_string_base62(62'000)) {
        ++counts[c];
    }
    EXPECT_EQ(counts.size(), 62U);
    for (const auto& [digit, count] : counts) {
        EXPECT_NEAR(count, 1000, 251) << digit;
    }
}

TEST(Random, NumbersStayBelowTheirBoundAndReachEachValue) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 2000; ++i) {
        const auto value = random_below(7);
        EXPECT_LT(value, 7U);
        seen.insert(value);
    }
    EXPECT_EQ(seen.size(), 7U);
    EXPECT_EQ(random_below(1), 0U);
    EXPECT_THROW(random_below(0), std::logic_error);
}

TEST(Random, IdsAreVersionSevenCarryTheTimeAndDiffer) {
    const auto now = Timestamp::from_seconds(1'800'000'000);
    const auto a = new_id<TokenId>(now);
    const auto b = new_id<TokenId>(now);
    EXPECT_NE(a, b);
    EXPECT_EQ(a.uuid().substr(0, 15), "01a3185c-5000-7");  // 1.8e12 ms = 0x01a3185c5000
    EXPECT_LT(a, new_id<TokenId>(now + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace latchkey
