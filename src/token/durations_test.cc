#include "token/durations.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace latchkey {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);  // 2027-01-15T08:00:00Z

TEST(Expiry, EveryFormMeansItsMoment) {
    struct Case {
        const char* text;
        const char* moment;
    };
    const Case cases[] = {
        {"45s", "2027-01-15T08:00:45.000Z"},
        {"90m", "2027-01-15T09:30:00.000Z"},
        {"12h", "2027-01-15T20:00:00.000Z"},
        {"30d", "2027-02-14T08:00:00.000Z"},
        {"2w", "2027-01-29T08:00:00.000Z"},
        {"1h30m", "2027-01-15T09:30:00.000Z"},
        {"1w2d3h4m5s", "2027-01-24T11:04:05.000Z"},
        {"0h5m", "2027-01-15T08:05:00.000Z"},
        {"2027-01-31", "2027-01-31T23:59:59.000Z"},
        {"2027-01-15", "2027-01-15T23:59:59.000Z"},
        {"2028-02-29", "2028-02-29T23:59:59.000Z"},
        {"2027-01-31T12:00:00+01:00", "2027-01-31T11:00:00.000Z"},
        {"9999-12-31", "9999-12-31T23:59:59.000Z"},
    };
    for (const auto& each : cases) {
        const auto expiry = parse_expiry(each.text, kNow);
        ASSERT_TRUE(expiry.has_value()) << each.text << expiry.error().message;
        ASSERT_TRUE(expiry->has_value());
        EXPECT_EQ(format_rfc3339(**expiry), each.moment) << each.text;
    }
}

TEST(Expiry, NeverIsNoEnd) {
    for (const char* text : {"never", "none"}) {
        const auto expiry = parse_expiry(text, kNow);
        ASSERT_TRUE(expiry.has_value());
        EXPECT_FALSE(expiry->has_value());
    }
}

TEST(Expiry, WhatIsWrongIsNamedAndTheHintSaysHow) {
    struct Case {
        const char* text;
        const char* reason;
    };
    const Case cases[] = {
        {"", "bad_expiry"},
        {"30", "bad_expiry"},
        {"d", "bad_expiry"},
        {"30x", "bad_expiry"},
        {"30D", "bad_expiry"},
        {"1.5h", "bad_expiry"},
        {"-5m", "bad_expiry"},
        {"+5m", "bad_expiry"},
        {" 5m", "bad_expiry"},
        {"5m ", "bad_expiry"},
        {"30m1h", "bad_expiry"},
        {"1h1h", "bad_expiry"},
        {"0d", "bad_expiry"},
        {"Never", "bad_expiry"},
        {"2027-02-30", "bad_expiry"},
        {"2027-1-31", "bad_expiry"},
        {"31-01-2027", "bad_expiry"},
        {"null", "bad_expiry"},
        {"5ms", "bad_expiry"},
        {"2027-01-14", "expiry_in_past"},
        {"1970-01-01T00:00:00Z", "expiry_in_past"},
        {"2027-01-15T08:00:00Z", "expiry_in_past"},
        {"10000-01-01", "expiry_too_far"},
        {"10000-01-01T00:00:00Z", "expiry_too_far"},
        {"9999-12-31T23:59:59-01:00", "expiry_too_far"},
        {"8000w99999999999999999999d", "expiry_too_far"},
        {"9223372036854775807s", "expiry_too_far"},
        {"3000000d", "expiry_too_far"},
    };
    for (const auto& each : cases) {
        const auto expiry = parse_expiry(each.text, kNow);
        ASSERT_FALSE(expiry.has_value()) << each.text;
        EXPECT_EQ(expiry.error().reason, each.reason) << each.text;
        EXPECT_NE(expiry.error().hint.find("30d"), std::string::npos) << each.text;
    }
}

TEST(Expiry, IsNeverInThePastAndNeverAfterYear9999) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        const auto expiry = parse_expiry(text, kNow);
        if (expiry && *expiry) RC_ASSERT(**expiry > kNow && **expiry <= kEndOfTime);
    }));
}

TEST(Duration, IsALengthAndNotADate) {
    EXPECT_EQ(*parse_duration("1h30m"), std::chrono::minutes(90));
    EXPECT_FALSE(parse_duration("2027-01-31").has_value());
    EXPECT_FALSE(parse_duration("never").has_value());
}

}  // namespace
}  // namespace latchkey
