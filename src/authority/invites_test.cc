#include "authority/invites.h"

#include "authority/login.h"
#include "authority/roles.h"
#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using std::chrono::hours;
using testing::reason_of;

constexpr std::string_view kPassword = "four unrelated plain words";

class InvitesTest : public testing::AuthorityTest {
protected:
    Invited invite(const std::string& email, const std::string& role = "member") {
        CreateUser wanted;
        wanted.email = email;
        wanted.roles = {role};
        return invite_new_user(*authority, as_admin_, wanted).value();
    }
    Result<store::UserRecord> accept(std::string_view code, std::string_view password = kPassword) {
        AcceptInvite wanted;
        wanted.code = Secret(std::string(code));
        wanted.password = Secret(std::string(password));
        return accept_invite(*authority, wanted);
    }
    Result<LoggedIn> try_login(const std::string& email, std::string_view password = kPassword) {
        Login login;
        login.login = email;
        login.password = Secret(std::string(password));
        return log_in(*authority, login);
    }
    // Who may look after people, and do nothing else.
    Actor manager() {
        const auto role = write<store::RoleRecord>([&](store::Transaction& tx) {
            return create_role(tx, as_admin_, *authority->directory().view(), "people",
                               Rights{{"latchkey", {"user:read", "user:write", "account:read"}}});
        });
        EXPECT_TRUE(role) << role.error().message;
        return session_of(human("manager@example.com", "people").id);
    }
    store::UserRecord person(const UserId& id) {
        return authority->store()
            .query<store::UserRecord>([&](store::Connection& db) { return get_user(db, id); })
            .value();
    }
};

TEST_F(InvitesTest, APersonChoosesHisPasswordAndLogsIn) {
    const auto made = invite("grace@example.com");
    EXPECT_TRUE(made.code.expose().starts_with("lki_"));
    EXPECT_EQ(person(made.user.id).invited_until, made.user.invited_until);
    EXPECT_EQ(reason_of(try_login("grace@example.com", "")), "bad_credentials");
    const auto read = read_invite(*authority, made.code.expose());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->login, "grace@example.com");
    ASSERT_TRUE(accept(made.code.expose()));
    EXPECT_TRUE(try_login("grace@example.com"));
    EXPECT_FALSE(person(made.user.id).invited_until);
    EXPECT_EQ(events().back().type, "user.password_changed");
    EXPECT_EQ(events().back().actor, "user/" + made.user.id.uuid());
    EXPECT_EQ(events().back().body.find("argon2"), std::string::npos);
}

TEST_F(InvitesTest, ALinkServesOnce) {
    const auto made = invite("grace@example.com");
    ASSERT_TRUE(accept(made.code.expose()));
    EXPECT_EQ(reason_of(accept(made.code.expose(), "a wholly different one")), "bad_invite");
    EXPECT_EQ(reason_of(read_invite(*authority, made.code.expose())), "bad_invite");
    EXPECT_TRUE(try_login("grace@example.com"));
}

TEST_F(InvitesTest, ABadPasswordDoesNotUseTheLinkUp) {
    const auto made = invite("grace@example.com");
    EXPECT_EQ(reason_of(accept(made.code.expose(), "short")), "bad_password");
    EXPECT_TRUE(accept(made.code.expose()));
}

TEST_F(InvitesTest, ALinkDiesWithTimeWithAnotherAndWhenItIsWithdrawn) {
    const auto first = invite("grace@example.com");
    const auto id = first.user.id.uuid();
    const auto second = invite_again(*authority, as_admin_, id).value();
    EXPECT_EQ(events().back().type, "user.invited");
    EXPECT_EQ(reason_of(accept(first.code.expose())), "bad_invite");
    ASSERT_TRUE(withdraw_invite(*authority, as_admin_, id));
    EXPECT_EQ(reason_of(accept(second.code.expose())), "bad_invite");
    const auto before = revision();
    ASSERT_TRUE(withdraw_invite(*authority, as_admin_, id));
    EXPECT_EQ(revision(), before);  // there was none
    const auto third = invite_again(*authority, as_admin_, id).value();
    clock.advance(kInviteLife);
    EXPECT_EQ(reason_of(accept(third.code.expose())), "bad_invite");
}

TEST_F(InvitesTest, ADisabledUsersLinkDoesNotComeBackWithHim) {
    const auto made = invite("grace@example.com");
    EditUser wanted;
    wanted.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, made.user.id, wanted));
    EXPECT_EQ(reason_of(invite_again(*authority, as_admin_, made.user.id.uuid())), "user_disabled");
    wanted.state = store::UserState::kActive;
    ASSERT_TRUE(edit(as_admin_, made.user.id, wanted));
    EXPECT_EQ(reason_of(accept(made.code.expose())), "bad_invite");
}

TEST_F(InvitesTest, ANewPasswordEndsEverySession) {
    const auto session = open_session(*authority, alice_, {}).value();
    const auto made = invite_again(*authority, as_admin_, alice_.id.uuid()).value();
    const auto digest = sha256(session.secret.expose());
    EXPECT_TRUE(authority->sessions().use(digest, clock.now()));
    ASSERT_TRUE(accept(made.code.expose()));
    EXPECT_FALSE(authority->sessions().use(digest, clock.now()));
    reopen();
    EXPECT_FALSE(authority->sessions().use(digest, clock.now()));
}

TEST_F(InvitesTest, NobodyMakesALinkForWhoMayDoMore) {
    const auto as_manager = manager();
    const auto again = [&](const UserId& id) {
        return reason_of(invite_again(*authority, as_manager, id.uuid()));
    };
    EXPECT_EQ(again(admin_.id), "insufficient_scope");
    EXPECT_EQ(again(alice_.id), "insufficient_scope");  // a member makes tokens
    const auto peer = human("peer@example.com", "people");
    EXPECT_EQ(again(peer.id), "");
    const auto link = invite_again(*authority, as_manager, peer.id.uuid()).value();
    ASSERT_TRUE(accept(link.code.expose()));
    // He has been here: whatever he owns by now is not in his roles.
    EXPECT_EQ(again(peer.id), "insufficient_scope");
    EXPECT_EQ(reason_of(invite_again(*authority, as_alice_, bob_.id.uuid())), "insufficient_scope");
    const auto robot = machine("robot", "billing");
    EXPECT_EQ(reason_of(invite_again(*authority, as_admin_, robot.id.uuid())), "not_a_person");
    EXPECT_EQ(reason_of(invite_again(*authority, as_admin_, "nonsense")), "unknown_user");
}

TEST_F(InvitesTest, WhoWasGivenAPlaceBeforeHeCameIsInvitedAgainByWhoMayDoEverything) {
    const auto as_manager = manager();
    const auto made = invite("grace@example.com", "people");
    const auto again = [&](const Actor& actor) {
        return reason_of(invite_again(*authority, actor, made.user.id.uuid()));
    };
    EXPECT_EQ(again(as_manager), "");
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
        store::MembershipRecord place;
        place.project = TRY(store::list_projects(tx.connection(), {})).front().id;
        place.user = made.user.id;
        place.role = store::ProjectRole::kOwner;
        return store::put_membership(tx.connection(), place);
    }));
    EXPECT_EQ(again(as_manager), "insufficient_scope");
    EXPECT_EQ(again(as_admin_), "");
}

// The manager may have kept the link that he made.
TEST_F(InvitesTest, ALinkEndsWhenSomebodyElseRaisesWhoItIsFor) {
    const auto as_manager = manager();
    CreateUser wanted;
    wanted.email = "grace@example.com";
    wanted.roles = {"people"};
    const auto made = invite_new_user(*authority, as_manager, wanted).value();
    const auto raise = [&](std::vector<std::string> roles) {
        EditUser more;
        more.roles = std::move(roles);
        return edit(as_admin_, made.user.id, more).value();
    };
    EXPECT_TRUE(raise({"people"}).invited_until);  // nothing new
    EXPECT_FALSE(raise({"people", "administrator"}).invited_until);
    EXPECT_FALSE(person(made.user.id).invited_until);
    EXPECT_EQ(reason_of(accept(made.code.expose())), "bad_invite");
    // His own he may raise as he likes.
    const auto own = invite("ivy@example.com");
    EditUser more;
    more.roles = {{"administrator"}};
    ASSERT_TRUE(edit(as_admin_, own.user.id, more));
    EXPECT_TRUE(accept(own.code.expose()));
}

TEST_F(InvitesTest, ALinkIsWorthNoMoreThanWhoMadeItIsNow) {
    const auto as_manager = manager();
    CreateUser wanted;
    wanted.roles = {"people"};
    const auto made_by_manager = [&](const std::string& email) {
        wanted.email = email;
        return invite_new_user(*authority, as_manager, wanted).value();
    };
    const auto works = [&](const Invited& made) {
        return read_invite(*authority, made.code.expose()).has_value();
    };
    const auto given = made_by_manager("given@example.com");
    EXPECT_TRUE(works(given));
    CreateToken token;
    token.api = "latchkey";
    token.scopes = {{"account:read"}};
    token.owner = given.user.id;
    ASSERT_TRUE(create(as_admin_, token));  // something that is for him alone
    EXPECT_FALSE(works(given));
    const auto said = accept(given.code.expose()).error().message;
    EXPECT_NE(said.find("given more since"), std::string::npos) << said;
    const auto plain = made_by_manager("plain@example.com");
    EditUser demoted;
    demoted.roles = {{"member"}};
    ASSERT_TRUE(edit(as_admin_, as_manager.user, demoted));
    EXPECT_FALSE(works(plain));
    EXPECT_EQ(reason_of(accept(plain.code.expose())), "bad_invite");
    demoted.roles = {{"people"}};
    ASSERT_TRUE(edit(as_admin_, as_manager.user, demoted));
    EXPECT_TRUE(works(plain));
    EditUser disabled;
    disabled.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, as_manager.user, disabled));
    EXPECT_FALSE(works(plain));
}

TEST_F(InvitesTest, NoTokenInvitesAnybodyWhateverItMayDo) {
    const auto invited = invite("ivy@example.com").user;
    for (const auto& scopes : std::vector<std::vector<std::string>>{{"user:write"}, {"*"}}) {
        const auto made = token(as_admin_, "latchkey", scopes);
        const auto actor = token_actor(made);
        CreateUser wanted;
        wanted.email = "grace@example.com";
        EXPECT_EQ(reason_of(invite_new_user(*authority, actor, wanted)), "session_needed");
        for (const auto& id : {alice_.id, invited.id}) {
            EXPECT_EQ(reason_of(invite_again(*authority, actor, id.uuid())), "session_needed");
            EXPECT_EQ(reason_of(withdraw_invite(*authority, actor, id.uuid())), "session_needed");
        }
    }
}

}  // namespace
}  // namespace latchkey::authority
