// Bodies of changes, and what is said of wrong ones.
#include "api/edited_text.h"

#include "api/testing.h"
#include "authority/testing_keys.h"

namespace latchkey::api {
namespace {

class EditedTextTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        by_ = testing::bearer(session(admin_));
    }
    static std::string pointer(const testing::Reply& reply) {
        const auto answer = reply.json().as_object();
        if (!answer.contains("errors")) return "none";
        return std::string(answer.at("errors").at(0).at("pointer").as_string());
    }

    testing::Fields by_;
};

TEST_F(EditedTextTest, NullIsNoName) {
    const auto made = token(as_admin_, "billing", {"license:read"});
    const auto project = authority::testing::project_of(*this, as_admin_, "shop");
    const auto role = ask("POST", "/v1/roles", by_, R"({"name":"auditor","patterns":{}})");
    ASSERT_EQ(role.status, 201) << role.body;
    for (const auto& path : {"/v1/tokens/" + made.token.id.uuid(), "/v1/projects/" + project,
                             "/v1/roles/" + role.text("id"), "/v1/users/" + alice_.id.uuid(),
                             std::string("/v1/apis/billing")}) {
        const auto reply = ask("PATCH", path, by_, R"({"name":null})");
        EXPECT_EQ(reply.status, 400) << path << reply.body;
        EXPECT_EQ(reply.text("code"), "wrong_type") << path;
        EXPECT_EQ(pointer(reply), "/name") << path;
    }
}

TEST_F(EditedTextTest, TheHintNamesEveryMemberOfATokensChange) {
    const auto made = token(as_admin_, "billing", {"license:read"});
    const auto reply = ask("PATCH", "/v1/tokens/" + made.token.id.uuid(), by_, R"({"x":1})");
    EXPECT_EQ(reply.text("code"), "unknown_member");
    for (const char* name : {"name", "description", "scopes", "expiresAt", "notBefore",
                             "allowedIps", "rateLimit", "keys"}) {
        EXPECT_NE(reply.text("hint").find(name), std::string::npos) << name << reply.body;
    }
}

TEST_F(EditedTextTest, AWrongEntryOfACatalogueIsPointedAt) {
    const std::string path = "/v1/apis/billing/scopes";
    const auto put = [&](const std::string& body) { return ask("PUT", path, by_, body); };
    EXPECT_EQ(pointer(put(R"([{"name":"a:b","foo":1}])")), "/0/foo");
    EXPECT_EQ(pointer(put(R"([{"name":"a:b"},{"name":1}])")), "/1/name");
    const auto no_list = put("{}");
    EXPECT_EQ(no_list.status, 400);
    EXPECT_EQ(no_list.text("detail"), "the body must be an array of objects");
    EXPECT_EQ(pointer(no_list), "none");
    const auto whole =
        ask("POST", "/v1/apis", by_, R"({"slug":"shop","scopes":[{"name":"a:b","foo":1}]})");
    EXPECT_EQ(pointer(whole), "/scopes/0/foo") << whole.body;
}

TEST_F(EditedTextTest, WhereNoSessionIsTakenNoneIsAskedFor) {
    for (const auto& [method, path] :
         {std::pair("POST", "/v1/tokens/verify"), std::pair("GET", "/v1/tokens/self")}) {
        const auto reply = ask(method, path);
        EXPECT_EQ(reply.status, 401) << path;
        EXPECT_EQ(reply.text("code"), "no_credential") << path;
        EXPECT_EQ(reply.text("detail"), "this needs a token") << path;
    }
    EXPECT_EQ(ask("GET", "/v1/tokens").text("detail"), "this needs a token or a session");
}

}  // namespace
}  // namespace latchkey::api
