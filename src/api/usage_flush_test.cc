#include "api/usage_flush.h"

#include "api/testing.h"

namespace latchkey::api {
namespace {

class UsageFlushTest : public testing::ApiTest {
protected:
    void use(std::size_t tokens) {
        const Address address{};
        for (std::size_t i = 0; i < tokens; ++i) {
            TokenId token{};
            token.bytes[0] = static_cast<std::uint8_t>(i);
            token.bytes[1] = static_cast<std::uint8_t>(i >> 8);
            services_->reactors[0]->usage.record(
                {.token = token, .now = clock.now(), .address = address, .agent = "test"});
        }
    }
    std::size_t waiting() { return services_->reactors[0]->usage.waiting(); }
};

TEST_F(UsageFlushTest, FewRowsAreWrittenAtOnceAndManyEveryFiveSeconds) {
    use(64);
    ASSERT_TRUE(flush_usage_when_due(*services_, 1));
    EXPECT_EQ(waiting(), 0U);
    use(65);
    for (const int second : {2, 3, 4}) {
        ASSERT_TRUE(flush_usage_when_due(*services_, second));
        EXPECT_EQ(waiting(), 65U) << second;
    }
    ASSERT_TRUE(flush_usage_when_due(*services_, 5));
    EXPECT_EQ(waiting(), 0U);
}

TEST_F(UsageFlushTest, SoManyThatARecorderCouldFillUpDoNotWait) {
    use(16'384);
    ASSERT_TRUE(flush_usage_when_due(*services_, 1));
    EXPECT_EQ(waiting(), 0U);
}

}  // namespace
}  // namespace latchkey::api
