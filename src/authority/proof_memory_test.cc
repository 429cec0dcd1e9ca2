#include "authority/proof_memory.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace latchkey::authority {
namespace {

using std::chrono::seconds;

TEST(ProofNonces, AreGoodForTwoMinutesAndNoLongerThanHalfAMinuteMore) {
    const ProofNonces nonces;
    for (const auto start : {seconds(0), seconds(29), seconds(1'000'000)}) {
        const auto nonce = nonces.current(start);
        EXPECT_TRUE(nonces.is_good(nonce, start));
        EXPECT_TRUE(nonces.is_good(nonce, start + seconds(120)));
        EXPECT_FALSE(nonces.is_good(nonce, start + seconds(151)));
        EXPECT_FALSE(nonces.is_good(nonces.current(start + seconds(60)), start));
    }
    EXPECT_EQ(nonces.current(seconds(1)), nonces.current(seconds(29)));
    EXPECT_NE(nonces.current(seconds(1)), nonces.current(seconds(31)));
}

TEST(ProofNonces, OfAnotherProcessOrChangedAnywhereAreNotGood) {
    const ProofNonces nonces;
    const auto nonce = nonces.current(seconds(60));
    EXPECT_FALSE(ProofNonces().is_good(nonce, seconds(60)));
    for (std::size_t i = 0; i < nonce.size(); ++i) {
        std::string other = nonce;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(nonces.is_good(other, seconds(60))) << i;
    }
    for (const char* text : {"", "A", "nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        EXPECT_FALSE(nonces.is_good(text, seconds(60))) << text;
    }
}

TEST(ProofReplays, AProofCountsOnceWhileItsNonceIsGood) {
    ProofReplays replays;
    const Digest key = sha256("key");
    for (int i = 0; i < 1000; ++i) {
        const auto at = seconds(i);
        const auto id = std::to_string(i);
        EXPECT_EQ(replays.remember(key, id, at), Replay::kFresh);
        EXPECT_EQ(replays.remember(key, id, at), Replay::kSeen);
        EXPECT_EQ(replays.remember(sha256("other"), id, at), Replay::kFresh);
        if (i < 150) continue;
        EXPECT_EQ(replays.remember(key, std::to_string(i - 150), at), Replay::kSeen) << i;
    }
}

TEST(ProofReplays, TooManyAreNotAcceptedUnseen) {
    ProofReplays replays;
    const Digest key = sha256("key");
    std::size_t fresh = 0;
    for (int i = 0; i < 1'200'000; ++i) {
        const auto replay = replays.remember(key, std::to_string(i), seconds(1));
        ASSERT_NE(replay, Replay::kSeen);
        fresh += replay == Replay::kFresh ? 1U : 0U;
    }
    EXPECT_EQ(fresh, 16U << 16);
    EXPECT_EQ(replays.remember(key, "0", seconds(1)), Replay::kSeen);
    // Room comes back when the nonces of those are over.
    EXPECT_EQ(replays.remember(key, "later", seconds(1000)), Replay::kFresh);
}

TEST(AttackA17, ProofsRacedOnManyThreadsCountOnceEach) {
    ProofReplays replays;
    const Digest key = sha256("key");
    constexpr int kProofs = 10'000;
    std::atomic<int> fresh{0};
    std::vector<std::thread> racers;
    for (int t = 0; t < 4; ++t) {
        racers.emplace_back([&] {
            for (int i = 0; i < kProofs; ++i) {
                if (replays.remember(key, std::to_string(i), seconds(1)) == Replay::kFresh) {
                    ++fresh;
                }
            }
        });
    }
    for (auto& racer : racers) {
        racer.join();
    }
    EXPECT_EQ(fresh, kProofs);
}

}  // namespace
}  // namespace latchkey::authority
