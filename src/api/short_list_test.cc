// Short lists, whole or in pages.
#include "api/short_list.h"

#include "api/testing.h"

namespace latchkey::api {
namespace {

class ShortListTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        by_ = testing::bearer(session(admin_));
    }
    // The texts of one member, page after page as the links lead.
    std::vector<std::string> walk(std::string target, const std::string& name) {
        std::vector<std::string> found;
        for (int pages = 0; pages < 50 && !target.empty(); ++pages) {
            const auto reply = ask("GET", target, by_);
            EXPECT_EQ(reply.status, 200) << target << reply.body;
            const auto page = reply.json();
            for (const auto& item : page.as_array()) {
                found.emplace_back(item.at(name).as_string());
            }
            const auto link = reply.field("Link");
            if (link.empty()) return found;
            EXPECT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
            target = link.substr(1, link.find('>') - 1);
        }
        ADD_FAILURE() << "no end";
        return found;
    }

    testing::Fields by_;
};

TEST_F(ShortListTest, PagesTogetherAreTheWhole) {
    const auto made = token(as_admin_, "billing", {"license:read"});
    session(admin_);
    struct {
        std::string path;
        const char* name;
    } const lists[] = {
        {"/v1/apis", "id"},
        {"/v1/apis/billing/scopes", "name"},
        {"/v1/roles", "id"},
        {"/v1/sessions", "id"},
        {"/v1/signing-keys", "kid"},
        {"/v1/imports", "name"},
        {"/v1/tokens/" + made.token.id.uuid() + "/projects", "id"},
        {"/v1/tokens/" + made.token.id.uuid() + "/keys", "kid"},
    };
    for (const auto& one : lists) {
        const auto whole = walk(one.path, one.name);
        EXPECT_EQ(walk(one.path + "?limit=1", one.name), whole) << one.path;
        EXPECT_EQ(walk(one.path + "?limit=200", one.name), whole) << one.path;
        EXPECT_EQ(ask("GET", one.path + "?limit=201", by_).status, 400) << one.path;
        EXPECT_EQ(ask("GET", one.path + "?limit=0", by_).status, 400) << one.path;
        EXPECT_EQ(ask("GET", one.path + "?after=x", by_).status, 400) << one.path;
    }
    EXPECT_GE(walk("/v1/apis?limit=2", "id").size(), 3U);
    EXPECT_GE(walk("/v1/roles?limit=2", "id").size(), 3U);
    EXPECT_GE(walk("/v1/apis/latchkey/scopes?limit=2", "name").size(), 20U);
}

TEST_F(ShortListTest, ARowThatWentBetweenTwoPagesHidesNoOther) {
    for (const char* name : {"one", "two", "three"}) {
        const auto made = ask("POST", "/v1/roles", by_,
                              R"({"name":")" + std::string(name) + R"(","patterns":{}})");
        ASSERT_EQ(made.status, 201) << made.body;
    }
    const auto whole = walk("/v1/roles", "id");
    ASSERT_GE(whole.size(), 4U);
    const auto roles = ask("GET", "/v1/roles", by_).json().as_array();
    std::size_t place = 0;
    while (roles.at(place).at("name").as_string() != "two") {
        ++place;
    }
    const auto page = ask("GET", "/v1/roles?limit=" + std::to_string(place + 1), by_);
    const auto link = page.field("Link");
    ASSERT_EQ(ask("DELETE", "/v1/roles/" + whole[place], by_).status, 204);
    const std::vector<std::string> rest(whole.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                                        whole.end());
    if (rest.empty()) return;
    EXPECT_EQ(walk(link.substr(1, link.find('>') - 1), "id"), rest);
}

}  // namespace
}  // namespace latchkey::api
