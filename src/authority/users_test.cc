#include "authority/users.h"

#include "authority/bootstrap.h"
#include "authority/roles.h"
#include "authority/setup.h"
#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class UsersTest : public testing::AuthorityTest {
protected:
    std::string set_roles(const Actor& actor, const UserId& id, std::vector<std::string> roles) {
        EditUser wanted;
        wanted.roles = std::move(roles);
        return reason_of(edit(actor, id, wanted));
    }
    std::string set_state(const Actor& actor, const UserId& id, store::UserState state) {
        EditUser wanted;
        wanted.state = state;
        return reason_of(edit(actor, id, wanted));
    }
};

TEST_F(UsersTest, OnlyUserWriteCreatesAndChangesUsers) {
    CreateUser wanted;
    wanted.email = "carol@example.com";
    EXPECT_EQ(reason_of(add_user(as_alice_, wanted)), "insufficient_scope");
    EXPECT_TRUE(add_user(as_admin_, wanted));
    EXPECT_EQ(set_roles(as_alice_, alice_.id, {"administrator"}), "insufficient_scope");
    EXPECT_EQ(set_state(as_alice_, bob_.id, store::UserState::kDisabled), "insufficient_scope");
}

TEST_F(UsersTest, WithoutRolesAPersonIsAMemberAndAMachineAVerifier) {
    CreateUser person;
    person.email = " Carol@Example.COM ";
    const auto made = add_user(as_admin_, person).value();
    EXPECT_EQ(made.roles, std::vector<RoleId>{built_in_role("member")});
    EXPECT_EQ(made.login, "carol@example.com");
    CreateUser gateway;
    gateway.kind = store::UserKind::kMachine;
    gateway.name = "gateway";
    EXPECT_EQ(add_user(as_admin_, gateway).value().roles,
              std::vector<RoleId>{built_in_role("verifier")});
}

TEST_F(UsersTest, WhatIsWrongIsNamed) {
    CreateUser wanted;
    for (const char* email : {"", "x", "@x", "x@", "a@b@c", "a b@c", "\"a\"@c", "a\n@c"}) {
        wanted.email = email;
        EXPECT_EQ(reason_of(add_user(as_admin_, wanted)), "bad_email") << email;
    }
    wanted.email = "ALICE@example.com";
    EXPECT_EQ(reason_of(add_user(as_admin_, wanted)), "user_exists");
    wanted.email = "new@example.com";
    wanted.roles = {"emperor"};
    EXPECT_EQ(reason_of(add_user(as_admin_, wanted)), "unknown_role");
    wanted.roles = {};
    wanted.verifies = {"billing"};
    EXPECT_EQ(reason_of(add_user(as_admin_, wanted)), "not_a_machine");
    wanted.kind = store::UserKind::kMachine;
    wanted.name = "gateway";
    wanted.verifies = {"nowhere"};
    EXPECT_EQ(reason_of(add_user(as_admin_, wanted)), "unknown_api");
}

TEST_F(UsersTest, APersonIsNeverMadeAVerifierLaterEither) {
    EditUser wanted;
    wanted.verifies = {{"billing"}};
    EXPECT_EQ(reason_of(edit(as_admin_, alice_.id, wanted)), "not_a_machine");
}

// A machine's token with user:write would else read every API's tokens by way of its own owner.
TEST_F(UsersTest, ATokenBindsVerifiersOnlyToWhatItsOwnUserVerifies) {
    add_api("wiki");
    const Rights rights = {
        {"latchkey", {"user:write", "token:verify", "account:read", "token:read"}}};
    ASSERT_TRUE(write<store::RoleRecord>([&](store::Transaction& tx) {
        return create_role(tx, as_admin_, *authority->directory().view(), "provisioner", rights);
    }));
    const auto robot = machine("robot", "billing", "provisioner");
    CreateToken minted;
    minted.api = "latchkey";
    minted.scopes = rights.at("latchkey");
    minted.owner = robot.id;
    const Actor as_robot = token_actor(create(as_admin_, minted).value());
    const auto gateway = machine("gateway", "wiki");
    const auto set = [&](const Actor& actor, const UserId& id, std::vector<std::string> apis) {
        EditUser wanted;
        wanted.verifies = std::move(apis);
        return reason_of(edit(actor, id, wanted));
    };
    EXPECT_EQ(set(as_robot, robot.id, {"billing", "wiki"}), "insufficient_scope");
    EXPECT_EQ(set(as_robot, gateway.id, {"wiki", "latchkey"}), "insufficient_scope");
    EXPECT_EQ(set(as_robot, gateway.id, {"wiki", "billing"}), "");
    EXPECT_EQ(set(as_robot, gateway.id, {}), "");
    EXPECT_EQ(set(as_robot, gateway.id, {"wiki"}), "insufficient_scope");  // not his any more
    CreateUser wanted;
    wanted.kind = store::UserKind::kMachine;
    wanted.name = "second";
    wanted.verifies = {"wiki"};
    EXPECT_EQ(reason_of(add_user(as_robot, wanted)), "insufficient_scope");
    wanted.verifies = {"billing"};
    EXPECT_EQ(reason_of(add_user(as_robot, wanted)), "");
    EXPECT_EQ(set(as_admin_, gateway.id, {"wiki"}), "");  // a session, and who may do everything
    const Actor everything = token_actor(token(as_admin_, "latchkey", {"*"}));
    EXPECT_EQ(set(everything, gateway.id, {"wiki", "billing"}), "");
}

TEST_F(UsersTest, NobodyMakesAnAdministratorWithoutBeingOne) {
    const auto made = token(as_admin_, "latchkey", {"user:write", "user:read"});
    const Actor actor = token_actor(made);
    CreateUser wanted;
    wanted.kind = store::UserKind::kMachine;
    wanted.name = "robot";
    wanted.roles = {"verifier", "administrator"};
    EXPECT_EQ(reason_of(add_user(actor, wanted)), "insufficient_scope");
    EXPECT_EQ(set_roles(actor, bob_.id, {"administrator"}), "insufficient_scope");
    EXPECT_EQ(set_roles(as_admin_, bob_.id, {"administrator"}), "");
}

// It could choose the password, log in, and so become a session that outlives it.
TEST_F(UsersTest, NoTokenMakesAPersonWhateverItMayDo) {
    const Actor everything = token_actor(token(as_admin_, "latchkey", {"*"}));
    CreateUser wanted;
    wanted.email = "eve@example.com";
    wanted.roles = {"administrator"};
    const auto before = revision();
    EXPECT_EQ(reason_of(add_user(everything, wanted)), "session_needed");
    wanted.roles = {};
    EXPECT_EQ(reason_of(add_user(everything, wanted)), "session_needed");
    EXPECT_EQ(reason_of(create_user_with_password(*authority, everything, wanted,
                                                  Secret("four unrelated plain words"))),
              "session_needed");
    EXPECT_EQ(revision(), before);
    EXPECT_TRUE(add_user(as_admin_, wanted));
}

TEST_F(UsersTest, NoTokenRaisesAPersonOrLetsOneInAgain) {
    const Actor everything = token_actor(token(as_admin_, "latchkey", {"*"}));
    EXPECT_EQ(set_roles(everything, bob_.id, {"member", "administrator"}), "session_needed");
    EXPECT_EQ(set_roles(everything, bob_.id, {"verifier"}), "session_needed");
    EXPECT_EQ(set_roles(everything, admin_.id, {"administrator", "member"}), "session_needed");
    // What stops somebody must not wait for a person.
    ASSERT_EQ(set_roles(as_admin_, bob_.id, {"member", "administrator"}), "");
    EXPECT_EQ(set_roles(everything, bob_.id, {"member"}), "");
    EXPECT_EQ(set_state(everything, bob_.id, store::UserState::kDisabled), "");
    EXPECT_EQ(set_state(everything, bob_.id, store::UserState::kActive), "session_needed");
    EXPECT_EQ(set_state(as_admin_, bob_.id, store::UserState::kActive), "");
}

TEST_F(UsersTest, ATokenManagesMachinesWithinWhatItHas) {
    const Actor everything = token_actor(token(as_admin_, "latchkey", {"*"}));
    CreateUser wanted;
    wanted.kind = store::UserKind::kMachine;
    wanted.name = "robot";
    const auto robot = add_user(everything, wanted).value();
    EXPECT_EQ(set_roles(everything, robot.id, {"verifier", "member"}), "");
    EXPECT_EQ(set_state(everything, robot.id, store::UserState::kDisabled), "");
    EXPECT_EQ(set_state(everything, robot.id, store::UserState::kActive), "");
    const Actor narrow = token_actor(token(as_admin_, "latchkey", {"user:write", "user:read"}));
    EXPECT_EQ(set_roles(narrow, robot.id, {"administrator"}), "insufficient_scope");
}

TEST_F(UsersTest, DisablingStopsTokensAndSessionsAtOnce) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(set_state(as_admin_, alice_.id, store::UserState::kDisabled), "");
    EXPECT_EQ(verdict(made), "owner_disabled");
    std::vector<std::string> patterns;
    {
        const verify::ReadGuard guard(*reader);
        EXPECT_FALSE(reader->find_user_patterns(alice_.id, kManagementApi, patterns));
    }
    EXPECT_EQ(set_state(as_admin_, alice_.id, store::UserState::kActive), "");
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(UsersTest, ADemotionTakesEffectOnTokensThatExist) {
    const auto made = token(as_alice_, "latchkey", {"*"});
    EXPECT_TRUE(token_actor(made).may("token:write"));
    EXPECT_EQ(set_roles(as_admin_, alice_.id, {"verifier"}), "");
    EXPECT_FALSE(token_actor(made).may("token:write"));
    EXPECT_TRUE(token_actor(made).may("token:read"));
}

TEST_F(UsersTest, NobodyDisablesHimself) {
    EXPECT_EQ(set_state(as_admin_, admin_.id, store::UserState::kDisabled), "own_account");
}

TEST_F(UsersTest, TheLastAdministratorStaysOne) {
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {"member"}), "last_administrator");
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {}), "last_administrator");
    EXPECT_EQ(set_state(Actor::system(), admin_.id, store::UserState::kDisabled),
              "last_administrator");
    // A machine that may do everything cannot log in and let anybody back in.
    machine("robot", "", "administrator");
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {"member"}), "last_administrator");
    // Neither can one who is disabled.
    const auto second = human("second@example.com", "administrator");
    EXPECT_EQ(set_state(as_admin_, second.id, store::UserState::kDisabled), "");
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {"member"}), "last_administrator");
    EXPECT_EQ(set_state(as_admin_, second.id, store::UserState::kActive), "");
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {"member", "administrator"}), "");
    EXPECT_EQ(set_roles(as_admin_, admin_.id, {"member"}), "");
}

TEST_F(UsersTest, AnUnknownUserIsUnknownHoweverHeIsNamed) {
    EditUser wanted;
    wanted.name = "x";
    for (const std::string id : {"", "me", "00000000-0000-0000-0000-000000000000", "%"}) {
        EXPECT_EQ(reason_of(write<store::UserRecord>([&](store::Transaction& tx) {
                      return edit_user(tx, as_admin_, *authority->directory().view(), id, wanted);
                  })),
                  "unknown_user")
            << id;
    }
}

TEST_F(UsersTest, TheFirstAdministratorIsMadeOnlyOnce) {
    CreateUser wanted;
    wanted.email = "late@example.com";
    EXPECT_EQ(reason_of(write<store::UserRecord>(
                  [&](store::Transaction& tx) { return create_first_administrator(tx, wanted); })),
              "already_set_up");
}

TEST_F(UsersTest, NoEventHoldsAPasswordHash) {
    CreateUser wanted;
    wanted.email = "carol@example.com";
    wanted.password_hash = "$argon2id$canary";
    ASSERT_TRUE(add_user(as_admin_, wanted));
    for (const auto& event : events()) {
        EXPECT_EQ(event.body.find("canary"), std::string::npos);
    }
}

}  // namespace
}  // namespace latchkey::authority
