#include "store/factors.h"

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::digest;
using testing::id;

class FactorsTest : public testing::StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        write([](Connection& db) { return insert_user(db, testing::user(2)); });
    }
    UserRecord user(std::uint64_t number) {
        return *ask<std::optional<UserRecord>>(
            [&](Connection& db) { return find_user(db, id<UserId>(number)); });
    }
};

TEST_F(FactorsTest, AUserHasOneInvitationAndReadsItsEnd) {
    const InviteRecord first{id<UserId>(1), digest(1), at(10), at(20), std::nullopt};
    const InviteRecord second{id<UserId>(1), digest(2), at(11), at(21), id<UserId>(2)};
    write([&](Connection& db) -> Status {
        TRY(put_invite(db, first));
        return put_invite(db, second);
    });
    const auto find = [&](std::uint64_t number) {
        return ask<std::optional<InviteRecord>>(
            [&](Connection& db) { return find_invite(db, digest(number)); });
    };
    EXPECT_FALSE(find(1));
    EXPECT_EQ(find(2)->user, id<UserId>(1));
    EXPECT_EQ(find(2)->made_by, id<UserId>(2));
    EXPECT_EQ(ask<std::optional<InviteRecord>>([](Connection& db) {
                  return find_invite_of(db, id<UserId>(1));
              })->digest,
              digest(2));
    EXPECT_EQ(user(1).invited_until, at(21));
    EXPECT_FALSE(user(2).invited_until);
    write([](Connection& db) { return delete_expired_invites(db, at(20)); });
    EXPECT_TRUE(find(2));
    write([](Connection& db) { return delete_expired_invites(db, at(21)); });
    EXPECT_FALSE(find(2));
}

TEST_F(FactorsTest, AFactorCountsOnceItIsConfirmedAndTakesItsCodesAlong) {
    FactorRecord factor{id<UserId>(1), std::string("\0wrapped", 8), 7, at(10), std::nullopt};
    write([&](Connection& db) { return put_factor(db, factor); });
    EXPECT_FALSE(user(1).has_second_factor);
    factor.confirmed_at = at(11);
    factor.last_step = 9;
    write([&](Connection& db) -> Status {
        TRY(put_factor(db, factor));
        TRY(replace_recovery_codes(db, id<UserId>(1), {digest(1), digest(2)}));
        return replace_recovery_codes(db, id<UserId>(1), {digest(3), digest(4)});
    });
    EXPECT_TRUE(user(1).has_second_factor);
    EXPECT_FALSE(user(2).has_second_factor);
    const auto kept = ask<std::vector<FactorRecord>>(list_factors);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].wrapped_secret, factor.wrapped_secret);
    EXPECT_EQ(kept[0].last_step, 9);
    write([](Connection& db) -> Status {
        EXPECT_FALSE(use_recovery_code(db, id<UserId>(1), digest(1)).value());
        EXPECT_FALSE(use_recovery_code(db, id<UserId>(2), digest(3)).value());
        EXPECT_TRUE(use_recovery_code(db, id<UserId>(1), digest(3)).value());
        EXPECT_FALSE(use_recovery_code(db, id<UserId>(1), digest(3)).value());
        return delete_factor(db, id<UserId>(1));
    });
    EXPECT_FALSE(user(1).has_second_factor);
    EXPECT_TRUE(ask<std::vector<Digest>>([](Connection& db) {
                    return list_recovery_codes(db, id<UserId>(1));
                }).empty());
}

}  // namespace
}  // namespace latchkey::store
