#include "authority/failure_budget.h"

#include <gtest/gtest.h>

namespace latchkey::authority {
namespace {

using std::chrono::seconds;

FailureBudget::Payer v4(std::uint8_t last, std::string_view name = {}) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last}, name};
}

TEST(FailureBudget, FailuresWithinTheBurstCostNothingAndThenOneWaits) {
    FailureBudget budget({3, 0.5});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(budget.wait_for(v4(1), seconds(0)), 0);
        budget.charge(v4(1), seconds(0));
    }
    EXPECT_EQ(budget.wait_for(v4(1), seconds(0)), 2);
    EXPECT_EQ(budget.wait_for(v4(1), seconds(2)), 0);
}

TEST(FailureBudget, WhoGoesOnFailingDoesNotWaitLonger) {
    FailureBudget budget({3, 0.5});
    for (int i = 0; i < 1000; ++i) {
        budget.charge(v4(1), seconds(0));
    }
    EXPECT_EQ(budget.wait_for(v4(1), seconds(0)), 2);
}

TEST(FailureBudget, AnotherAddressIsNotHeldUp) {
    FailureBudget budget({1, 1});
    budget.charge(v4(1), seconds(0));
    int held_up = 0;
    for (std::uint8_t i = 2; i < 202; ++i) {
        held_up += budget.wait_for(v4(i), seconds(0)) > 0 ? 1 : 0;
    }
    EXPECT_LT(held_up, 5);  // one of 4,096 buckets is full
}

TEST(FailureBudget, AnotherNameBehindTheSameAddressIsNotHeldUp) {
    FailureBudget budget({1, 1});
    const std::string forged = "a name that somebody forges";
    budget.charge(v4(1, forged), seconds(0));
    EXPECT_GT(budget.wait_for(v4(1, forged), seconds(0)), 0);
    int held_up = 0;
    for (char last = 'A'; last <= 'Z'; ++last) {
        for (const std::size_t at : {std::size_t{0}, std::size_t{8}, forged.size() - 1}) {
            std::string name = forged;
            name[at] = last;
            held_up += budget.wait_for(v4(1, name), seconds(0)) > 0 ? 1 : 0;
        }
    }
    EXPECT_LT(held_up, 5);  // of 78
}

TEST(FailureBudget, ANetworkOfIpv6SharesOneBudget) {
    FailureBudget budget({1, 1});
    FailureBudget::Payer one{{0x20, 0x01, 0x0D, 0xB8}, "who"};
    FailureBudget::Payer other = one;
    other.address[15] = 1;
    budget.charge(one, seconds(0));
    EXPECT_GT(budget.wait_for(other, seconds(0)), 0);
}

}  // namespace
}  // namespace latchkey::authority
