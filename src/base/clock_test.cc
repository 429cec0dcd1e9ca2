#include "base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace latchkey {
namespace {

TEST(Rfc3339, TimesAreReadWithTheirOffsetAndFraction) {
    struct Case {
        const char* text;
        std::int64_t microseconds;
    };
    const Case cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T22:04:00Z", 1'795'298'640'000'000},
        {"2026-11-21t22:04:00z", 1'795'298'640'000'000},
        {"2026-11-22T00:04:00+02:00", 1'795'298'640'000'000},
        {"2026-11-21T14:34:00-07:30", 1'795'298'640'000'000},
        {"2026-11-21T22:04:00.5Z", 1'795'298'640'500'000},
        {"2026-11-21T22:04:00.123456789Z", 1'795'298'640'123'456},
        {"2024-02-29T00:00:00Z", 1'709'164'800'000'000},
        {"9999-12-31T23:59:59Z", 253'402'300'799'000'000},
    };
    for (const auto& each : cases) {
        const auto time = parse_rfc3339(each.text);
        ASSERT_TRUE(time.has_value()) << each.text;
        EXPECT_EQ(time->microseconds(), each.microseconds) << each.text;
    }
}

TEST(Rfc3339, OtherTextsAreRefused) {
    for (const char* text : {"",
                             "2026-11-21",
                             "2026-11-21T22:04:00",
                             "2026-11-21 22:04:00Z",
                             "2026-11-21T22:04Z",
                             "2026-02-29T00:00:00Z",
                             "2026-13-01T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-11-31T00:00:00Z",
                             "2026-11-21T24:00:00Z",
                             "2026-11-21T22:60:00Z",
                             "2026-11-21T22:04:61Z",
                             "2026-11-21T22:04:00.Z",
                             "2026-11-21T22:04:00.1234567890Z",
                             "2026-11-21T22:04:00+24:00",
                             "2026-11-21T22:04:00+0200",
                             "2026-11-21T22:04:00+02:60",
                             "2026-11-21T22:04:00ZZ",
                             "+026-11-21T22:04:00Z",
                             "20261121T220400Z-----",
                             "1795298640"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
}

TEST(Rfc3339, EveryMomentSurvivesToTheMillisecond) {
    EXPECT_TRUE(rc::check([] {
        const auto seconds = *rc::gen::inRange<std::int64_t>(0, kEndOfTime.seconds() + 1);
        const auto milliseconds = *rc::gen::inRange<std::int64_t>(0, 1000);
        const auto time = Timestamp::from_microseconds(seconds * 1'000'000 + milliseconds * 1000);
        const std::string text = format_rfc3339(time);
        RC_ASSERT(text.size() == 24U);
        const auto again = parse_rfc3339(text);
        RC_ASSERT(again.has_value());
        RC_ASSERT(*again == time);
    }));
}

TEST(HttpDate, AgreesWithRfc9110) {
    EXPECT_EQ(format_http_date(Timestamp::from_seconds(784'111'777)),
              "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(FakeClock, MovesOnlyWhenTold) {
    FakeClock clock(Timestamp::from_seconds(100));
    clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(clock.now(), Timestamp::from_seconds(105));
    EXPECT_EQ(clock.steady(), std::chrono::seconds(5));
    clock.jump_to(Timestamp::from_seconds(1));
    EXPECT_EQ(clock.now(), Timestamp::from_seconds(1));
    EXPECT_EQ(clock.steady(), std::chrono::seconds(5));
}

TEST(SystemClock, NeitherTimeRunsBackwards) {
    const SystemClock clock;
    const auto first = clock.steady();
    EXPECT_GT(clock.now(), Timestamp::from_seconds(1'700'000'000));
    EXPECT_GE(clock.steady(), first);
}

}  // namespace
}  // namespace latchkey
