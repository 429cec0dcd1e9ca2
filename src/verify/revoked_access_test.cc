#include "verify/revoked_access.h"

#include <gtest/gtest.h>

#include "verify/fact_makers.h"
#include "verify/judge.h"
#include "verify/replica.h"

namespace latchkey::verify {
namespace {

AccessFact revoked(std::uint64_t number, std::int64_t expires_at) {
    AccessFact fact = any_access(number);
    fact.expires_at = Timestamp::from_seconds(expires_at);
    return fact;
}

TEST(RevokedAccess, HoldsEachOneUntilItIsSurelyOver) {
    Epochs epochs;
    RevokedAccess table(epochs);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        table.add(revoked(i, 10'000));
        table.add(revoked(i, 10'000));
        epochs.advance();
    }
    EXPECT_EQ(table.size(), 20'000U);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        EXPECT_TRUE(table.contains(make_id<AccessId>(i)));
        EXPECT_FALSE(table.contains(make_id<AccessId>(i + 20'000)));
    }
    // Four hours later the old ones make room for what comes.
    for (std::uint64_t i = 0; i < 200'000; ++i) {
        table.add(revoked(i + 20'000, 10'000 + 4 * 3600));
        epochs.advance();
    }
    EXPECT_EQ(table.size(), 200'000U);
    epochs.drain();
}

TEST(RevokedAccess, AnEventMakesOneAndAllThatWasDerivedFromItRevoked) {
    Replica replica;
    replica.finish_loading({1, 0});
    const auto reader = replica.make_reader();
    const AccessId child = make_id<AccessId>(1);
    const AccessId parent = make_id<AccessId>(2);
    const std::vector<AccessId> ids = {child, parent};
    const auto is_revoked = [&] {
        const ReadGuard guard(*reader);
        return reader->is_access_revoked(ids);
    };
    ASSERT_TRUE(replica.apply({1, 1}, make_body({revoked(3, 100)})));
    EXPECT_FALSE(is_revoked());
    ASSERT_TRUE(replica.apply({1, 2}, make_body({revoked(2, 100)})));
    EXPECT_TRUE(is_revoked());
    EXPECT_EQ(replica.revoked_access_count(), 2U);
}

TEST(Judge, ABoundAccessTokenIsWorthNothingWithoutItsProof) {
    AccessLimits limits;
    limits.expires_at = Timestamp::from_seconds(200);
    limits.holder_key = sha256("a key");
    TokenView view;
    view.api_is_default = true;
    view.access = &limits;
    const auto verdict = [&](Proof proof) {
        Requirement wanted;
        wanted.proof = proof;
        return judge(view, wanted, Timestamp::from_seconds(100)).verdict;
    };
    EXPECT_EQ(verdict(Proof::kAbsent), Verdict::kProofNeeded);
    EXPECT_EQ(verdict(Proof::kInvalid), Verdict::kProofInvalid);
    EXPECT_EQ(verdict(Proof::kValid), Verdict::kActive);
    view.access_is_revoked = true;
    EXPECT_EQ(verdict(Proof::kValid), Verdict::kRevoked);
    EXPECT_EQ(verdict(Proof::kAbsent), Verdict::kRevoked);
    view.access_is_revoked = false;
    limits.holder_key.reset();
    EXPECT_EQ(verdict(Proof::kAbsent), Verdict::kActive);
    EXPECT_EQ(verdict(Proof::kInvalid), Verdict::kProofInvalid);
}

}  // namespace
}  // namespace latchkey::verify
