#include "base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

Result<int> half_of(int number) {
    if (number % 2 != 0) return invalid("odd", "odd_number", "/number");
    return number / 2;
}

Result<int> quarter_of(int number) {
    const int half = TRY(half_of(number));
    return half_of(half);
}

Status check_even(int number) {
    TRY(half_of(number));
    return {};
}

TEST(Result, HoldsAValueOrAnError) {
    const auto good = half_of(4);
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(*good, 2);
    const auto bad = half_of(3);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(bad.error().reason, "odd_number");
    EXPECT_EQ(bad.error().field, "/number");
}

TEST(Result, TryHandsTheErrorOnAsItIs) {
    EXPECT_EQ(*quarter_of(8), 2);
    EXPECT_EQ(quarter_of(6).error().reason, "odd_number");
    EXPECT_TRUE(check_even(2).has_value());
    EXPECT_EQ(check_even(1).error().message, "odd");
}

TEST(Result, CarriesWhatCannotBeCopied) {
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(5); };
    const auto use = [&]() -> Result<int> {
        const std::unique_ptr<int> held = TRY(make());
        return *held;
    };
    EXPECT_EQ(*use(), 5);
}

TEST(Error, SaysEverythingItWasTold) {
    const Error error = Error(ErrorCode::kPermissionDenied, "no", "log only")
                            .with_reason("insufficient_scope")
                            .with_hint("ask for it")
                            .with_field("/scopes/0")
                            .with_scopes({"a:b"});
    EXPECT_EQ(error.message, "no");
    EXPECT_EQ(error.detail, "log only");
    EXPECT_EQ(error.reason, "insufficient_scope");
    EXPECT_EQ(error.hint, "ask for it");
    EXPECT_EQ(error.field, "/scopes/0");
    EXPECT_EQ(error.scopes, std::vector<std::string>{"a:b"});
}

TEST(Check, EndsTheWorkAndNamesTheCondition) {
    try {
        CHECK(1 + 1 == 3);
        FAIL() << "went on";
    } catch (const std::logic_error& error) {
        EXPECT_NE(std::string(error.what()).find("1 + 1 == 3"), std::string::npos);
    }
    CHECK(true);
}

}  // namespace
}  // namespace latchkey
