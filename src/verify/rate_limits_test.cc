#include "verify/rate_limits.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace latchkey::verify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TokenId token(std::uint64_t n) {
    return new_id<TokenId>(Timestamp::from_seconds(static_cast<std::int64_t>(n)));
}

int allowed(RateLimits& limits, const TokenId& id, const RateLimit& rate, Microseconds now,
            int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) {
        count += limits.take(id, rate, now).is_allowed ? 1 : 0;
    }
    return count;
}

TEST(RateLimits, AllAtOnceAndThenAsTheyComeBack) {
    RateLimits limits;
    const auto id = token(1);
    const RateLimit rate{10, 60};
    Microseconds now = seconds(1000);
    EXPECT_EQ(allowed(limits, id, rate, now, 100), 10);
    now += milliseconds(5999);
    EXPECT_EQ(allowed(limits, id, rate, now, 5), 0);
    now += milliseconds(1);
    EXPECT_EQ(allowed(limits, id, rate, now, 5), 1);
    now += seconds(60);
    EXPECT_EQ(allowed(limits, id, rate, now, 100), 10);
}

TEST(RateLimits, WhatIsLeftAndWhenMoreComesIsSaid) {
    RateLimits limits;
    const auto id = token(1);
    const RateLimit rate{3, 60};
    const Microseconds now = seconds(5);
    EXPECT_EQ(limits.take(id, rate, now).remaining, 2U);
    EXPECT_EQ(limits.take(id, rate, now).reset, 40U);
    const auto last = limits.take(id, rate, now);
    EXPECT_TRUE(last.is_allowed);
    EXPECT_EQ(last.remaining, 0U);
    EXPECT_EQ(last.reset, 60U);
    const auto denied = limits.take(id, rate, now);
    EXPECT_FALSE(denied.is_allowed);
    EXPECT_EQ(denied.reset, 20U);
    // Waiting so long is enough.
    EXPECT_TRUE(limits.take(id, rate, now + seconds(denied.reset)).is_allowed);
}

TEST(RateLimits, ADenialCostsNothing) {
    RateLimits limits;
    const auto id = token(1);
    const RateLimit rate{1, 10};
    EXPECT_EQ(allowed(limits, id, rate, seconds(1), 1000), 1);
    EXPECT_EQ(allowed(limits, id, rate, seconds(11), 1000), 1);
}

TEST(RateLimits, NeverMoreThanTheBurstAndTheRateOverAnyTime) {
    for (const RateLimit rate : {RateLimit{1, 1}, RateLimit{7, 10}, RateLimit{1'000'000, 1},
                                 RateLimit{100, 60}, RateLimit{1, 86'400}}) {
        RateLimits limits;
        const auto id = token(1);
        std::int64_t count = 0;
        const Microseconds start = seconds(1);
        Microseconds now = start;
        for (int i = 0; i < 20'000; ++i) {
            count += limits.take(id, rate, now).is_allowed ? 1 : 0;
            const auto passed = (now - start).count();
            const auto most = rate.requests + passed * rate.requests / (rate.seconds * 1'000'000LL);
            ASSERT_LE(count, most + 1) << rate.requests << "/" << rate.seconds;
            now += Microseconds(1 + i % 977 * 13);
        }
    }
}

TEST(RateLimits, AStricterRateCostsOnePeriodAtMost) {
    RateLimits limits;
    const auto id = token(1);
    EXPECT_EQ(allowed(limits, id, {100, 86'400}, seconds(1), 200), 100);
    EXPECT_FALSE(limits.take(id, {1, 10}, seconds(2)).is_allowed);
    EXPECT_TRUE(limits.take(id, {1, 10}, seconds(12)).is_allowed);
}

TEST(RateLimits, TokensDoNotShareALimit) {
    RateLimits limits;
    for (std::uint64_t n = 0; n < 10'000; ++n) {
        ASSERT_EQ(allowed(limits, token(n), {2, 60}, seconds(1), 3), 2) << n;
    }
}

TEST(RateLimits, ManyThreadsTogetherGetTheBurstExactly) {
    RateLimits limits;
    const auto id = token(1);
    for (int round = 0; round < 50; ++round) {
        const Microseconds now = seconds(1000 * (round + 1));
        std::atomic<int> count{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] { count += allowed(limits, id, {100, 60}, now, 100); });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        ASSERT_EQ(count, 100) << round;
    }
}

}  // namespace
}  // namespace latchkey::verify
