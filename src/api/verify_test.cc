// POST /v1/tokens/verify: what a verifier is told, and about which tokens.
#include "api/testing.h"
#include "authority/testing_keys.h"

namespace latchkey::api {
namespace {

using testing::Reply;

class VerifyTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        verifier_ = verifier_token(machine("gateway", "billing")).text.expose();
    }
    Reply verify(std::string_view secret, const std::string& more = {}) {
        return ask("POST", "/v1/tokens/verify", testing::bearer(verifier_),
                   R"({"token":")" + std::string(secret) + "\"" + more + "}");
    }
    // Verdict and reason apart, the answer names this token.
    static void expect_named(const Reply& reply, const authority::PreparedToken& made) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.text("tokenId"), made.token.id.uuid()) << reply.body;
        EXPECT_EQ(reply.text("owner"), made.token.owner.uuid()) << reply.body;
        EXPECT_EQ(reply.text("kind"), "jwt") << reply.body;
        EXPECT_EQ(reply.text("api"), "billing") << reply.body;
        EXPECT_TRUE(reply.json().as_object().contains("expiresAt")) << reply.body;
        EXPECT_EQ(to_json(reply.json().at("scopes")), R"(["license:read"])") << reply.body;
        EXPECT_EQ(to_json(reply.json().at("projects")), "[]") << reply.body;
        EXPECT_EQ(reply.body.find(made.text.expose()), std::string::npos);
    }
    static void expect_nameless(const Reply& reply) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        const auto answer = reply.json().as_object();
        for (const char* name : {"tokenId", "owner", "kind", "api", "expiresAt"}) {
            ASSERT_TRUE(answer.contains(name)) << name << reply.body;
            EXPECT_TRUE(answer.at(name).is_null()) << name << reply.body;
        }
        for (const char* name : {"scopes", "projects"}) {
            ASSERT_TRUE(answer.contains(name)) << name << reply.body;
            EXPECT_EQ(to_json(answer.at(name)), "[]") << name << reply.body;
        }
    }

    std::string verifier_;
};

TEST_F(VerifyTest, ATokenIsNamedWhateverTheVerdict) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto active = verify(made.text.expose());
    EXPECT_EQ(active.text("verdict"), "active");
    expect_named(active, made);

    const auto narrow = verify(made.text.expose(), R"(,"scopes":["license:write"])");
    EXPECT_EQ(narrow.text("verdict"), "insufficient_scope");
    expect_named(narrow, made);

    const auto target = "/v1/tokens/" + made.token.id.uuid() + "/revoke";
    ASSERT_EQ(ask("POST", target, testing::bearer(session(alice_)), "{}").status, 200);
    const auto revoked = verify(made.text.expose());
    EXPECT_EQ(revoked.text("verdict"), "revoked");
    expect_named(revoked, made);
}

// "scopes" are those of the place that was asked about.
TEST_F(VerifyTest, ATokenMayDoNothingInAProjectThatItIsNotIn) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto project = authority::testing::project_of(*this, as_alice_, "shop");
    const auto told = verify(made.text.expose(), R"(,"project":")" + project + "\"");
    EXPECT_EQ(told.text("verdict"), "insufficient_scope");
    EXPECT_EQ(told.text("tokenId"), made.token.id.uuid());
    EXPECT_EQ(to_json(told.json().at("scopes")), "[]");
    EXPECT_EQ(to_json(told.json().at("projects")), "[]");
}

TEST_F(VerifyTest, ATokenOfAnotherApiIsNotNamed) {
    const auto foreign = token(as_alice_, "latchkey", {});
    const auto reply = verify(foreign.text.expose());
    EXPECT_EQ(reply.text("verdict"), "unknown");
    expect_nameless(reply);
    EXPECT_EQ(verify("nonsense").text("verdict"), "malformed");
    expect_nameless(verify("nonsense"));
}

}  // namespace
}  // namespace latchkey::api
