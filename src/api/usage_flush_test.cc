#include "api/usage_flush.h"

#include "api/testing.h"

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
    std::int64_t written() {
        return authority->store()
            .query<std::int64_t>([](store::Connection& db) -> Result<std::int64_t> {
                auto rows = TRY(db.prepare("SELECT count(*) FROM usage_days"));
                TRY(rows.step());
                return rows.integer(0);
            })
            .value();
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
    EXPECT_GE(written(), 4'096);
    EXPECT_LE(written(), 4'600);
    ASSERT_TRUE(flush_usage(*services_));
    EXPECT_EQ(written(), 40'000) << "but before somebody decides on it, all";
}

}  // namespace
}  // namespace latchkey::api
