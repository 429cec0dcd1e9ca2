#include "authority/apis.h"

#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class ApisTest : public ::testing::Test, protected testing::Fixture {
protected:
    Result<store::ApiRecord> add(const CreateApi& wanted, const Actor& actor = Actor::system()) {
        return write<store::ApiRecord>(
            [&](store::Transaction& tx) { return create_api(tx, actor, wanted); });
    }
    static CreateApi api(const std::string& slug, const std::string& audience = {}) {
        CreateApi wanted;
        wanted.slug = slug;
        wanted.audience = audience;
        return wanted;
    }
    Result<store::ApiRecord> replace(const std::string& name,
                                     const std::vector<store::ScopeRecord>& scopes) {
        return write<store::ApiRecord>([&](store::Transaction& tx) {
            return replace_catalogue(tx, Actor::system(), name, scopes);
        });
    }
    std::string catalogue(const std::vector<store::ScopeRecord>& scopes) {
        auto wanted = api("catalogue");
        wanted.scopes = scopes;
        const auto made = add(wanted);
        return reason_of(made);
    }
    std::string default_slug() { return authority->directory().view()->find("")->api.slug; }
};

TEST_F(ApisTest, TheFirstOneCreatedBecomesTheDefaultAndTheNextDoesNot) {
    EXPECT_EQ(default_slug(), "latchkey");
    EXPECT_TRUE(add(api("billing")).value().is_default);
    EXPECT_EQ(default_slug(), "billing");
    EXPECT_FALSE(add(api("second")).value().is_default);
    EXPECT_EQ(default_slug(), "billing");
    {
        const verify::ReadGuard guard(*reader);
        EXPECT_EQ(reader->find_api("")->slug, "billing");
    }
    ASSERT_TRUE(write<store::ApiRecord>([&](store::Transaction& tx) {
        EditApi edit;
        edit.make_default = true;
        return edit_api(tx, Actor::system(), "second", edit);
    }));
    EXPECT_EQ(default_slug(), "second");
    const verify::ReadGuard guard(*reader);
    EXPECT_EQ(reader->find_api("")->slug, "second");
}

TEST_F(ApisTest, SlugsAudiencesAndUrlsAreChecked) {
    for (const char* slug : {"", "A", "1a", "-a", "a_b", "a/b", "a b", "*", "..",
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
        EXPECT_EQ(reason_of(add(api(slug))), "bad_slug") << slug;
    }
    for (const char* audience : {"two words", "quo\"te", "caf\xc3\xa9", "tab\t"}) {
        EXPECT_EQ(reason_of(add(api("x", audience))), "bad_audience") << audience;
    }
    for (const char* url : {"ftp://x.example", "https://", "https://a:b@c", "https://a?b", "//a",
                            "javascript:alert(1)", "https://a\\b", "https://a#b"}) {
        auto wanted = api("x");
        wanted.base_url = url;
        EXPECT_EQ(reason_of(add(wanted)), "bad_url") << url;
    }
}

// An API is named by its slug, its audience or its id: one name must never mean two.
TEST_F(ApisTest, NoNameMeansTwoApis) {
    const auto first = add(api("billing", "https://billing.example.com")).value();
    EXPECT_EQ(reason_of(add(api("billing", "other"))), "api_exists");
    EXPECT_EQ(reason_of(add(api("other", "https://billing.example.com"))), "api_exists");
    EXPECT_EQ(reason_of(add(api("other", "billing"))), "api_exists");
    EXPECT_EQ(reason_of(add(api("other", "latchkey"))), "api_exists");
    ASSERT_TRUE(add(api("audible", "spoken")));
    EXPECT_EQ(reason_of(add(api("spoken"))), "api_exists");
    EXPECT_EQ(reason_of(add(api("other", first.id.uuid()))), "bad_audience");
    EXPECT_EQ(reason_of(add(api("a1234567-1234-7234-8234-123456789abc"))), "bad_slug");
}

TEST_F(ApisTest, ACatalogueHasScopesAndPatternsEachOnce) {
    EXPECT_EQ(catalogue({{"license", "", "", {}}}), "bad_scope");
    EXPECT_EQ(catalogue({{"*", "", "", {}}}), "bad_scope");
    EXPECT_EQ(catalogue({{"license:re*", "", "", {}}}), "bad_scope");
    EXPECT_EQ(catalogue({{"a:b", "", "", {}}, {"a:b", "", "", {}}}), "duplicate_scope");
    EXPECT_EQ(catalogue({{"a:b", "", "", {"c:d"}}, {"c:d", "", "", {}}}), "duplicate_scope");
    EXPECT_EQ(catalogue({{"a:b", "", "", {"*"}}}), "bad_scope");
    EXPECT_EQ(catalogue({{"a:b", "two\nlines", "", {}}}), "bad_description");
    EXPECT_EQ(catalogue(std::vector<store::ScopeRecord>(1001)), "too_many_scopes");
    EXPECT_EQ(catalogue({{"a:*", "", "", {"z:y"}}, {"c:d", "", "", {}}}), "");
}

TEST_F(ApisTest, DefaultScopesAreInTheCatalogueAndStayThere) {
    auto wanted = api("billing");
    wanted.scopes = testing::licensing();
    wanted.default_scopes = {"license:raed"};
    EXPECT_EQ(reason_of(add(wanted)), "unknown_scope");
    wanted.default_scopes = {"license:read"};
    ASSERT_TRUE(add(wanted));
    EXPECT_EQ(reason_of(replace("billing", {{"other:read", "", "", {}}})), "unknown_scope");
    EXPECT_TRUE(replace("billing", {{"license:read", "", "", {}}}));
}

TEST_F(ApisTest, OurOwnCatalogueIsFixed) {
    EXPECT_EQ(reason_of(replace("latchkey", {{"token:everything", "", "", {}}})), "built_in");
    EXPECT_TRUE(replace("pipelines", {{"create:*", "", "", {}}}));
}

TEST_F(ApisTest, OnlyApiWriteChangesAnything) {
    const auto member = session_of(human("alice@example.com").id);
    EXPECT_EQ(reason_of(add(api("billing"), member)), "insufficient_scope");
    EXPECT_EQ(reason_of(write<store::ApiRecord>(
                  [&](store::Transaction& tx) { return edit_api(tx, member, "pipelines", {}); })),
              "insufficient_scope");
    EXPECT_EQ(reason_of(write<store::ApiRecord>([&](store::Transaction& tx) {
                  return replace_catalogue(tx, member, "pipelines", {});
              })),
              "insufficient_scope");
}

TEST_F(ApisTest, ARemovedScopeIsNoLongerGivenOut) {
    const auto alice = session_of(human("alice@example.com").id);
    add_api("billing");
    CreateToken wanted;
    wanted.scopes = {{"license:write"}};
    EXPECT_TRUE(create(alice, wanted));
    ASSERT_TRUE(replace("billing", {{"license:read", "", "", {}}}));
    EXPECT_EQ(reason_of(create(alice, wanted)), "unknown_scope");
}

}  // namespace
}  // namespace latchkey::authority
