#include "authority/members.h"

#include "authority/project_testing.h"

namespace latchkey::authority {
namespace {

using testing::policy_text;
using testing::reason_of;

class MembersTest : public testing::ProjectTest {
protected:
    void SetUp() override {
        ProjectTest::SetUp();
        carol_ = human("carol@example.com");
        as_carol_ = session_of(carol_.id);
        id_ = project();
    }
    Rights auditor() {
        return {{"latchkey", {"project:read", "policy:read"}}, {"billing", {"license:read"}}};
    }

    store::UserRecord carol_;
    Actor as_carol_;
    std::string id_;
};

TEST_F(MembersTest, APlaceAllowsWhatItsNameSays) {
    struct Row {
        const char* role;
        std::vector<std::string> allowed;
    };
    const std::vector<std::string> all = {"project:read", "project:write", "policy:read",
                                          "policy:write", "token:read",    "token:write"};
    const std::vector<Row> rows = {{"owner", all},
                                   {"admin", all},
                                   {"member", {"project:read", "policy:read", "token:read"}},
                                   {"viewer", {"project:read", "policy:read"}}};
    for (const auto& row : rows) {
        ASSERT_TRUE(put(as_alice_, id_, bob_.id, row.role)) << row.role;
        const auto access = read<ProjectAccess>(
            [&](store::Connection& db) { return access_to_project(db, as_bob_, id_); });
        ASSERT_TRUE(access);
        EXPECT_EQ(access->role, row.role);
        EXPECT_EQ(access->is_owner, std::string(row.role) == "owner");
        std::vector<std::string> allowed;
        for (const auto& permission : all) {
            if (access->may(permission)) allowed.push_back(permission);
        }
        EXPECT_EQ(allowed, row.allowed) << row.role;
    }
}

TEST_F(MembersTest, ATokensScopesCutWhatTheOwnersPlaceAllows) {
    const auto actor = management(as_alice_, {"project:read", "policy:write"});
    const auto access = read<ProjectAccess>(
        [&](store::Connection& db) { return access_to_project(db, actor, id_); });
    EXPECT_TRUE(access->may("policy:write"));
    EXPECT_FALSE(access->may("project:write"));
    EXPECT_EQ(reason_of(put(actor, id_, bob_.id)), "insufficient_scope");
}

TEST_F(MembersTest, WithoutARoleOneBecomesAMemberAndStaysWhatOneIs) {
    EXPECT_EQ(put(as_alice_, id_, bob_.id)->role, "member");
    const auto before = revision();
    EXPECT_EQ(put(as_alice_, id_, bob_.id)->role, "member");
    EXPECT_EQ(revision(), before);
    EXPECT_EQ(put(as_alice_, id_, bob_.id, "admin")->role, "admin");
    EXPECT_EQ(put(as_alice_, id_, bob_.id)->role, "admin");
}

TEST_F(MembersTest, WhatIsWrongIsNamed) {
    EXPECT_EQ(reason_of(put(as_alice_, id_, bob_.id, "emperor")), "unknown_role");
    EXPECT_EQ(reason_of(put(as_alice_, id_, bob_.id, "administrator")), "unknown_role");
    EXPECT_EQ(reason_of(put(as_alice_, id_, bob_.id, "verifier")), "unknown_role");
    EXPECT_EQ(reason_of(put(as_alice_, id_, new_id<UserId>(clock.now()))), "unknown_user");
    EXPECT_EQ(reason_of(put(as_bob_, id_, bob_.id)), "unknown_project");
    EXPECT_EQ(reason_of(remove(as_alice_, id_, carol_.id)), "unknown_principal");
}

TEST_F(MembersTest, WhoLeftMeanwhileIsNotAddedByAChangeOfHisPlace) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "viewer"));
    const auto member = *read<std::optional<store::MembershipRecord>>([&](store::Connection& db) {
                             return store::find_membership(db, *ProjectId::parse(id_), bob_.id);
                         }).value();
    const auto change = [&](const std::optional<std::string>& role) {
        return write<PrincipalView>(
            [&](store::Transaction& tx) { return change_member(tx, as_alice_, member, role); });
    };
    EXPECT_TRUE(change("member"));
    ASSERT_TRUE(remove(as_alice_, id_, bob_.id));
    EXPECT_EQ(reason_of(change("admin")), "unknown_principal");
    EXPECT_EQ(reason_of(change(std::nullopt)), "unknown_principal");
    EXPECT_TRUE(put(as_alice_, id_, bob_.id, "viewer"));
    EXPECT_TRUE(change("member"));
}

TEST_F(MembersTest, TheLastOwnerStaysOne) {
    EXPECT_EQ(reason_of(remove(as_alice_, id_, alice_.id)), "last_owner");
    EXPECT_EQ(reason_of(put(as_alice_, id_, alice_.id, "admin")), "last_owner");
    EXPECT_EQ(reason_of(remove(as_admin_, id_, alice_.id)), "last_owner");
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "owner"));
    EXPECT_TRUE(remove(as_alice_, id_, alice_.id));
    EXPECT_EQ(reason_of(remove(as_bob_, id_, bob_.id)), "last_owner");
}

TEST_F(MembersTest, AnAdminMakesAndRemovesNoOwners) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "owner")), "owner_needed");
    EXPECT_EQ(reason_of(put(as_bob_, id_, bob_.id, "owner")), "owner_needed");
    EXPECT_TRUE(put(as_bob_, id_, carol_.id, "admin"));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "owner"));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "viewer")), "owner_needed");
    EXPECT_EQ(reason_of(remove(as_bob_, id_, carol_.id)), "owner_needed");
    EXPECT_TRUE(put(as_admin_, id_, carol_.id, "viewer"));
}

TEST_F(MembersTest, MembersAndViewersChangeNobodyButMayLeave) {
    for (const char* role : {"member", "viewer"}) {
        ASSERT_TRUE(put(as_alice_, id_, bob_.id, role));
        EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id)), "insufficient_scope");
        EXPECT_EQ(reason_of(put(as_bob_, id_, bob_.id, "admin")), "insufficient_scope");
        EXPECT_EQ(reason_of(remove(as_bob_, id_, alice_.id)), "insufficient_scope");
        EXPECT_TRUE(remove(as_bob_, id_, bob_.id));
    }
}

TEST_F(MembersTest, NobodyHandsOnAPlaceThatAllowsMoreThanHisOwn) {
    ASSERT_TRUE(role(as_admin_, "keeper", {{"latchkey", {"project:*"}}, {"*", {"*"}}}));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "keeper"));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "admin")), "insufficient_scope");
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "viewer")), "insufficient_scope");
    EXPECT_TRUE(put(as_bob_, id_, carol_.id, "keeper"));
    const auto dave = human("dave@example.com");
    const auto writes = management(as_alice_, {"project:write"});
    EXPECT_EQ(reason_of(put(writes, id_, dave.id, "viewer")), "insufficient_scope");
    const auto reads_too = management(as_alice_, {"project:write", "project:read", "policy:read"});
    EXPECT_TRUE(put(reads_too, id_, dave.id, "viewer"));
}

TEST_F(MembersTest, ACustomRoleLimitsTheMembersTokensAtOnce) {
    ASSERT_TRUE(role(as_admin_, "auditor", auditor()));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    const auto made = token(as_bob_, "billing", {"license:read", "license:write"});
    ASSERT_TRUE(add(as_admin_, id_, made));
    ASSERT_TRUE(allow(as_alice_, id_, made, {"license:*"}));
    EXPECT_EQ(may(made, id_, "license:write"), "active");
    EXPECT_EQ(put(as_alice_, id_, bob_.id, "auditor")->role, "auditor");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    EXPECT_EQ(may(made, id_, "license:read"), "active");
}

TEST_F(MembersTest, NobodyLiftsTheLimitThatHoldsForHimself) {
    auto patterns = auditor();
    patterns["latchkey"] = {"project:*", "policy:*", "token:*"};
    ASSERT_TRUE(role(as_admin_, "limited", patterns));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "limited"));
    EXPECT_EQ(reason_of(put(as_bob_, id_, bob_.id, "admin")), "insufficient_scope");
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "admin")), "insufficient_scope");
    EXPECT_TRUE(put(as_bob_, id_, carol_.id, "limited"));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "member")), "insufficient_scope");
    EXPECT_TRUE(put(as_alice_, id_, carol_.id, "member"));
}

TEST_F(MembersTest, WhomAPolicyLimitsLiftsNobodysLimitBeyondIt) {
    ASSERT_TRUE(role(as_admin_, "auditor", auditor()));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "owner"));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "auditor"));
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"license:read"})));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "viewer")), "insufficient_scope");
    EXPECT_TRUE(put(as_alice_, id_, carol_.id, "viewer"));
    EXPECT_TRUE(put(as_bob_, id_, carol_.id, "auditor"));
}

TEST_F(MembersTest, ATokenLiftsNobodysLimit) {
    ASSERT_TRUE(role(as_admin_, "auditor", auditor()));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "auditor"));
    const auto actor = management(as_alice_, {"project:read", "project:write", "policy:read",
                                              "policy:write", "token:read", "token:write"});
    EXPECT_EQ(reason_of(put(actor, id_, bob_.id, "member")), "insufficient_scope");
    EXPECT_TRUE(put(actor, id_, carol_.id, "member"));
    EXPECT_TRUE(put(actor, id_, carol_.id, "auditor"));
}

TEST_F(MembersTest, WhoIsRemovedTakesTheGrantsOfHisTokensWithHim) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    const auto of_bob = token(as_bob_, "billing", {"license:read"});
    const auto of_alice = token(as_alice_, "billing", {"license:read"});
    for (const auto* made : {&of_bob, &of_alice}) {
        ASSERT_TRUE(add(made == &of_bob ? as_bob_ : as_alice_, id_, *made));
        ASSERT_TRUE(allow(as_bob_, id_, *made, {"license:read"}));
    }
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"license:*"})));
    const auto before = revision();
    ASSERT_TRUE(remove(as_alice_, id_, bob_.id));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(may(of_bob, id_, "license:read"), "insufficient_scope");
    EXPECT_EQ(may(of_alice, id_, "license:read"), "active");
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    EXPECT_EQ(may(of_bob, id_, "license:read"), "insufficient_scope");
    reopen();
    EXPECT_EQ(may(of_bob, id_, "license:read"), "insufficient_scope");
    EXPECT_EQ(may(of_alice, id_, "license:read"), "active");
}

TEST_F(MembersTest, WhoIsAddedAgainIsLimitedByThePolicyThatHeHad) {
    const auto text = policy_text("Allow", {"license:read"});
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), text));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "admin"));
    const auto made = token(as_bob_, "billing", {"license:read", "license:write"});
    ASSERT_TRUE(remove(as_carol_, id_, bob_.id));
    EXPECT_TRUE(put(as_carol_, id_, bob_.id, "admin")->has_policy);
    ASSERT_TRUE(add(as_bob_, id_, made));
    ASSERT_TRUE(allow(as_alice_, id_, made, {"license:*"}));
    EXPECT_EQ(may(made, id_, "license:read"), "active");
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
    // Not by leaving and coming back either.
    ASSERT_TRUE(remove(as_bob_, id_, bob_.id));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    EXPECT_EQ(
        reason_of(set(as_bob_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"*"}))),
        "insufficient_scope");
    reopen();
    ASSERT_TRUE(add(as_bob_, id_, made));
    ASSERT_TRUE(allow(as_alice_, id_, made, {"license:*"}));
    EXPECT_EQ(may(made, id_, "license:write"), "insufficient_scope");
}

TEST_F(MembersTest, WhoHadACustomRoleComesBackOnlyByOneWhoCouldHaveLiftedIt) {
    ASSERT_TRUE(role(as_admin_, "auditor", auditor()));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "auditor"));
    const auto actor = management(as_alice_, {"project:read", "project:write", "policy:read",
                                              "policy:write", "token:read", "token:write"});
    ASSERT_TRUE(remove(actor, id_, bob_.id));
    EXPECT_EQ(reason_of(put(actor, id_, bob_.id, "member")), "insufficient_scope");
    // Who has few rights himself adds people who were never limited here, and no others.
    ASSERT_TRUE(role(as_admin_, "reader",
                     {{"latchkey", {"account:*", "token:*", "project:*", "policy:*"}},
                      {"billing", {"license:read"}}}));
    const auto few = human("few@example.com", "reader");
    ASSERT_TRUE(put(as_alice_, id_, few.id, "admin"));
    EXPECT_EQ(reason_of(put(session_of(few.id), id_, bob_.id)), "insufficient_scope");
    EXPECT_TRUE(put(session_of(few.id), id_, carol_.id));
    EXPECT_TRUE(put(as_alice_, id_, bob_.id));
}

TEST_F(MembersTest, WhomAPolicyLimitsAddsNobodyWhoIsUnlimited) {
    ASSERT_TRUE(role(as_admin_, "auditor", auditor()));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"license:read"})));
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id, "admin")), "insufficient_scope");
    EXPECT_TRUE(put(as_bob_, id_, carol_.id, "auditor"));
    ASSERT_TRUE(set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"*"})));
    const auto dave = human("dave@example.com");
    EXPECT_TRUE(put(as_bob_, id_, dave.id, "admin"));
}

TEST_F(MembersTest, ADemotionCountsAtTheNextRequest) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "admin"));
    const auto made = token(as_bob_, "billing", {"license:read"});
    ASSERT_TRUE(add(as_bob_, id_, made));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "viewer"));
    EXPECT_EQ(reason_of(allow(as_bob_, id_, made, {"license:read"})), "insufficient_scope");
    EXPECT_EQ(reason_of(put(as_bob_, id_, carol_.id)), "insufficient_scope");
}

TEST_F(MembersTest, ThePrincipalsAreListedByPages) {
    ASSERT_TRUE(put(as_alice_, id_, bob_.id));
    ASSERT_TRUE(put(as_alice_, id_, carol_.id, "viewer"));
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(add(as_alice_, id_, token(as_alice_, "billing", {"license:read"})));
    }
    for (const std::size_t limit : {1U, 2U, 3U, 200U}) {
        PrincipalQuery query;
        query.limit = limit;
        std::vector<UuidBytes> seen;
        std::size_t users = 0;
        while (true) {
            const auto page = read<std::vector<PrincipalView>>([&](store::Connection& db) {
                                  return list_principals(db, as_bob_, id_, query);
                              }).value();
            for (const auto& view : page) {
                seen.push_back(view.id);
                if (view.kind == Kind::kUser) ++users;
            }
            if (page.size() < limit) break;
            query.after_kind = page.back().kind;
            query.after = page.back().id;
        }
        EXPECT_EQ(seen.size(), 7U) << limit;
        EXPECT_EQ(users, 3U) << limit;
    }
    PrincipalQuery tokens;
    tokens.kind = Kind::kToken;
    const auto page = read<std::vector<PrincipalView>>(
        [&](store::Connection& db) { return list_principals(db, as_bob_, id_, tokens); });
    ASSERT_EQ(page->size(), 4U);
    EXPECT_EQ(page->front().name, "a token");
    EXPECT_EQ(page->front().owner, alice_.id);
}

TEST(FirstAdministrator, OwnsTheProjectThatWasThere) {
    testing::Fixture fixture;
    CreateUser wanted;
    wanted.email = "first@example.com";
    const auto user = fixture
                          .write<store::UserRecord>([&](store::Transaction& tx) {
                              return create_first_administrator(tx, wanted);
                          })
                          .value();
    const auto actor = fixture.session_of(user.id);
    const auto projects = fixture.authority->store().query<std::vector<ProjectView>>(
        [&](store::Connection& db) { return list_projects(db, actor, std::nullopt, 10); });
    ASSERT_EQ(projects->size(), 1U);
    EXPECT_EQ(projects->front().project.name, "default");
    EXPECT_EQ(projects->front().role, "owner");
}

}  // namespace
}  // namespace latchkey::authority
