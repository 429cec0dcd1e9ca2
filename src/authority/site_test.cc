// The rules that every token keeps, and the ways around them that are none.
#include "authority/site.h"

#include "authority/edit_token.h"
#include "authority/rotate_token.h"
#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class SiteTest : public testing::AuthorityTest {
protected:
    Status rule(const TokenRules& rules) {
        return authority->store().mutate(
            [&](store::Transaction& tx) { return put_token_rules(tx, as_admin_, rules); });
    }
    Status put(const Site& site) {
        return authority->store().mutate(
            [&](store::Transaction& tx) { return put_site(tx, as_admin_, site); });
    }
    CreateToken wanted(std::optional<std::chrono::days> life = {}) {
        CreateToken made;
        made.api = "billing";
        made.scopes = {{"license:read"}};
        if (life) made.expires_at = clock.now() + *life;
        return made;
    }
    std::string creates(CreateToken made) { return reason_of(create(as_alice_, std::move(made))); }
    std::string edits(const PreparedToken& made, const TokenEdit& edit) {
        return reason_of(write<TokenDetails>([&](store::Transaction& tx) {
            return edit_token(tx, as_alice_, *authority->directory().view(), made.token.id.uuid(),
                              edit);
        }));
    }
};

TEST_F(SiteTest, ALongestLifeIsKeptByEveryWayOfGivingAnEnd) {
    const auto before = create(as_alice_, wanted()).value();
    TokenRules rules;
    rules.max_life_days = 30;
    ASSERT_TRUE(rule(rules));
    EXPECT_EQ(creates(wanted()), "rule_expiry") << "no end is no way out";
    EXPECT_EQ(creates(wanted(std::chrono::days(31))), "rule_life");
    EXPECT_EQ(creates(wanted(std::chrono::days(30))), "");
    auto far = wanted();
    far.expires_at = kEndOfTime;
    EXPECT_EQ(creates(far), "rule_life");
    const auto made = create(as_alice_, wanted(std::chrono::days(10))).value();
    TokenEdit edit;
    edit.expires_at = std::optional<Timestamp>();
    EXPECT_NE(edits(made, edit), "") << "null in a change";
    clock.advance(std::chrono::days(5));
    edit.expires_at = clock.now() + std::chrono::days(29);
    EXPECT_NE(edits(made, edit), "") << "counted from when the secret was made";
    TokenEdit name;
    name.name = "renamed";
    EXPECT_EQ(edits(before, name), "") << "what is older than the rule may be renamed";
    edit.expires_at = clock.now() + std::chrono::days(300);
    EXPECT_EQ(edits(before, edit), "rule_life") << "and narrowed only to what the rule allows";
}

TEST_F(SiteTest, AnOpaqueTokensEndIsMovedWithinItsLifeOnly) {
    TokenRules rules;
    rules.max_life_days = 30;
    ASSERT_TRUE(rule(rules));
    auto first = wanted(std::chrono::days(10));
    first.kind = store::TokenKind::kOpaque;
    const auto made = create(as_alice_, first).value();
    clock.advance(std::chrono::days(5));
    TokenEdit edit;
    edit.expires_at = made.token.created_at + std::chrono::days(30);
    EXPECT_EQ(edits(made, edit), "");
    edit.expires_at = made.token.created_at + std::chrono::days(31);
    EXPECT_EQ(edits(made, edit), "rule_life");
    edit.expires_at = std::optional<Timestamp>();
    EXPECT_EQ(edits(made, edit), "rule_expiry");
}

TEST_F(SiteTest, ARotationKeepsTheRulesAndBeginsANewLife) {
    const auto old = create(as_alice_, wanted()).value();
    TokenRules rules;
    rules.max_life_days = 30;
    ASSERT_TRUE(rule(rules));
    const auto rotates = [&](std::optional<std::chrono::days> life) {
        RotateToken turn;
        if (life) turn.expires_at = std::optional<Timestamp>(clock.now() + *life);
        return reason_of(write<bool>([&](store::Transaction& tx) -> Result<bool> {
            TRY(rotate_token(*authority, tx, as_alice_, old.token.id.uuid(), turn));
            return true;
        }));
    };
    EXPECT_EQ(rotates({}), "rule_expiry") << "the end that it never had is no way out";
    EXPECT_EQ(rotates(std::chrono::days(31)), "rule_life");
    EXPECT_EQ(rotates(std::chrono::days(30)), "");
    clock.advance(std::chrono::days(20));
    EXPECT_EQ(rotates(std::chrono::days(30)), "") << "counted from the new secret";
}

TEST_F(SiteTest, AddressesAndKindsAreDemandedOfNewTokensAndOfChanges) {
    TokenRules rules;
    rules.requires_addresses = true;
    rules.requires_expiry = true;
    rules.kinds = {store::TokenKind::kOpaque, store::TokenKind::kJwt};
    ASSERT_TRUE(rule(rules));
    EXPECT_EQ(creates(wanted(std::chrono::days(1))), "rule_addresses");
    auto good = wanted(std::chrono::days(1));
    good.allowed_ips = {"192.0.2.0/24"};
    good.kind = store::TokenKind::kOpaque;
    const auto made = create(as_alice_, good).value();
    TokenEdit edit;
    edit.allowed_ips = {std::vector<std::string>()};
    EXPECT_EQ(edits(made, edit), "rule_addresses");
    good.kind = store::TokenKind::kKey;
    good.keys = {PrivateKey::generate(Algorithm::kEs256).public_key()};
    good.name = "a key token";
    EXPECT_EQ(creates(good), "rule_kind");
}

TEST_F(SiteTest, RulesOutliveARestartAndAreEvents) {
    TokenRules rules;
    rules.max_life_days = 7;
    ASSERT_TRUE(rule(rules));
    EXPECT_EQ(events().back().type, "settings.token_rules_updated");
    const auto head = revision();
    ASSERT_TRUE(rule(rules));
    EXPECT_EQ(revision(), head) << "nothing changed: no event";
    reopen();
    EXPECT_EQ(authority->site()->rules, rules);
    EXPECT_EQ(creates(wanted(std::chrono::days(8))), "rule_life");
}

TEST_F(SiteTest, DefaultsMustFitTheRulesBothWays) {
    Site site;
    site.default_life_days = 90;
    ASSERT_TRUE(put(site));
    TokenRules rules;
    rules.max_life_days = 30;
    EXPECT_EQ(reason_of(rule(rules)), "rule_life");
    rules.max_life_days = 90;
    ASSERT_TRUE(rule(rules));
    site.default_life_days = 91;
    EXPECT_EQ(reason_of(put(site)), "rule_life");
    rules.kinds = {store::TokenKind::kOpaque};
    EXPECT_EQ(reason_of(rule(rules)), "rule_kind");
    rules.kinds = {};
    EXPECT_EQ(reason_of(rule(rules)), "unknown_kind");
    site.default_kind = store::TokenKind::kKey;
    EXPECT_EQ(reason_of(put(site)), "unknown_kind");
}

TEST_F(SiteTest, OriginsAreOriginsAndNothingElse) {
    for (const std::string bad :
         {"*", "null", "https://", "https://a/", "https://a b", "ftp://a", "https://A",
          "https://a?x", "javascript://a", "https://*.example.com"}) {
        Site site;
        site.cors_origins = {bad};
        EXPECT_EQ(reason_of(put(site)), "bad_origin") << bad;
    }
    Site site;
    site.cors_origins = {"https://app.example.com", "http://127.0.0.1:5173", "http://[::1]:80"};
    EXPECT_TRUE(put(site));
}

TEST_F(SiteTest, ADryRunCountsWhatCouldNotBeMadeTodayAndChangesNothing) {
    create(as_alice_, wanted()).value();
    create(as_alice_, wanted(std::chrono::days(10))).value();
    const auto gone = create(as_alice_, wanted()).value();
    ASSERT_TRUE(change(as_alice_, gone.token.id.uuid(), TokenChange::kRevoke));
    TokenRules rules;
    rules.requires_expiry = true;
    const auto head = revision();
    const auto found = authority->store()
                           .query<RulesDryRun>([&](store::Connection& db) {
                               return try_token_rules(db, as_admin_, rules, clock.now());
                           })
                           .value();
    EXPECT_EQ(found.count, 1U);
    EXPECT_EQ(found.tokens.size(), 1U);
    EXPECT_EQ(revision(), head);
}

TEST_F(SiteTest, OnlyWhoMayWriteSettingsWritesThem) {
    const auto refused = authority->store().mutate(
        [&](store::Transaction& tx) { return put_token_rules(tx, as_alice_, TokenRules()); });
    EXPECT_EQ(reason_of(refused), "insufficient_scope");
}

}  // namespace
}  // namespace latchkey::authority
