#include "store/usage.h"

#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::id;

constexpr std::int64_t kDay = 20'000;

UsageDetails details(std::int64_t day, std::int64_t uses) {
    UsageDetails made;
    made.totals.token = id<TokenId>(1);
    made.day = day;
    made.totals.last_used_at = at(day * 86'400 + 10);
    made.totals.last_address = "10.0.0." + std::to_string(uses);
    made.totals.last_agent = "curl";
    made.totals.uses = uses;
    return made;
}

class UsageTables : public testing::StoreTest {
protected:
    void add(const UsageDetails& usage) {
        write([&](Connection& db) { return add_usage_details(db, usage); });
    }
    std::vector<DayUsage> days(std::int64_t from) {
        return ask<std::vector<DayUsage>>(
            [&](Connection& db) { return usage_days(db, id<TokenId>(1), from); });
    }
    std::vector<ScopeUsage> scopes() {
        return ask<std::vector<ScopeUsage>>(
            [&](Connection& db) { return usage_scopes(db, id<TokenId>(1)); });
    }
    std::optional<SecretUsage> of_generation(std::uint32_t generation) {
        return ask<std::optional<SecretUsage>>(
            [&](Connection& db) { return find_secret_usage(db, id<TokenId>(1), generation); });
    }
};

TEST_F(UsageTables, DaysAddUpOverBatchesAndGenerations) {
    add(details(kDay, 2));
    add(details(kDay, 3));
    auto later = details(kDay + 1, 4);
    later.generation = 2;
    later.totals.denials = 1;
    add(later);
    const auto found = days(kDay);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].uses, 5);
    EXPECT_EQ(found[1].uses, 4);
    EXPECT_EQ(found[1].denials, 1);
    EXPECT_EQ(days(kDay + 1).size(), 1U);
}

TEST_F(UsageTables, AGenerationKnowsItsLastUse) {
    EXPECT_FALSE(of_generation(1));
    add(details(kDay + 1, 4));
    add(details(kDay, 2));  // a flush that came late
    const auto found = of_generation(1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->uses, 6);
    EXPECT_EQ(found->last_used_at, at((kDay + 1) * 86'400 + 10));
    EXPECT_EQ(found->last_address, "10.0.0.4");
    EXPECT_FALSE(of_generation(2));
}

TEST_F(UsageTables, DenialsAndScopesAreCountedByName) {
    auto usage = details(kDay, 1);
    usage.denied = {{"expired", 2, at(5)}, {"revoked", 1, at(6)}};
    usage.scopes = {{"license:read", 3, at(7)}};
    add(usage);
    usage.scopes = {{"license:read", 1, at(6)}, {"license:write", 1, at(8)}};
    add(usage);
    const auto denied = ask<std::vector<DenialUsage>>(
        [](Connection& db) { return usage_denials(db, id<TokenId>(1)); });
    ASSERT_EQ(denied.size(), 2U);
    EXPECT_EQ(denied[0].verdict, "expired");
    EXPECT_EQ(denied[0].count, 4);
    ASSERT_EQ(scopes().size(), 2U);
    EXPECT_EQ(scopes()[0].uses, 4);
    EXPECT_EQ(scopes()[0].last_used_at, at(7));
}

TEST_F(UsageTables, ScopesBeyondTheLimitCountAsEveryScope) {
    auto usage = details(kDay, 1);
    for (int i = 0; i < 505; ++i) {
        usage.scopes.push_back({"s:" + std::to_string(i), 1, at(7)});
    }
    add(usage);
    const auto found = scopes();
    ASSERT_EQ(found.size(), 501U);
    EXPECT_EQ(found[0].scope, "*");
    EXPECT_EQ(found[0].uses, 5);
}

TEST_F(UsageTables, TheLastTwentyCallersOfAGenerationAreKept) {
    for (int i = 0; i < 30; ++i) {
        auto usage = details(kDay, 1);
        usage.callers = {{1, "10.0.0." + std::to_string(i), "curl", 1, at(i)}};
        add(usage);
    }
    const auto found = ask<std::vector<CallerUsage>>(
        [](Connection& db) { return usage_callers(db, id<TokenId>(1)); });
    ASSERT_EQ(found.size(), 20U);
    EXPECT_EQ(found[0].address, "10.0.0.29");
    EXPECT_EQ(found[19].address, "10.0.0.10");
}

TEST_F(UsageTables, OldDaysBecomeOneRowAndNoCountIsLost) {
    for (std::int64_t day = kDay; day < kDay + 5; ++day) {
        auto usage = details(day, day - kDay + 1);
        usage.scopes = {{"s:" + std::to_string(day), 1, usage.totals.last_used_at}};
        add(usage);
    }
    const auto fold = [&](std::int64_t day) {
        const auto old = ask<std::vector<TokenId>>(
            [&](Connection& db) { return tokens_with_old_usage(db, {}, day); });
        for (const auto& token : old) {
            write([&](Connection& db) { return fold_old_usage(db, token, day); });
        }
        return old.size();
    };
    EXPECT_EQ(fold(kDay + 2), 1U);
    EXPECT_EQ(fold(kDay + 2), 0U);
    EXPECT_EQ(fold(kDay + 4), 1U);
    EXPECT_EQ(days(1).size(), 1U);
    EXPECT_EQ(of_generation(1)->uses, 15);
    EXPECT_EQ(scopes().size(), 1U);
}

}  // namespace
}  // namespace latchkey::store
