#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::digest;
using testing::StoreTest;

class Assertions : public StoreTest {
protected:
    // Whether it was new.
    bool use(std::uint64_t number, std::int64_t expires_at) {
        bool is_new = false;
        write([&](Connection& db) -> Status {
            is_new = TRY(insert_assertion(db, digest(number), at(expires_at)));
            return {};
        });
        return is_new;
    }
    void tidy(std::int64_t now) {
        write([&](Connection& db) { return delete_expired_assertions(db, at(now)); });
    }
};

TEST_F(Assertions, EachIsNewOnlyOnce) {
    EXPECT_TRUE(use(1, 1'000));
    EXPECT_TRUE(use(2, 1'000));
    EXPECT_FALSE(use(1, 1'000));
    EXPECT_FALSE(use(1, 9'000));  // whatever it says of its life
    reopen();
    EXPECT_FALSE(use(2, 1'000));
}

TEST_F(Assertions, AreForgottenTenMinutesAfterTheyExpired) {
    use(1, 1'000);
    use(2, 1'001);
    tidy(1'599);
    EXPECT_FALSE(use(1, 1'000));
    tidy(1'600);
    EXPECT_TRUE(use(1, 1'000));
    EXPECT_FALSE(use(2, 1'001));
}

TEST_F(Assertions, AreVisitedWithTheirExpiry) {
    use(1, 1'000);
    use(2, 2'000);
    std::int64_t seconds = 0;
    std::vector<Digest> digests;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_assertion(db, [&](const Digest& mark, Timestamp expires_at) -> Status {
            digests.push_back(mark);
            seconds += expires_at.seconds();
            return {};
        });
    }));
    EXPECT_EQ(digests.size(), 2U);
    EXPECT_EQ(seconds, 3'000);
}

}  // namespace
}  // namespace latchkey::store
