#include "base/large_array.h"

#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(LargeArray, SmallAndLargeOnesStartWithNothingAndKeepWhatIsWritten) {
    for (const std::size_t size : {1UL, 63UL, 262'144UL, 300'001UL}) {
        LargeArray<std::uint64_t> array(size);
        EXPECT_EQ(array[0] | array[size / 2] | array[size - 1], 0U) << size;
        array[0] = 1;
        array[size - 1] = 7;
        LargeArray<std::uint64_t> moved = std::move(array);
        EXPECT_EQ(moved[size - 1], 7U) << size;
    }
}

TEST(LargeArray, LargeOnesAreWholePages) {
    constexpr std::size_t kPage = std::size_t{2} << 20;
    EXPECT_EQ(LargeArray<char>::bytes_of(kPage - 1), kPage - 1);
    EXPECT_EQ(LargeArray<char>::bytes_of(kPage + 1), 2 * kPage);
    const LargeArray<char> large(kPage + 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.get()) % kPage, 0U);
}

}  // namespace
}  // namespace latchkey
