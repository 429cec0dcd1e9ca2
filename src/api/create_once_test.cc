#include "api/create_once.h"

#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::Reply;

class CreateOnceTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        admin_session_ = session(admin_);
    }
    Reply post(const std::string& target, const std::string& body, const std::string& key) {
        auto fields = testing::bearer(admin_session_);
        if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
        return ask("POST", target, fields, body);
    }
    std::string admin_session_;
};

TEST_F(CreateOnceTest, ARetriedApiIsTheSameApi) {
    const std::string body = R"({"slug":"orders","audience":"orders-api"})";
    const auto first = post("/v1/apis", body, "key-number-1");
    ASSERT_EQ(first.status, 201) << first.body;
    const auto again = post("/v1/apis", body, "key-number-1");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
    EXPECT_EQ(post("/v1/apis", body, "").text("code"), "api_exists");
    EXPECT_EQ(post("/v1/apis", body, "key-number-2").text("code"), "api_exists");
    EXPECT_EQ(post("/v1/apis", R"({"slug":"other"})", "key-number-1").text("code"),
              "idempotency_conflict");
    EXPECT_EQ(post("/v1/apis", R"({"slug":"other"})", "short").status, 422);
}

TEST_F(CreateOnceTest, ARetriedMachineUserIsTheSameUser) {
    const std::string body = R"({"kind":"machine","name":"gateway","verifies":["billing"]})";
    const auto first = post("/v1/users", body, "key-number-3");
    ASSERT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(first.json().at("verifies").as_array().size(), 1U);
    EXPECT_EQ(post("/v1/users", body, "key-number-3").text("id"), first.text("id"));
    EXPECT_EQ(post("/v1/users", body, "key-number-4").status, 409);  // the name is taken
}

}  // namespace
}  // namespace latchkey::api
