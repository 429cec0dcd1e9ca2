#include "verify/usage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

#include "verify/fact_makers.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);
constexpr Microseconds kTick{1};

Address last_byte(std::uint8_t value) {
    Address address{};
    address[15] = value;
    return address;
}

// A use that allows everything to be left out.
struct AnyUse {
    TokenId token{make_id<TokenId>(1)};
    std::uint32_t generation{1};
    Timestamp now{kNow};
    Address address{};
    std::string agent{"curl/8"};
    Verdict verdict{Verdict::kActive};
    std::vector<std::string_view> scopes{};
    bool is_being_replaced{false};

    [[nodiscard]] Use use() const {
        return {.token = token,
                .generation = generation,
                .now = now,
                .address = address,
                .agent = agent,
                .verdict = verdict,
                .scopes = scopes,
                .is_being_replaced = is_being_replaced};
    }
};

void record(UsageRecorder& recorder, const AnyUse& any) {
    recorder.record(any.use());
}

// By generation and day.
std::vector<Usage> take(UsageRecorder& recorder, std::uint64_t token = 1) {
    auto batch = recorder.take();
    std::erase_if(batch, [&](const Usage& one) { return one.token != make_id<TokenId>(token); });
    std::sort(batch.begin(), batch.end(), [](const Usage& a, const Usage& b) {
        return std::tie(a.generation, a.day) < std::tie(b.generation, b.day);
    });
    return batch;
}

// "license:read 2, license:write 1", by name.
std::string scopes_of(const Usage& usage) {
    std::vector<std::string> texts;
    for (const ScopeUse& scope : usage.scopes) {
        texts.push_back((scope.scope.empty() ? "none" : scope.scope) + " " +
                        std::to_string(scope.uses));
    }
    std::sort(texts.begin(), texts.end());
    std::string text;
    for (const auto& one : texts) {
        text += (text.empty() ? "" : ", ") + one;
    }
    return text;
}

TEST(Usage, CountsUsesAndDenialsAndKeepsTheLastOfEach) {
    UsageRecorder recorder;
    record(recorder, {.address = last_byte(1), .agent = "curl/7.88.1"});
    record(recorder, {.now = kNow + kTick, .address = last_byte(2), .verdict = Verdict::kRevoked});
    const auto batch = take(recorder);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(batch[0].last_used_at, kNow + kTick);
    EXPECT_EQ(batch[0].last_address, last_byte(2));
    EXPECT_EQ(batch[0].last_agent, "curl/8");
    EXPECT_EQ(batch[0].uses, 1);
    EXPECT_EQ(batch[0].denials, 1);
    EXPECT_TRUE(recorder.take().empty());
    record(recorder,
           {.token = make_id<TokenId>(2), .address = last_byte(3), .agent = std::string()});
    EXPECT_EQ(take(recorder, 2)[0].last_agent, "");
}

TEST(Usage, DenialsAreToldApartByTheirReason) {
    UsageRecorder recorder;
    for (const auto verdict : {Verdict::kExpired, Verdict::kInsufficientScope, Verdict::kExpired}) {
        record(recorder, {.now = kNow + kTick, .verdict = verdict, .scopes = {"license:read"}});
    }
    const auto batch = take(recorder);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(batch[0].denials, 3);
    ASSERT_EQ(batch[0].denied.size(), 2U);
    EXPECT_EQ(batch[0].denied[0].verdict, Verdict::kInsufficientScope);
    EXPECT_EQ(batch[0].denied[1].verdict, Verdict::kExpired);
    EXPECT_EQ(batch[0].denied[1].count, 2);
    EXPECT_EQ(batch[0].denied[1].last_at, kNow + kTick);
    EXPECT_TRUE(batch[0].scopes.empty()) << "what was denied was not used";
}

TEST(Usage, GenerationsAndDaysAreCountedApart) {
    constexpr Microseconds kDay{std::int64_t{86'400'000'000}};
    UsageRecorder recorder;
    record(recorder, {});
    record(recorder, {.generation = 2});
    record(recorder, {.generation = 2, .now = kNow + kDay});
    record(recorder, {.generation = 2, .now = kNow + kDay + kTick});
    const auto batch = take(recorder);
    ASSERT_EQ(batch.size(), 3U);
    EXPECT_EQ(batch[0].generation, 1U);
    EXPECT_EQ(batch[1].generation, 2U);
    EXPECT_EQ(batch[1].day, day_of(kNow));
    EXPECT_EQ(batch[2].day, day_of(kNow) + 1);
    EXPECT_EQ(batch[2].uses, 2);
}

TEST(Usage, ScopesThatWereUsedAreCounted) {
    UsageRecorder recorder;
    record(recorder, {.scopes = {"license:read", "license:write"}});
    record(recorder, {.now = kNow + kTick, .scopes = {"license:read"}});
    record(recorder, {.scopes = {kNoScopeNamed}});
    recorder.record_scope(make_id<TokenId>(1), 1, kNow, "token:read");
    const auto batch = take(recorder);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(batch[0].uses, 3);
    EXPECT_EQ(scopes_of(batch[0]), "license:read 2, license:write 1, none 1, token:read 1");
}

TEST(Usage, OneScopeAloneIsCountedAsWellAsManyAndDenialsAreNoUseOfIt) {
    UsageRecorder recorder;
    record(recorder, {.scopes = {"license:read"}});
    record(recorder, {.now = kNow + kTick, .scopes = {"license:read"}});
    EXPECT_EQ(scopes_of(take(recorder)[0]), "license:read 2");
    record(recorder, {.scopes = {"license:read"}});
    record(recorder, {.now = kNow + 5 * kTick,
                      .verdict = Verdict::kInsufficientScope,
                      .scopes = {"license:read"}});
    const auto denied = take(recorder);
    EXPECT_EQ(scopes_of(denied[0]), "license:read 1");
    EXPECT_EQ(denied[0].scopes[0].last_used_at, kNow);
    EXPECT_EQ(denied[0].last_used_at, kNow + 5 * kTick);
    record(recorder, {.verdict = Verdict::kExpired});
    record(recorder, {.scopes = {"license:read"}});
    record(recorder, {.scopes = {"license:write"}});
    record(recorder, {.scopes = {"license:read"}});
    record(recorder, {});
    const auto mixed = take(recorder);
    EXPECT_EQ(scopes_of(mixed[0]), "license:read 2, license:write 1");
    EXPECT_EQ(mixed[0].uses, 4);
}

TEST(Usage, AScopeThatFindsNoRoomCountsAsEveryScope) {
    UsageRecorder recorder;
    for (int i = 0; i < 70; ++i) {
        const std::string scope = "license:n" + std::to_string(i);
        record(recorder, {.scopes = {scope}});
    }
    const auto batch = take(recorder);
    ASSERT_EQ(batch[0].scopes.size(), 65U);
    EXPECT_EQ(batch[0].scopes.back().scope, kManyScopes);
}

TEST(Usage, CallersAreKeptOfASecretThatIsBeingReplaced) {
    UsageRecorder recorder;
    record(recorder, {.address = last_byte(1)});
    record(recorder, {.address = last_byte(2), .is_being_replaced = true});
    record(recorder, {.now = kNow + kTick, .address = last_byte(2), .is_being_replaced = true});
    record(recorder,
           {.address = last_byte(2), .agent = "python-requests", .is_being_replaced = true});
    const auto batch = take(recorder);
    ASSERT_EQ(batch[0].callers.size(), 2U);
    EXPECT_EQ(batch[0].callers[1].address, last_byte(2));
    EXPECT_EQ(batch[0].callers[1].agent, "curl/8");
    EXPECT_EQ(batch[0].callers[1].uses, 2);
    EXPECT_EQ(batch[0].callers[1].last_used_at, kNow + kTick);
    for (std::uint8_t i = 0; i < 50; ++i) {
        record(recorder, {.address = last_byte(i), .is_being_replaced = true});
    }
    EXPECT_EQ(take(recorder)[0].callers.size(), kCallersMax);
}

TEST(Usage, KeepsOnlyPrintableAndShortAgents) {
    UsageRecorder recorder;
    record(recorder, {.agent = "a\x1b[31m\xc3\xa4\n"});
    EXPECT_EQ(take(recorder)[0].last_agent, "a?[31m???");
    record(recorder, {.agent = std::string(500, 'x')});
    record(recorder, {.agent = std::string(500, 'x')});
    EXPECT_EQ(take(recorder)[0].last_agent, std::string(120, 'x'));
}

TEST(Usage, LeavesOutNewTokensWhenFullButCountsTheKnown) {
    UsageRecorder recorder(100);
    for (std::uint64_t i = 0; i < 150; ++i) {
        record(recorder, {.token = make_id<TokenId>(i)});
    }
    record(recorder, {.token = make_id<TokenId>(0)});
    EXPECT_EQ(recorder.left_out(), 50U);
    const auto batch = recorder.take();
    EXPECT_EQ(batch.size(), 100U);
    EXPECT_TRUE(std::any_of(batch.begin(), batch.end(), [](const Usage& one) {
        return one.token == make_id<TokenId>(0) && one.uses == 2;
    }));
    record(recorder, {.token = make_id<TokenId>(149)});  // there is room again
    EXPECT_EQ(recorder.take().size(), 1U);
}

TEST(Usage, PartsAreTakenInTurn) {
    UsageRecorder recorder;
    std::size_t recorded = 0;
    std::set<TokenId> seen;
    std::size_t largest = 0;
    for (std::uint64_t i = 0; i < 4'096; ++i) {
        record(recorder, {.token = make_id<TokenId>(i)});
        ++recorded;
    }
    for (std::size_t i = 0; i < UsageRecorder::kParts; ++i) {
        const auto part = recorder.take_part();
        largest = std::max(largest, part.size());
        for (const auto& usage : part) {
            seen.insert(usage.token);
        }
    }
    EXPECT_EQ(seen.size(), recorded);
    EXPECT_LT(largest, 256U) << "128, were they spread evenly";
    record(recorder, {.token = make_id<TokenId>(7)});
    EXPECT_EQ(recorder.take_part_of(make_id<TokenId>(7)).size(), 1U);
    EXPECT_TRUE(recorder.take().empty());
}

TEST(Usage, IsCountedOnceHoweverOftenItIsTaken) {
    UsageRecorder recorder;
    constexpr std::uint64_t kTokens = 50;
    constexpr std::int64_t kRounds = 400;
    std::atomic<bool> is_done{false};
    std::int64_t uses = 0;
    std::int64_t scope_uses = 0;
    const auto take = [&] {
        for (const Usage& usage : recorder.take()) {
            uses += usage.uses + usage.denials;
            for (const ScopeUse& scope : usage.scopes) {
                scope_uses += scope.uses;
            }
        }
    };
    std::thread taker([&] {
        bool was_done = false;
        while (!was_done) {
            was_done = is_done.load();
            take();
            std::this_thread::yield();
        }
    });
    for (std::int64_t round = 0; round < kRounds; ++round) {
        for (std::uint64_t i = 0; i < kTokens; ++i) {
            record(recorder, {.token = make_id<TokenId>(i),
                              .verdict = round % 2 == 0 ? Verdict::kActive : Verdict::kExpired,
                              .scopes = {"license:read"}});
        }
    }
    is_done = true;
    taker.join();
    const auto left_out = static_cast<std::int64_t>(recorder.left_out());
    EXPECT_EQ(uses + left_out, std::int64_t{kTokens} * kRounds);
    EXPECT_GE(scope_uses + left_out, std::int64_t{kTokens} * kRounds / 2);
    EXPECT_LE(scope_uses, std::int64_t{kTokens} * kRounds / 2);
}

}  // namespace
}  // namespace latchkey::verify
