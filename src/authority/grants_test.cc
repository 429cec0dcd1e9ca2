#include "authority/grants.h"

#include "authority/project_testing.h"
#include "authority/project_tokens.h"

namespace latchkey::authority {
namespace {

using testing::policy_text;
using testing::reason_of;

class GrantsTest : public testing::ProjectTest {
protected:
    void SetUp() override {
        ProjectTest::SetUp();
        id_ = project();
        carol_ = human("carol@example.com");
    }
    Result<Policy> get(const Actor& actor, Kind kind, const std::string& id) {
        return read<Policy>([&](store::Connection& db) {
            return get_policy(db, actor, {id_, kind, id});
        });
    }
    Status take_out(const Actor& actor, const PreparedToken& made) {
        return run([&](store::Transaction& tx) {
            return remove_token(tx, actor, id_, made.token.id.uuid());
        });
    }
    // Added, with a policy of alice's.
    PreparedToken granted(const Actor& actor, const std::vector<std::string>& actions) {
        auto made = token(actor, "billing", {"license:read", "license:write"});
        EXPECT_TRUE(add(as_admin_, id_, made));
        EXPECT_TRUE(allow(as_alice_, id_, made, actions));
        return made;
    }
    // A member of the project whose own role holds these patterns at billing.
    Actor limited(const std::string& place, const std::vector<std::string>& billing) {
        EXPECT_TRUE(
            role(as_admin_, "reader",
                 {{"latchkey", {"account:*", "token:*", "project:*", "policy:*", "api:read"}},
                  {"billing", billing}}));
        const auto user = human("limited@example.com", "reader");
        EXPECT_TRUE(put(as_admin_, id_, user.id, place));
        return session_of(user.id);
    }

    std::string id_;
    store::UserRecord carol_;
};

TEST_F(GrantsTest, ATokenHasNoRightBeforeItHasAPolicy) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
    const auto added = add(as_alice_, id_, made).value();
    EXPECT_FALSE(added.has_policy);
    EXPECT_EQ(added.owner, alice_.id);
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
    EXPECT_TRUE(get(as_alice_, Kind::kToken, made.token.id.uuid())->statements.empty());
    ASSERT_TRUE(allow(as_alice_, id_, made, {"license:*"}));
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");  // not among its scopes
    const auto before = revision();
    EXPECT_TRUE(add(as_alice_, id_, made)->has_policy);
    EXPECT_EQ(revision(), before);
}

TEST_F(GrantsTest, ATokenHasDifferentRightsInEachProject) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto other = project("other");
    EXPECT_EQ(may(made, other, "license:read"), "insufficient_scope");
    ASSERT_TRUE(add(as_alice_, other, made));
    ASSERT_TRUE(allow(as_alice_, other, made, {"license:write"}));
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    EXPECT_EQ(may(made, other, "license:write"), "active");
    EXPECT_EQ(may(made, other, "license:read"), "insufficient_scope");
    const auto found = read<std::vector<TokenProject>>([&](store::Connection& db) {
        return projects_of_token(db, as_alice_, made.token.id.uuid());
    });
    EXPECT_EQ(found->size(), 2U);
}

TEST_F(GrantsTest, TheProjectsOfATokenAreThoseThatOneSees) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    const auto made = token(as_bob_, "billing", {"license:read"});
    ASSERT_TRUE(add(as_admin_, id_, made));
    const auto hidden = project("hidden");
    ASSERT_TRUE(add(as_admin_, hidden, made));
    const auto seen_by = [&](const Actor& actor) {
        return read<std::vector<TokenProject>>([&](store::Connection& db) {
            return projects_of_token(db, actor, made.token.id.uuid());
        });
    };
    EXPECT_EQ(seen_by(as_bob_)->size(), 1U);
    EXPECT_EQ(seen_by(as_admin_)->size(), 2U);
    EXPECT_EQ(reason_of(seen_by(as_alice_)), "unknown_token");
}

// Who could add another's would be the one project of his token, whose rights an exchange gives.
TEST_F(GrantsTest, OnlyOnesOwnTokensAreAddedUnlessByAnAdministrator) {
    const auto of_bob = token(as_bob_, "billing", {"license:read"});
    const auto nobodys = reason_of(run([&](store::Transaction& tx) -> Status {
        TRY(add_token(tx, as_alice_, id_, new_id<TokenId>(clock.now()).uuid()));
        return {};
    }));
    EXPECT_EQ(nobodys, "unknown_token");
    EXPECT_EQ(reason_of(add(as_alice_, id_, of_bob)), nobodys);
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    EXPECT_EQ(reason_of(add(as_alice_, id_, of_bob)), nobodys);
    EXPECT_TRUE(add(as_admin_, id_, of_bob));
    const auto second = token(as_bob_, "billing", {"license:read"});
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    EXPECT_TRUE(add(as_bob_, id_, second));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "member"));
    EXPECT_EQ(reason_of(add(as_bob_, id_, token(as_bob_, "billing", {}))), "insufficient_scope");
    const auto revoked = token(as_alice_, "billing", {});
    ASSERT_TRUE(change(as_alice_, revoked.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(reason_of(add(as_alice_, id_, revoked)), "token_revoked");
    ASSERT_TRUE(change(as_alice_, revoked.token.id.uuid(), TokenChange::kDelete));
    EXPECT_EQ(reason_of(add(as_alice_, id_, revoked)), "unknown_token");
}

TEST_F(GrantsTest, WhoIsNotInTheProjectIsAnUnknownPrincipal) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto nobody = new_id<TokenId>(clock.now()).uuid();
    for (const auto& id : {made.token.id.uuid(), nobody, std::string("x"), bob_.id.uuid()}) {
        for (const auto kind : {Kind::kToken, Kind::kUser}) {
            EXPECT_EQ(reason_of(get(as_alice_, kind, id)), "unknown_principal") << id;
            EXPECT_EQ(reason_of(set(as_alice_, id_, kind, id, policy_text("Allow", {"*"}))),
                      "unknown_principal");
        }
    }
    EXPECT_EQ(reason_of(take_out(as_alice_, made)), "unknown_principal");
    EXPECT_EQ(reason_of(get(as_bob_, Kind::kToken, made.token.id.uuid())), "unknown_project");
}

TEST_F(GrantsTest, RemovingATokenEndsItsRightsThere) {
    const auto made = granted(as_alice_, {"license:read"});
    ASSERT_TRUE(take_out(as_alice_, made));
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
    ASSERT_TRUE(add(as_alice_, id_, made));
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
}

TEST_F(GrantsTest, DenyWinsAndAnEmptiedPolicyIsNone) {
    const auto made = granted(as_alice_, {"license:*"});
    const std::string text =
        R"({"version":"2022-12-15","statement":[)"
        R"({"effect":"Allow","action":["license:*"],"resource":["*"]},)"
        R"({"effect":"Deny","action":["license:write"],"resource":["eu:*"]}]})";
    ASSERT_TRUE(set(as_alice_, id_, Kind::kToken, made.token.id.uuid(), text));
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    EXPECT_EQ(may(made, id_, "license:write", "us:1"), "active");
    EXPECT_EQ(may(made, id_, "license:write", "eu:1"), "insufficient_scope");
    const std::string empty = R"({"version":"2022-12-15","statement":[]})";
    ASSERT_TRUE(set(as_alice_, id_, Kind::kToken, made.token.id.uuid(), empty));
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
    EXPECT_EQ(to_text(*get(as_alice_, Kind::kToken, made.token.id.uuid())), empty);
}

TEST_F(GrantsTest, AUsersPolicyLimitsHisTokensAndAllowsNothingByItself) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    const auto made = granted(as_bob_, {"license:*"});
    EXPECT_EQ(to_text(*get(as_bob_, Kind::kUser, bob_.id.uuid())), policy_text("Allow", {"*"}));
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(),
                    policy_text("Allow", {"license:read", "log:line"})));
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    EXPECT_EQ(may(made, id_, "log:line"), "insufficient_scope");
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(),
                    R"({"version":"2022-12-15","statement":[]})"));
    EXPECT_EQ(may(made, id_, "license:read"), "insufficient_scope");
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"*"})));
    EXPECT_EQ(may(made, id_, "license:write"), "active");
}

TEST_F(GrantsTest, APolicyAllowsOnlyWhatItsWriterMayDoHimself) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto writer = limited("admin", {"license:read"});
    EXPECT_EQ(reason_of(allow(writer, id_, made, {"license:write"})), "insufficient_scope");
    EXPECT_EQ(reason_of(allow(writer, id_, made, {"license:*"})), "insufficient_scope");
    EXPECT_EQ(reason_of(allow(writer, id_, made, {"*"})), "insufficient_scope");
    EXPECT_TRUE(allow(writer, id_, made, {"license:read"}));
    // What was allowed before is no gift, as long as nothing is taken from its Deny.
    ASSERT_TRUE(allow(as_alice_, id_, made, {"license:write"}));
    EXPECT_TRUE(set(writer, id_, Kind::kToken, made.token.id.uuid(),
                    policy_text("Allow", {"license:write"}, "eu:*")));
    EXPECT_EQ(reason_of(allow(writer, id_, made, {"license:write"})), "insufficient_scope");
    EXPECT_TRUE(set(writer, id_, Kind::kToken, made.token.id.uuid(),
                    R"({"version":"2022-12-15","statement":[]})"));
}

TEST_F(GrantsTest, AManagementTokenOnlyNarrowsPolicies) {
    const auto made = granted(as_alice_, {"license:*"});
    const auto actor = management(as_alice_, {"policy:write", "policy:read", "project:read"});
    const auto fresh = token(as_alice_, "billing", {"license:read"});
    ASSERT_TRUE(add(actor, id_, fresh));
    EXPECT_EQ(reason_of(allow(actor, id_, fresh, {"license:read"})), "insufficient_scope");
    EXPECT_TRUE(allow(actor, id_, made, {"license:read"}));
    EXPECT_EQ(reason_of(allow(actor, id_, made, {"license:*"})), "insufficient_scope");
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    const std::string denied =
        R"({"version":"2022-12-15","statement":[)"
        R"({"effect":"Allow","action":["license:read"],"resource":["*"]},)"
        R"({"effect":"Deny","action":["license:read"],"resource":["eu:*"]}]})";
    ASSERT_TRUE(set(actor, id_, Kind::kToken, made.token.id.uuid(), denied));
    EXPECT_EQ(reason_of(allow(actor, id_, made, {"license:read"})), "insufficient_scope");
    // At its own API it hands on what it has.
    const auto own = token(as_alice_, "latchkey", {"policy:read", "token:write"});
    ASSERT_TRUE(add(actor, id_, own));
    EXPECT_TRUE(allow(actor, id_, own, {"policy:read"}));
    EXPECT_EQ(reason_of(allow(actor, id_, own, {"token:write"})), "insufficient_scope");
}

TEST_F(GrantsTest, NobodyLiftsTheLimitsThatHoldForHimselfInTheProject) {
    const auto made = granted(as_alice_, {"license:read"});
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"license:read"})));
    EXPECT_EQ(
        reason_of(set(as_bob_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"*"}))),
        "insufficient_scope");
    EXPECT_EQ(reason_of(allow(as_bob_, id_, made, {"license:write"})), "insufficient_scope");
    EXPECT_TRUE(allow(as_bob_, id_, made, {"license:read"}));
    ASSERT_TRUE(role(as_admin_, "narrow",
                     {{"latchkey", {"project:*", "policy:*"}}, {"billing", {"license:read"}}}));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "narrow"));
    const auto as_carol = session_of(carol_.id);
    EXPECT_EQ(reason_of(allow(as_carol, id_, made, {"license:write"})), "insufficient_scope");
    EXPECT_TRUE(allow(as_carol, id_, made, {"license:read"}));
}

// Pair by pair this would not end within the limit of a test.
TEST_F(GrantsTest, TheLargestPoliciesAreWrittenAndComparedQuickly) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto large = [](const std::string& last) {
        Policy policy;
        for (const auto effect : {Effect::kAllow, Effect::kDeny}) {
            PolicyStatement statement;
            statement.effect = effect;
            for (std::size_t i = 0; i < kPolicyItemsMax; ++i) {
                statement.actions.push_back("res:a" + std::to_string(i));
                statement.resources.push_back("eu:" + std::to_string(i) + last);
            }
            policy.statements.push_back(std::move(statement));
        }
        return to_text(policy);
    };
    const auto writer = limited("admin", {"license:read"});
    const auto id = made.token.id.uuid();
    ASSERT_EQ(reason_of(set(as_alice_, id_, Kind::kToken, id, large(""))), "");
    EXPECT_EQ(reason_of(set(writer, id_, Kind::kToken, id, large(""))), "");
    EXPECT_EQ(reason_of(set(writer, id_, Kind::kToken, id, large(":*"))), "insufficient_scope");
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, writer.user.uuid(), large("")));
    EXPECT_EQ(reason_of(set(writer, id_, Kind::kUser, writer.user.uuid(), large(":*"))),
              "insufficient_scope");
}

TEST_F(GrantsTest, WhoIsLimitedInTheProjectResumesNoneOfItsTokensBeyondThat) {
    const auto made = write<CreatedProjectToken>([&](store::Transaction& tx) {
                          return create_project_token(tx, as_alice_, *authority->directory().view(),
                                                      id_, {"builder", {"create:*"}});
                      }).value();
    const auto id = made.token.id.uuid();
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    ASSERT_TRUE(change(as_bob_, id, TokenChange::kSuspend));
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"read:*"})));
    EXPECT_EQ(reason_of(change(as_bob_, id, TokenChange::kResume)), "insufficient_scope");
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"create:*"})));
    EXPECT_TRUE(change(as_bob_, id, TokenChange::kResume));
    ASSERT_TRUE(
        role(as_admin_, "narrow",
             {{"latchkey", {"project:*", "policy:*", "token:*"}}, {"pipelines", {"read:*"}}}));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "narrow"));
    const auto as_carol = session_of(carol_.id);
    ASSERT_TRUE(change(as_carol, id, TokenChange::kSuspend));
    EXPECT_EQ(reason_of(change(as_carol, id, TokenChange::kResume)), "insufficient_scope");
    EXPECT_TRUE(change(as_alice_, id, TokenChange::kResume));
}

TEST_F(GrantsTest, ADemotionCountsAtOnce) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto writer = limited("admin", {"license:read"});
    ASSERT_TRUE(allow(writer, id_, made, {"license:read"}));
    ASSERT_TRUE(role(as_admin_, "less", {{"latchkey", {"project:*", "policy:*"}}}));
    EditUser demoted;
    demoted.roles = {"less"};
    ASSERT_TRUE(edit(as_admin_, writer.user, demoted));
    ASSERT_TRUE(set(as_alice_, id_, Kind::kToken, made.token.id.uuid(),
                    R"({"version":"2022-12-15","statement":[]})"));
    // The session is the old one; its rights are those of now.
    EXPECT_EQ(reason_of(allow(writer, id_, made, {"license:read"})), "insufficient_scope");
}

TEST_F(GrantsTest, AMistakeIsNamedWithItsPlace) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto put_text = [&](const std::string& text) {
        return set(as_alice_, id_, Kind::kToken, made.token.id.uuid(), text);
    };
    const std::string near =
        "{\"version\":\"2022-12-15\",\n \"statement\":[{\"effect\":\"Allow\","
        "\n   \"action\":[\"license:read\", \"license:reed\"],"
        "\"resource\":[\"*\"]}]}";
    const auto refused = put_text(near);
    ASSERT_EQ(reason_of(refused), "bad_policy");
    EXPECT_EQ(refused.error().field, "/statement/0/action/1");
    EXPECT_TRUE(refused.error().message.starts_with("line 3, column 30: "))
        << refused.error().message;
    EXPECT_EQ(refused.error().hint, "did you mean license:read?");
    // An alias would never match: checks ask for the name itself.
    EXPECT_EQ(put_text(policy_text("Allow", {"temaplate:write"})).error().hint,
              "did you mean template:write?");
    EXPECT_EQ(reason_of(put_text(policy_text("Deny", {"license:reed"}))), "bad_policy");
    EXPECT_TRUE(put_text(policy_text("Allow", {"invoice:approve"})));
    EXPECT_TRUE(put_text(policy_text("Allow", {"log:line"})));
    for (const char* bad : {"", "{", "[]", "null", "{}", R"({"version":"2022-12-15"})",
                            R"({"version":"1","statement":[]})"}) {
        EXPECT_FALSE(put_text(bad)) << bad;
    }
}

TEST_F(GrantsTest, APolicyThatNamesAnotherPrincipalIsRefused) {
    const auto made = granted(as_alice_, {"license:read"});
    const auto text = [&](const std::string& principal) {
        return R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:read"],)"
               R"("resource":["*"],"principal":[")" +
               principal + R"("]}]})";
    };
    const std::string own = "ari:iam::" + id_ + ":token/" + made.token.id.uuid();
    EXPECT_TRUE(set(as_alice_, id_, Kind::kToken, made.token.id.uuid(), text(own)));
    const auto other = "ari:iam::" + id_ + ":token/" + bob_.id.uuid();
    const auto refused = set(as_alice_, id_, Kind::kToken, made.token.id.uuid(), text(other));
    EXPECT_EQ(reason_of(refused), "bad_policy");
    EXPECT_EQ(refused.error().field, "/statement/0/principal/0");
}

TEST_F(GrantsTest, GrantsAreThereAfterARestart) {
    const auto made = granted(as_alice_, {"license:read"});
    reopen();
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
}

}  // namespace
}  // namespace latchkey::authority
