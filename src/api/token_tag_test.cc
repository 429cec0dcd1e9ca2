// The ETag of a token: two people who change it at once do not undo each other, and a use is no
// change.
#include "api/testing.h"
#include "api/usage_flush.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Reply;

class TokenTagTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        by_alice_ = bearer(session(alice_));
        made_.emplace(token(as_alice_, "billing", {"license:read", "license:write"}));
        path_ = "/v1/tokens/" + made_->token.id.uuid();
    }
    std::string tag() { return ask("GET", path_, by_alice_).field("ETag"); }
    Reply change(const std::string& body, const std::string& if_match) {
        auto fields = by_alice_;
        fields.emplace_back("If-Match", if_match);
        return ask("PATCH", path_, fields, body);
    }

    testing::Fields by_alice_;
    std::optional<authority::PreparedToken> made_;
    std::string path_;
};

TEST_F(TokenTagTest, AUseLeavesTheTagAndWhatIsReadIsNeverOld) {
    const auto before = tag();
    ASSERT_TRUE(before.starts_with("W/\"")) << before;
    ASSERT_EQ(ask("GET", "/check/api/billing", bearer(made_->text.expose())).status, 200);
    ASSERT_TRUE(flush_usage(*services_));
    auto fields = by_alice_;
    fields.emplace_back("If-None-Match", before);
    const auto again = ask("GET", path_, fields);
    EXPECT_EQ(again.status, 200) << "lastUsedAt is news";
    EXPECT_EQ(again.field("ETag"), before);
    EXPECT_NE(again.text("lastUsedAt"), "");
    EXPECT_EQ(change(R"({"name":"after a use"})", before).status, 200);
}

TEST_F(TokenTagTest, WhoeverComesSecondIsToldAndChangesNothing) {
    const auto seen = tag();
    clock.advance(std::chrono::seconds(1));
    const auto first = change(R"({"scopes":["license:read"]})", seen);
    ASSERT_EQ(first.status, 200) << first.body;
    const auto second = change(R"({"name":"mine"})", seen);
    EXPECT_EQ(second.status, 412) << second.body;
    EXPECT_EQ(second.text("code"), "etag_mismatch");
    EXPECT_EQ(ask("GET", path_, by_alice_).text("name"), made_->token.name);
    EXPECT_EQ(tag(), first.field("ETag")) << "the answer to a change has the new tag";
    EXPECT_EQ(change(R"({"name":"mine"})", first.field("ETag")).status, 200);
    EXPECT_EQ(change(R"({"name":"anybody's"})", "*").status, 200);
}

TEST_F(TokenTagTest, WhatSomebodyElseDidToTheTokenMovesTheTag) {
    for (const char* verb : {"suspend", "resume", "rotate", "revoke"}) {
        const auto before = tag();
        clock.advance(std::chrono::seconds(1));
        ASSERT_EQ(ask("POST", path_ + "/" + verb, by_alice_, "{}").status, 200) << verb;
        EXPECT_NE(tag(), before) << verb;
        EXPECT_EQ(change(R"({"name":"old news"})", before).status, 412) << verb;
    }
}

TEST_F(TokenTagTest, AStrangersTagTellsNothing) {
    const auto by_bob = bearer(session(bob_));
    auto fields = by_bob;
    fields.emplace_back("If-Match", tag());
    EXPECT_EQ(ask("PATCH", path_, fields, R"({"name":"x"})").status, 404);
}

}  // namespace
}  // namespace latchkey::api
