#include "verify/usage.h"

#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "verify/fact_makers.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);

Address last_byte(std::uint8_t value) {
    Address address{};
    address[15] = value;
    return address;
}

TEST(Usage, CountsUsesAndDenialsAndKeepsTheLastOfEach) {
    UsageRecorder recorder;
    const auto token = make_id<TokenId>(1);
    recorder.record(token, kNow, last_byte(1), "curl/7.88.1", true);
    recorder.record(token, kNow + Microseconds{1}, last_byte(2), "curl/8", false);
    recorder.record(make_id<TokenId>(2), kNow, last_byte(3), "", true);
    const auto batch = recorder.take();
    ASSERT_EQ(batch.size(), 2U);
    EXPECT_EQ(batch[0].token, token);
    EXPECT_EQ(batch[0].last_used_at, kNow + Microseconds{1});
    EXPECT_EQ(batch[0].last_address, last_byte(2));
    EXPECT_EQ(batch[0].last_agent, "curl/8");
    EXPECT_EQ(batch[0].uses, 1);
    EXPECT_EQ(batch[0].denials, 1);
    EXPECT_EQ(batch[1].last_agent, "");
    EXPECT_TRUE(recorder.take().empty());
}

TEST(Usage, KeepsOnlyPrintableAndShortAgents) {
    UsageRecorder recorder;
    recorder.record(make_id<TokenId>(1), kNow, {}, "a\x1b[31m\xc3\xa4\n", true);
    recorder.record(make_id<TokenId>(2), kNow, {}, std::string(500, 'x'), true);
    const auto batch = recorder.take();
    EXPECT_EQ(batch[0].last_agent, "a?[31m???");
    EXPECT_EQ(batch[1].last_agent, std::string(120, 'x'));
}

TEST(Usage, LeavesOutNewTokensWhenFullButCountsTheKnown) {
    UsageRecorder recorder(100);
    for (std::uint64_t i = 0; i < 150; ++i) {
        recorder.record(make_id<TokenId>(i), kNow, {}, "x", true);
    }
    recorder.record(make_id<TokenId>(0), kNow, {}, "x", true);
    EXPECT_EQ(recorder.left_out(), 50U);
    const auto batch = recorder.take();
    ASSERT_EQ(batch.size(), 100U);
    EXPECT_EQ(batch[0].uses, 2);
    recorder.record(make_id<TokenId>(149), kNow, {}, "x", true);  // there is room again
    EXPECT_EQ(recorder.take().size(), 1U);
}

TEST(Usage, IsCountedOnceHoweverOftenItIsTaken) {
    UsageRecorder recorder;
    constexpr std::uint64_t kTokens = 50;
    constexpr std::int64_t kRounds = 400;
    std::vector<TokenId> ids;
    for (std::uint64_t i = 0; i < kTokens; ++i) {
        ids.push_back(make_id<TokenId>(i));
    }
    std::atomic<bool> is_done{false};
    std::int64_t uses = 0;
    std::thread taker([&] {
        bool was_done = false;
        while (!was_done) {
            was_done = is_done.load();
            for (const Usage& usage : recorder.take()) {
                uses += usage.uses + usage.denials;
            }
            std::this_thread::yield();
        }
    });
    for (std::int64_t round = 0; round < kRounds; ++round) {
        for (const TokenId& id : ids) {
            recorder.record(id, kNow, {}, "agent", round % 2 == 0);
        }
    }
    is_done = true;
    taker.join();
    // What met a take() last waits for one more record to be counted.
    recorder.record(ids[0], kNow, {}, "agent", true);
    for (const Usage& usage : recorder.take()) {
        uses += usage.uses + usage.denials;
    }
    const auto left_out = static_cast<std::int64_t>(recorder.left_out());
    EXPECT_EQ(uses + left_out, std::int64_t{kTokens} * kRounds + 1);
}

}  // namespace
}  // namespace latchkey::verify
