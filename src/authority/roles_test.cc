#include "authority/roles.h"

#include "authority/bootstrap.h"
#include "authority/facts_of_records.h"
#include "authority/project_testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class RolesTest : public testing::ProjectTest {
protected:
    Status remove_role(const Actor& actor, const RoleId& id) {
        return run([&](store::Transaction& tx) { return delete_role(tx, actor, id.uuid()); });
    }
    std::string set_roles(const Actor& actor, const UserId& id, std::vector<std::string> roles) {
        EditUser wanted;
        wanted.roles = std::move(roles);
        return reason_of(edit(actor, id, wanted));
    }
    // Somebody who may manage users and roles, but little else.
    Actor helper() {
        EXPECT_TRUE(role(
            as_admin_, "helper",
            {{"latchkey",
              {"user:*", "role:*", "account:*", "token:*", "project:*", "policy:*", "api:read"}},
             {"billing", {"license:read"}}}));
        return session_of(human("helper@example.com", "helper").id);
    }
};

TEST_F(RolesTest, OnlyRoleWriteMakesThem) {
    EXPECT_EQ(reason_of(role(as_alice_, "auditor", {})), "insufficient_scope");
    const auto made = role(as_admin_, "auditor", {{"billing", {"license:read", "license:read"}}});
    EXPECT_EQ(made->patterns_json, R"({"billing":["license:read"]})");
    EXPECT_FALSE(made->is_built_in);
}

TEST_F(RolesTest, WhatIsWrongIsNamed) {
    for (const char* name : {"", "a", "A-b", "1a", "with space", "x_y", "é", "-a",
                             "a23456789012345678901234567890123"}) {
        EXPECT_EQ(reason_of(role(as_admin_, name, {})), "bad_role_name") << name;
    }
    for (const char* name : {"owner", "admin", "member", "viewer", "administrator", "verifier"}) {
        EXPECT_EQ(reason_of(role(as_admin_, name, {})), "role_exists") << name;
    }
    ASSERT_TRUE(role(as_admin_, "auditor", {}));
    EXPECT_EQ(reason_of(role(as_admin_, "auditor", {})), "role_exists");
    EXPECT_EQ(reason_of(role(as_admin_, "r1", {{"nowhere", {"a:b"}}})), "unknown_api");
    EXPECT_EQ(reason_of(role(as_admin_, "r1", {{"", {"a:b"}}})), "unknown_api");
    EXPECT_EQ(reason_of(role(as_admin_, "r1", {{"billing", {"nonsense"}}})), "bad_scope");
    const auto near = role(as_admin_, "r1", {{"billing", {"license:reed"}}});
    EXPECT_EQ(reason_of(near), "unknown_scope");
    EXPECT_EQ(near.error().hint, "did you mean license:read?");
    EXPECT_EQ(near.error().field, "/patterns/billing/0");
    EXPECT_EQ(reason_of(role(as_admin_, "r1", {{"latchkey", {"pipeline:create"}}})),
              "unknown_scope");
    EXPECT_TRUE(role(as_admin_, "r1", {{"billing", {"invoice:approve"}}, {"*", {"a:b"}}}));
}

TEST_F(RolesTest, NobodyMakesARoleThatAllowsMoreThanHeMayDo) {
    const auto actor = helper();
    EXPECT_EQ(reason_of(role(actor, "r1", {{"*", {"*"}}})), "insufficient_scope");
    EXPECT_EQ(reason_of(role(actor, "r1", {{"billing", {"license:write"}}})), "insufficient_scope");
    EXPECT_EQ(reason_of(role(actor, "r1", {{"latchkey", {"key:write"}}})), "insufficient_scope");
    const auto refused = role(actor, "r1", {{"pipelines", {"read:*"}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().scopes, std::vector<std::string>{"pipelines read:*"});
    const auto made =
        role(actor, "r1", {{"billing", {"license:read"}}, {"latchkey", {"user:read"}}});
    ASSERT_TRUE(made);
    EditRole more;
    more.patterns = Rights{{"billing", {"license:*"}}};
    EXPECT_EQ(reason_of(change_role(actor, made->id, more)), "insufficient_scope");
    // What it allowed before is no gift.
    ASSERT_TRUE(change_role(as_admin_, made->id, more));
    more.patterns = Rights{{"billing", {"license:write"}}};
    EXPECT_TRUE(change_role(actor, made->id, more));
    more.patterns = Rights{{"billing", {"license:*"}}};
    EXPECT_EQ(reason_of(change_role(actor, made->id, more)), "insufficient_scope");
}

TEST_F(RolesTest, AManagementTokenGivesOnlyWhatItHas) {
    const auto actor = management(as_admin_, {"role:write", "role:read"});
    EXPECT_EQ(reason_of(role(actor, "r1", {{"billing", {"license:read"}}})), "insufficient_scope");
    EXPECT_EQ(reason_of(role(actor, "r1", {{"latchkey", {"user:read"}}})), "insufficient_scope");
    EXPECT_TRUE(role(actor, "r1", {{"latchkey", {"role:read"}}}));
}

TEST_F(RolesTest, NobodyHandsOutARoleThatAllowsMoreThanHeMayDo) {
    const auto actor = helper();
    EXPECT_EQ(set_roles(actor, actor.user, {"member"}), "insufficient_scope");
    EXPECT_EQ(set_roles(actor, actor.user, {"helper", "administrator"}), "insufficient_scope");
    EXPECT_EQ(set_roles(actor, bob_.id, {"helper"}), "");
    EXPECT_EQ(set_roles(actor, bob_.id, {"member"}), "insufficient_scope");
    CreateUser machine_user;
    machine_user.kind = store::UserKind::kMachine;
    machine_user.name = "robot";
    machine_user.roles = {"member"};
    EXPECT_EQ(reason_of(add_user(actor, machine_user)), "insufficient_scope");
    machine_user.roles = {"helper"};
    EXPECT_TRUE(add_user(actor, machine_user));
    // Letting somebody act again is giving him what he had.
    EditUser state;
    state.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(actor, alice_.id, state));
    state.state = store::UserState::kActive;
    EXPECT_EQ(reason_of(edit(actor, alice_.id, state)), "insufficient_scope");
    EXPECT_TRUE(edit(as_admin_, alice_.id, state));
}

TEST_F(RolesTest, WhoManagesUsersGetsNothingOutOfTheirTokens) {
    const auto actor = helper();
    auto of_bob = token(as_bob_, "billing", {"license:write"});
    CreateToken wanted;
    wanted.name = "for bob";
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.owner = bob_.id;
    EXPECT_EQ(reason_of(create(actor, wanted)), "insufficient_scope");
    const auto id = of_bob.token.id.uuid();
    ASSERT_TRUE(change(actor, id, TokenChange::kSuspend));
    EXPECT_EQ(reason_of(change(actor, id, TokenChange::kResume)), "insufficient_scope");
    EXPECT_TRUE(change(as_admin_, id, TokenChange::kResume));
    // Of somebody who may do no more than himself he makes and resumes them.
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"helper"}), "");
    const auto made = create(actor, wanted);
    ASSERT_TRUE(made);
    const auto other = made->token.id.uuid();
    ASSERT_TRUE(change(actor, other, TokenChange::kSuspend));
    EXPECT_TRUE(change(actor, other, TokenChange::kResume));
}

TEST_F(RolesTest, AChangeCountsAtOnceForTokensThatExist) {
    const auto made_role =
        role(as_admin_, "auditor", {{"latchkey", {"token:*"}}, {"billing", {"license:*"}}}).value();
    const auto user = human("carol@example.com", "auditor");
    const auto made = token(session_of(user.id), "billing", {"license:read", "license:write"});
    const auto allows = [&](std::string_view scope) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        EXPECT_TRUE(reader->find(sha256(made.text.expose()), view));
        const std::array<std::string_view, 1> scopes = {scope};
        verify::Requirement wanted;
        wanted.api_slug = "billing";
        wanted.scopes = scopes;
        return verify::judge(view, wanted, clock.now()).verdict == verify::Verdict::kActive;
    };
    EXPECT_TRUE(allows("license:write"));
    EditRole edit_wanted;
    edit_wanted.patterns = Rights{{"latchkey", {"token:*"}}, {"billing", {"license:read"}}};
    edit_wanted.name = "reader";
    ASSERT_TRUE(change_role(as_admin_, made_role.id, edit_wanted));
    EXPECT_TRUE(allows("license:read"));
    EXPECT_FALSE(allows("license:write"));
    reopen();
    EXPECT_FALSE(allows("license:write"));
}

TEST_F(RolesTest, BuiltInOnesAreFixed) {
    EditRole edit_wanted;
    edit_wanted.patterns = Rights{};
    for (const char* name : {"administrator", "member", "verifier"}) {
        const auto id = built_in_role(name);
        EXPECT_EQ(reason_of(change_role(as_admin_, id, edit_wanted)), "built_in_role");
        EXPECT_EQ(reason_of(remove_role(as_admin_, id)), "built_in_role");
    }
    EXPECT_EQ(reason_of(remove_role(as_admin_, new_id<RoleId>(clock.now()))), "unknown_role");
}

TEST_F(RolesTest, ARoleInUseStays) {
    const auto made = role(as_admin_, "auditor", {{"billing", {"license:read"}}}).value();
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"member", "auditor"}), "");
    EXPECT_EQ(reason_of(remove_role(as_admin_, made.id)), "role_in_use");
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"member"}), "");
    const auto id = project();
    ASSERT_TRUE(put(as_alice_, id, bob_.id, "auditor"));
    EXPECT_EQ(reason_of(remove_role(as_admin_, made.id)), "role_in_use");
    ASSERT_TRUE(put(as_alice_, id, bob_.id, "member"));
    EXPECT_TRUE(remove_role(as_admin_, made.id));
    EXPECT_EQ(set_roles(as_admin_, bob_.id, {"auditor"}), "unknown_role");
    EXPECT_TRUE(role(as_admin_, "auditor", {}));
}

// Otherwise he would decide about everybody's place who has it, and about his own.
TEST_F(RolesTest, APlaceInAProjectIsWidenedByAdministratorsAlone) {
    ASSERT_TRUE(role(as_admin_, "role-maker",
                     {{"latchkey", {"role:*", "account:*", "token:*", "project:*", "policy:*"}},
                      {"billing", {"license:*"}}}));
    const auto maker = session_of(human("maker@example.com", "role-maker").id);
    const auto place =
        role(maker, "place",
             {{"latchkey", {"project:*", "policy:*"}}, {"billing", {"license:read"}}})
            .value();
    EditRole wider;
    wider.patterns = Rights{{"latchkey", {"project:*", "policy:*"}}, {"billing", {"license:*"}}};
    EditRole narrower;
    narrower.patterns = Rights{{"latchkey", {"project:read"}}, {"billing", {"license:read"}}};
    const auto id = project();
    ASSERT_TRUE(put(as_alice_, id, maker.user, "place"));
    const auto refused = change_role(maker, place.id, wider);
    EXPECT_EQ(reason_of(refused), "role_in_use");
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_FALSE(refused.error().hint.empty());
    EditRole renamed;
    renamed.name = "renamed";
    EXPECT_TRUE(change_role(maker, place.id, renamed));
    EXPECT_TRUE(change_role(maker, place.id, narrower));
    EXPECT_TRUE(change_role(as_admin_, place.id, wider));
    ASSERT_TRUE(change_role(as_admin_, place.id, narrower));
    ASSERT_TRUE(put(as_admin_, id, maker.user, "member"));
    EXPECT_TRUE(change_role(maker, place.id, wider));
}

// Who holds the token may be that person, or know somebody who is.
TEST_F(RolesTest, NoTokenWidensARoleThatAPersonHas) {
    const auto everything = management(as_admin_, {"*"});
    const auto made = role(everything, "auditor", {{"billing", {"license:read"}}}).value();
    const auto robot = machine("robot", "billing", "auditor");
    EditRole wider;
    EditRole narrower;
    narrower.patterns = Rights{{"billing", {"license:read"}}};
    wider.patterns = Rights{{"billing", {"license:*"}}};
    EXPECT_EQ(reason_of(change_role(everything, made.id, wider)), "");
    EXPECT_EQ(reason_of(change_role(everything, made.id, narrower)), "");
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"auditor"}), "");
    EXPECT_EQ(reason_of(change_role(everything, made.id, wider)), "session_needed");
    EXPECT_EQ(reason_of(change_role(as_admin_, made.id, wider)), "");
    EXPECT_EQ(reason_of(change_role(everything, made.id, narrower)), "");
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"member"}), "");
    EXPECT_EQ(reason_of(change_role(everything, made.id, wider)), "");
    EXPECT_EQ(reason_of(change_role(everything, made.id, narrower)), "");
    // A place in a project is as good.
    ASSERT_TRUE(put(as_alice_, project(), bob_.id, "auditor"));
    EXPECT_EQ(reason_of(change_role(everything, made.id, wider)), "session_needed");
    EXPECT_EQ(reason_of(change_role(everything, made.id, narrower)), "");
}

TEST_F(RolesTest, AnOlderInstallationGetsTheBuiltInRolesOfThisVersion) {
    ASSERT_TRUE(run([&](store::Transaction& tx) -> Status {
        store::RoleRecord old;
        old.id = built_in_role("member");
        old.name = "member";
        old.is_built_in = true;
        old.patterns_json = R"({"*":["*"],"latchkey":["account:read","token:read"]})";
        TRY(store::update_role(tx.connection(), old));
        store::EventDraft event;
        event.type = "role.updated";
        event.actor = "system";
        event.data = json::object{{"facts", {verify::to_json(fact_of(old).value())}}};
        TRY(tx.append_event(std::move(event)));
        return {};
    }));
    EXPECT_FALSE(session_of(alice_.id).may("policy:write"));
    const auto before = revision();
    reopen();
    EXPECT_EQ(revision(), before + 1);
    const auto seen = events(before);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].type, "role.updated");
    EXPECT_EQ(seen[0].actor, "system");
    for (const char* scope : {"project:read", "project:write", "policy:read", "policy:write"}) {
        EXPECT_TRUE(session_of(alice_.id).may(scope)) << scope;
    }
    reopen();
    EXPECT_EQ(revision(), before + 1);
}

}  // namespace
}  // namespace latchkey::authority
