#include "api/usage_flush.h"

#include "api/testing.h"
#include "store/tables.h"

namespace latchkey::api {
namespace {

class UsageFlushTest : public testing::ApiTest {
protected:
    // One use of each of so many tokens.
    void use(std::uint32_t tokens) {
        const Address address{};
        for (std::uint32_t i = 0; i < tokens; ++i) {
            TokenId token{};
            std::memcpy(token.bytes.data() + 8, &i, sizeof i);
            services_->reactors[0]->usage.record(
                {.token = token, .now = clock.now(), .address = address, .agent = "test"});
        }
    }
    std::int64_t number(store::Sql sql) {
        return authority->store()
            .query<std::int64_t>([&](store::Connection& db) -> Result<std::int64_t> {
                auto rows = TRY(db.prepare(sql));
                TRY(rows.step());
                return rows.integer(0);
            })
            .value();
    }
    std::int64_t written() { return number("SELECT count(*) FROM usage_days"); }
    std::int64_t uses() { return number("SELECT sum(uses) FROM usage_days"); }
    bool is_written(const TokenId& token) {
        return authority->store()
            .query<bool>([&](store::Connection& db) -> Result<bool> {
                return TRY(store::find_usage(db, token)).has_value();
            })
            .value();
    }
    Status run(store::Sql sql) {
        return authority->store().mutate([&](store::Transaction& tx) -> Status {
            auto statement = TRY(tx.connection().prepare(sql));
            TRY(statement.step());
            return {};
        });
    }
    void pass_a_second() { ASSERT_TRUE(flush_usage_of_a_second(*services_)); }
};

TEST_F(UsageFlushTest, FewRowsAreWrittenAtOnce) {
    use(64);
    pass_a_second();
    EXPECT_EQ(written(), 64);
}

TEST_F(UsageFlushTest, ManyAreWrittenWithinFiveSeconds) {
    use(2'000);
    pass_a_second();
    EXPECT_GE(written(), 64);
    EXPECT_LE(written(), 800);
    for (int second = 2; second <= 5; ++second) {
        pass_a_second();
    }
    EXPECT_EQ(written(), 2'000);
}

TEST_F(UsageFlushTest, OfVeryManyOnlySoManyASecond) {
    use(40'000);
    pass_a_second();
    EXPECT_GE(written(), 2'048);
    EXPECT_LE(static_cast<std::size_t>(written()), 2'048 * services_->reactors.size());
    ASSERT_TRUE(flush_usage(*services_));
    EXPECT_EQ(written(), 40'000) << "but before somebody decides on it, all";
}

TEST_F(UsageFlushTest, OfOneTokenWhatIsTakenAlreadyAndWhatIsNot) {
    use(10'000);
    pass_a_second();
    const auto before = written();
    ASSERT_TRUE(flush_usage_of(*services_, TokenId{}));
    EXPECT_TRUE(is_written(TokenId{}));
    EXPECT_LT(written(), before + 10'000 / 16);
}

TEST_F(UsageFlushTest, WhatCannotBeWrittenIsWrittenLater) {
    use(300);
    ASSERT_TRUE(run("ALTER TABLE usage_days RENAME TO usage_days_away"));
    EXPECT_FALSE(flush_usage(*services_));
    use(1);
    EXPECT_FALSE(flush_usage_of(*services_, TokenId{}));
    ASSERT_TRUE(run("ALTER TABLE usage_days_away RENAME TO usage_days"));
    ASSERT_TRUE(flush_usage(*services_));
    EXPECT_EQ(written(), 300);
    EXPECT_EQ(uses(), 301);
}

TEST_F(UsageFlushTest, AtTheEndThereIsOnlySoMuchTime) {
    use(300);
    EXPECT_FALSE(flush_last_usage(*services_, std::chrono::steady_clock::time_point::min()));
    ASSERT_TRUE(flush_last_usage(*services_, std::chrono::steady_clock::time_point::max()));
    EXPECT_EQ(written(), 300);
}

}  // namespace
}  // namespace latchkey::api
