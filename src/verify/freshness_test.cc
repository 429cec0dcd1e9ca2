#include "verify/freshness.h"

#include <gtest/gtest.h>

namespace latchkey::verify {
namespace {

TEST(Freshness, AReplicaBesideItsStoreIsAlwaysLive) {
    const FreshnessBound bound;
    EXPECT_EQ(bound.at(Microseconds{0}), Freshness::kLive);
    EXPECT_EQ(bound.at(Microseconds{1'000'000'000'000}), Freshness::kLive);
}

TEST(Freshness, AProofLastsAsLongAsTheBound) {
    FreshnessBound bound(Microseconds{100});
    EXPECT_EQ(bound.at(Microseconds{0}), Freshness::kStale);
    bound.prove(Microseconds{1000});
    EXPECT_EQ(bound.at(Microseconds{1100}), Freshness::kLive);
    EXPECT_EQ(bound.at(Microseconds{1101}), Freshness::kStale);
    bound.prove(Microseconds{1050});
    bound.prove(Microseconds{1010});  // late news of an earlier moment
    EXPECT_EQ(bound.at(Microseconds{1150}), Freshness::kLive);
    EXPECT_EQ(bound.at(Microseconds{1151}), Freshness::kStale);
}

TEST(Freshness, AStaleReplicaSaysOnlyWhatNoMissedEventTakesBack) {
    for (int i = 0; i <= static_cast<int>(Verdict::kInsufficientScope); ++i) {
        const auto verdict = static_cast<Verdict>(i);
        EXPECT_TRUE(may_say(verdict, Freshness::kLive));
        const bool is_final = verdict == Verdict::kMalformed || verdict == Verdict::kRevoked ||
                              verdict == Verdict::kExpired || verdict == Verdict::kKeyCompromised;
        EXPECT_EQ(may_say(verdict, Freshness::kStale), is_final) << verdict_name(verdict);
    }
}

}  // namespace
}  // namespace latchkey::verify
