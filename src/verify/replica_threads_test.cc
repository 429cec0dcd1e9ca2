// One thread applies, others read. Run under ThreadSanitizer as well (cmake --preset tsan).
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "verify/fact_makers.h"
#include "verify/judge.h"
#include "verify/replica.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(100);
constexpr std::uint64_t kTokens = 1500;

TokenFact make_token(std::uint64_t n, int version) {
    TokenFact token;
    token.id = make_id<TokenId>(n);
    token.owner = make_id<UserId>(1);
    token.api = make_id<ApiId>(1);
    // Its version stands in three places: a reader must never see two versions at once.
    token.expires_at = Timestamp::from_seconds(1'000'000 + version);
    token.scopes = {"version:" + std::to_string(version)};
    token.allowed_ips = {"10.0.0." + std::to_string(version % 250)};
    return token;
}

std::vector<Fact> whole_token(std::uint64_t n) {
    SecretFact secret;
    secret.id = make_id<SecretId>(n);
    secret.token = make_id<TokenId>(n);
    secret.digest = make_digest(n);
    if (n % 2 == 0) secret.status_index = n;
    return {make_token(n, 0), secret};
}

class Threads : public testing::Test {
protected:
    Threads() {
        RoleFact role{make_id<RoleId>(1), {{"*", {"*"}}}};
        UserFact user;
        user.id = make_id<UserId>(1);
        user.roles = {role.id};
        replica_.load(Fact{ApiFact{make_id<ApiId>(1), "api", "https://api.example", true}});
        replica_.load(Fact{role});
        replica_.load(Fact{user});
        replica_.finish_loading({.epoch = 1, .revision = 0});
    }

    void apply(const std::vector<Fact>& facts) {
        const ReplicaPosition position{.epoch = 1, .revision = ++revision_};
        ASSERT_TRUE(replica_.apply(position, make_body(facts)));
    }

    Replica replica_;
    std::uint64_t revision_{0};
    std::atomic<bool> is_done_{false};
};

TEST_F(Threads, ARevokedTokenIsNeverActiveForWhoeverLooksAfterwards) {
    // The applying thread announces how many tokens exist and how many of them it has revoked.
    std::atomic<std::uint64_t> created{0};
    std::atomic<std::uint64_t> revoked{0};
    std::atomic<std::uint64_t> looked{0};
    const auto read = [&](std::uint64_t seed) {
        const auto reader = replica_.make_reader();
        std::uint64_t n = seed;
        while (!is_done_.load()) {
            n = n * 6364136223846793005ULL + 1442695040888963407ULL;
            const std::uint64_t revoked_before = revoked.load();
            const std::uint64_t created_before = created.load();
            const std::uint64_t i = (n >> 33) % kTokens;
            const ReadGuard guard(*reader);
            TokenView view;
            const bool is_found = reader->find(make_digest(i), view);
            if (i < created_before) {
                EXPECT_TRUE(is_found);
            }
            if (!is_found) continue;
            EXPECT_EQ(view.token, make_id<TokenId>(i));
            const Verdict verdict = judge(view, {}, kNow).verdict;
            if (i < revoked_before) {
                EXPECT_EQ(verdict, Verdict::kRevoked);
            }
            ++looked;
        }
    };
    std::thread first(read, 1);
    std::thread second(read, 2);
    for (std::uint64_t n = 0; n < kTokens; ++n) {
        apply(whole_token(n));
        created.store(n + 1);
        if (n % 3 != 2) continue;
        std::vector<Fact> facts;
        const std::uint64_t until = revoked.load() + 2;
        for (std::uint64_t i = revoked.load(); i < until; ++i) {
            TokenFact token = make_token(i, 0);
            token.state = TokenState::kRevoked;
            facts.emplace_back(token);
        }
        apply(facts);
        revoked.store(until);
    }
    while (looked.load() < 100) {
        std::this_thread::yield();
    }
    is_done_ = true;
    first.join();
    second.join();
}

TEST_F(Threads, ATokenThatARuleStoppedReadsAsValidInNoListWhileTheRuleIsSettled) {
    constexpr std::uint64_t kOfRule = 40;
    constexpr std::uint64_t kOfBatch = 8;
    std::atomic<std::uint64_t> revoked{0};
    std::atomic<std::uint64_t> looked{0};
    std::thread lister([&] {
        const auto reader = replica_.make_reader();
        while (!is_done_.load()) {
            const std::uint64_t until = revoked.load();
            const ReadGuard guard(*reader);
            const std::string bytes = reader->status_list(0);
            for (std::uint64_t n = 0; n < until; ++n) {
                ASSERT_EQ(bytes[n / 4] >> (n % 4 * 2) & 3, 1) << n << " of " << until;
            }
            ++looked;
        }
    });
    BulkFact rule;
    rule.last_token.bytes.fill(0xFF);
    rule.owner = make_id<UserId>(1);
    for (std::uint64_t first = 0; first < 100 * kOfRule; first += kOfRule) {
        for (std::uint64_t n = first; n < first + kOfRule; ++n) {
            auto facts = whole_token(n);
            std::get<TokenFact>(facts[0]).allowed_ips.clear();
            std::get<SecretFact>(facts[1]).status_index = n;
            apply(facts);
        }
        rule.id = make_id<BulkId>(first);
        rule.is_settled = false;
        apply({rule});
        revoked.store(first + kOfRule);
        for (std::uint64_t n = first; n < first + kOfRule; n += kOfBatch) {
            TokenStatesFact states;
            for (std::uint64_t i = n; i < n + kOfBatch; ++i) {
                states.tokens.push_back(make_id<TokenId>(i));
            }
            rule.is_settled = n + kOfBatch == first + kOfRule;
            if (rule.is_settled) {
                apply({states, rule});
            } else {
                apply({states});
            }
        }
    }
    while (looked.load() < 100) {
        std::this_thread::yield();
    }
    is_done_ = true;
    lister.join();
}

TEST_F(Threads, AReaderNeverSeesHalfOfAChange) {
    constexpr std::uint64_t kFew = 20;
    for (std::uint64_t n = 0; n < kFew; ++n) {
        apply(whole_token(n));
    }
    std::atomic<std::uint64_t> looked{0};
    const auto read = [&](std::uint64_t seed) {
        const auto reader = replica_.make_reader();
        for (std::uint64_t n = seed; !is_done_.load(); ++n) {
            const ReadGuard guard(*reader);
            TokenView view;
            ASSERT_TRUE(n % 2 == 0 ? reader->find(make_digest(n % kFew), view)
                                   : reader->find_by_token(make_id<TokenId>(n % kFew), view));
            const auto version = view.expires_at->seconds() - 1'000'000;
            ASSERT_EQ(view.scopes_text, "version:" + std::to_string(version));
            ASSERT_EQ(view.allowed_ips[0], "10.0.0." + std::to_string(version % 250));
            ASSERT_EQ(view.owner_patterns.size(), 1U);
            ASSERT_EQ(view.audience.substr(0, 19), "https://api.example");
            if (n % 64 == 0) {
                ASSERT_EQ(reader->status_list(0).size(), 262'144U);
            }
            ++looked;
        }
    };
    std::thread first(read, 1);
    std::thread second(read, 2);
    for (int version = 1; version < 400; ++version) {
        std::vector<Fact> facts;
        for (std::uint64_t n = 0; n < kFew; ++n) {
            facts.emplace_back(make_token(n, version));
        }
        facts.emplace_back(RoleFact{make_id<RoleId>(1), {{"*", {"version:*"}}}});
        facts.emplace_back(ApiFact{make_id<ApiId>(1), "api",
                                   "https://api.example/" + std::to_string(version), true});
        apply(facts);
    }
    while (looked.load() < 100) {
        std::this_thread::yield();
    }
    is_done_ = true;
    first.join();
    second.join();
}

TEST_F(Threads, APositionIsNeverOfTwoEvents) {
    std::thread watcher([&] {
        const auto reader = replica_.make_reader();
        ReplicaPosition last;
        while (!is_done_.load()) {
            const ReplicaPosition seen = replica_.position();
            // Every event of this test begins an epoch, so that both numbers move together.
            ASSERT_EQ(seen.epoch, seen.revision + 1);
            ASSERT_GE(seen.revision, last.revision);
            last = seen;
        }
    });
    for (std::uint64_t n = 1; n < 3000; ++n) {
        ASSERT_TRUE(replica_.apply({.epoch = n + 1, .revision = n}, R"({"data":{}})"));
    }
    is_done_ = true;
    watcher.join();
}

}  // namespace
}  // namespace latchkey::verify
