#include "crypto/totp.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

const Secret& secret() {
    static const Secret kSecret("12345678901234567890");
    return kSecret;
}

TEST(Totp, SaysWhatRfc4226DoesForEachCounter) {
    const char* const kExpected[] = {"755224", "287082", "359152", "969429", "338314",
                                     "254676", "287922", "162583", "399871", "520489"};
    for (std::int64_t step = 0; step < 10; ++step) {
        EXPECT_EQ(totp_code(secret(), step).expose(), kExpected[step]) << step;
    }
}

TEST(Totp, SaysTheLastSixDigitsOfWhatRfc6238Does) {
    struct Row {
        std::int64_t seconds;
        const char* code;
    };
    for (const auto& row : {Row{59, "287082"}, Row{1'111'111'109, "081804"},
                            Row{1'111'111'111, "050471"}, Row{1'234'567'890, "005924"},
                            Row{2'000'000'000, "279037"}, Row{20'000'000'000, "353130"}}) {
        const auto step = totp_step(Timestamp::from_seconds(row.seconds));
        EXPECT_EQ(totp_code(secret(), step).expose(), row.code) << row.seconds;
    }
}

TEST(Base32, SaysWhatRfc4648DoesWithoutPadding) {
    EXPECT_EQ(base32_encode(""), "");
    EXPECT_EQ(base32_encode("f"), "MY");
    EXPECT_EQ(base32_encode("fo"), "MZXQ");
    EXPECT_EQ(base32_encode("foo"), "MZXW6");
    EXPECT_EQ(base32_encode("foob"), "MZXW6YQ");
    EXPECT_EQ(base32_encode("fooba"), "MZXW6YTB");
    EXPECT_EQ(base32_encode("foobar"), "MZXW6YTBOI");
    EXPECT_EQ(base32_encode("\xFF\xFF\xFF\xFF\xFF"), "77777777");
}

}  // namespace
}  // namespace latchkey
