#include "base/id.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

constexpr const char* kUuid = "0190163d-8694-739b-aea5-966c26f8ad91";

TEST(Id, VersionSevenCarriesItsTime) {
    const std::array<std::uint8_t, 10> ones{255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    // RFC 9562 appendix A.6 uses this moment: 0x017F22E279B0 milliseconds.
    const auto bytes = make_uuid_v7(Timestamp::from_microseconds(1'645'557'742'000'000), ones);
    EXPECT_EQ(format_uuid(bytes), "017f22e2-79b0-7fff-bfff-ffffffffffff");
}

TEST(Id, BothTextsMeanTheSameBytes) {
    EXPECT_TRUE(rc::check([](const std::array<std::uint8_t, 16>& bytes) {
        RC_ASSERT(parse_uuid(format_uuid(bytes)) == bytes);
        RC_ASSERT(format_shortuuid(bytes).size() == 22U);
        RC_ASSERT(parse_uuid(format_shortuuid(bytes)) == bytes);
        RC_ASSERT(uuid_from_bytes(as_text(bytes)) == bytes);
    }));
}

TEST(Id, LongestAndShortestValuesFit) {
    UuidBytes bytes{};
    EXPECT_EQ(format_shortuuid(bytes), "2222222222222222222222");
    bytes.fill(255);
    EXPECT_EQ(parse_uuid(format_shortuuid(bytes)), bytes);
    EXPECT_FALSE(parse_uuid("zzzzzzzzzzzzzzzzzzzzzz").has_value());  // more than 128 bits
}

TEST(Id, OtherTextsAreRefused) {
    EXPECT_TRUE(TokenId::parse(kUuid).has_value());
    EXPECT_TRUE(TokenId::parse("0190163D-8694-739B-AEA5-966C26F8AD91").has_value());
    for (const char* text :
         {"", "0190163d8694739baea5966c26f8ad91", "{0190163d-8694-739b-aea5-966c26f8ad91}",
          "0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad911",
          "0190163d-8694-739b-aea5-966c26f8ad9g", "0190163d+8694-739b-aea5-966c26f8ad91",
          "222222222222222222222", "22222222222222222222l2", "2222222222222222222220"}) {
        EXPECT_FALSE(TokenId::parse(text).has_value()) << text;
    }
    EXPECT_FALSE(uuid_from_bytes("short").has_value());
}

TEST(Id, IdsSortByTheTimeTheyWereMade) {
    const std::array<std::uint8_t, 10> high{255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const std::array<std::uint8_t, 10> low{};
    EXPECT_LT(TokenId{make_uuid_v7(Timestamp::from_seconds(1), high)},
              TokenId{make_uuid_v7(Timestamp::from_seconds(2), low)});
    EXPECT_TRUE(TokenId{}.is_nil());
    EXPECT_FALSE(TokenId::parse(kUuid)->is_nil());
    EXPECT_EQ(TokenId::parse(kUuid)->raw().size(), 16U);
}

}  // namespace
}  // namespace latchkey
