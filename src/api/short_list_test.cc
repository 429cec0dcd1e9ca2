// Short lists, whole or in pages.
#include "api/short_list.h"

#include <algorithm>

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

    // Where the page after the first `limit` is.
    std::string after_page(const std::string& path, std::size_t limit) {
        const auto link = ask("GET", path + "?limit=" + std::to_string(limit), by_).field("Link");
        EXPECT_FALSE(link.empty()) << path;
        return link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    void post(const std::string& path, const std::string& body) {
        const auto made = ask("POST", path, by_, body);
        ASSERT_EQ(made.status, 201) << made.body;
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

TEST_F(ShortListTest, RowsThatWentBetweenTwoPagesHideNoOther) {
    for (const char* name : {"one", "two", "three", "four"}) {
        clock.advance(std::chrono::milliseconds(1));  // ids sort by it
        post("/v1/roles", R"({"name":")" + std::string(name) + R"(","patterns":{}})");
    }
    const auto whole = walk("/v1/roles", "id");
    ASSERT_EQ(ask("GET", "/v1/roles", by_).json().as_array().back().at("name"), "four");
    const auto shown = whole.size() - 2;
    const auto next = after_page("/v1/roles", shown);
    for (const auto& gone : {whole[shown - 2], whole[shown - 1]}) {
        ASSERT_EQ(ask("DELETE", "/v1/roles/" + gone, by_).status, 204);
    }
    EXPECT_EQ(walk(next, "id"), (std::vector{whole[shown], whole[shown + 1]}));
}

TEST_F(ShortListTest, AListOfNamesIsPagedByTheTimesOfItsRows) {
    for (const char* name : {"zeta", "yew", "beta", "alpha"}) {
        clock.advance(std::chrono::milliseconds(1));
        post("/v1/imports", R"({"name":")" + std::string(name) + R"(","prefix":")" + name +
                                R"(_","algorithm":"sha256","entropyBits":160})");
    }
    const auto next = after_page("/v1/imports", 2);
    for (const char* gone : {"zeta", "yew"}) {
        ASSERT_EQ(ask("DELETE", "/v1/imports/" + std::string(gone), by_).status, 204);
    }
    EXPECT_EQ(walk(next, "name"), (std::vector<std::string>{"beta", "alpha"}));
}

// Its order is the catalogue's, of which a cursor holds nothing but the name.
TEST_F(ShortListTest, AScopeIsRatherShownTwiceThanNever) {
    const auto put = [&](const std::vector<std::string>& names) {
        std::string entries;
        for (const auto& name : names) {
            entries += std::string(entries.empty() ? "" : ",") + R"({"name":")" + name +
                       R"(","description":""})";
        }
        const auto reply = ask("PUT", "/v1/apis/billing/scopes", by_, "[" + entries + "]");
        ASSERT_EQ(reply.status, 200) << reply.body;
    };
    const std::string path = "/v1/apis/billing/scopes";
    put({"z:read", "y:read", "x:read", "license:read"});
    auto next = after_page(path, 2);
    put({"y:read", "x:read", "license:read"});
    EXPECT_EQ(walk(next, "name"), (std::vector<std::string>{"x:read", "license:read"}));
    next = after_page(path, 2);
    put({"license:read"});
    EXPECT_EQ(walk(next, "name"), (std::vector<std::string>{"license:read"}));
}

TEST_F(ShortListTest, SessionsStandInTheOrderOfTheirMaking) {
    for (int i = 0; i < 8; ++i) {
        clock.advance(std::chrono::milliseconds(1));
        session(admin_);
    }
    const auto sessions = authority->sessions().of_user(admin_.id, clock.now());
    ASSERT_EQ(sessions.size(), 9U);
    std::vector<std::string> made;
    for (const auto& one : sessions) {
        made.push_back(one.id.uuid());
    }
    EXPECT_TRUE(std::is_sorted(sessions.begin(), sessions.end(), [](const auto& a, const auto& b) {
        return a.created_at < b.created_at;
    }));
    EXPECT_EQ(walk("/v1/sessions?limit=2", "id"), made);
    const auto next = after_page("/v1/sessions", 4);
    for (const auto& gone : {made[1], made[3]}) {
        ASSERT_EQ(ask("DELETE", "/v1/sessions/" + gone, by_).status, 204);
    }
    EXPECT_EQ(walk(next, "id"), std::vector(made.begin() + 4, made.end()));
}

}  // namespace
}  // namespace latchkey::api
