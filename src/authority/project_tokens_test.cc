#include "authority/project_tokens.h"

#include "authority/testing_keys.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class ProjectTokensTest : public testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        project_ = testing::project_of(*this, as_alice_, "robots");
    }
    Result<CreatedProjectToken> try_create(const Actor& actor, const std::string& project,
                                           std::vector<std::string> permissions) {
        return write<CreatedProjectToken>([&](store::Transaction& tx) {
            return create_project_token(tx, actor, *authority->directory().view(), project,
                                        {"aggregator", permissions});
        });
    }
    Result<ProjectTokenPage> list(const Actor& actor) {
        store::TokenQuery query;
        query.now = clock.now();
        return authority->store().query<ProjectTokenPage>(
            [&](store::Connection& db) { return list_project_tokens(db, actor, project_, query); });
    }
    // "active" …, for this scope in the project, or without one.
    std::string verdict_of(const CreatedProjectToken& made, std::string_view scope,
                           bool in_project) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find(sha256(made.text.expose()), view)) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = "pipelines";
        wanted.scopes = std::span(&scope, 1);
        if (in_project) {
            wanted.project = ProjectId::parse(project_);
            reader->find_grant(*wanted.project, view);
        }
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }

    std::string project_;
};

TEST_F(ProjectTokensTest, ATokenOfAProjectDoesWhatItsPermissionsSayThereAndOutlivesItsMaker) {
    const auto before = revision();
    const auto made = try_create(as_alice_, project_, {"create:*", "read:*"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(made->token.owner.uuid(), project_);
    EXPECT_EQ(verdict_of(*made, "create:pipeline", true), "active");
    EXPECT_EQ(verdict_of(*made, "read:pipeline", false), "active");
    EXPECT_EQ(verdict_of(*made, "delete:pipeline", true), "insufficient_scope");
    ASSERT_TRUE(try_create(as_alice_, project_, {"delete:*"}));  // its user is there by now
    EditUser leave;
    leave.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, alice_.id, leave));
    EXPECT_EQ(verdict_of(*made, "create:pipeline", true), "active");
}

// He is no person and no machine: what acts for the project is made in the project.
TEST_F(ProjectTokensTest, TheUserOfAProjectIsNobodyWhomATokenCouldBeMadeFor) {
    ASSERT_TRUE(try_create(as_alice_, project_, {"read:*"}));
    CreateToken wanted;
    wanted.owner = UserId::parse(project_);
    const auto before = revision();
    const auto refused = create(as_admin_, wanted);
    ASSERT_FALSE(refused);
    wanted.owner = UserId{};
    const auto unknown = create(as_admin_, wanted);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(refused.error().reason, "unknown_owner");
    EXPECT_EQ(refused.error().message, unknown.error().message);
    EXPECT_EQ(refused.error().field, unknown.error().field);
    EXPECT_EQ(refused.error().code, unknown.error().code);
    EXPECT_EQ(revision(), before);
}

TEST_F(ProjectTokensTest, TheyDieWithTheirProject) {
    const auto made = try_create(as_alice_, project_, {"read:*"}).value();
    ASSERT_TRUE(authority->store().mutate(
        [&](store::Transaction& tx) { return delete_project(tx, as_alice_, project_); }));
    EXPECT_EQ(verdict_of(made, "read:pipeline", false), "owner_disabled");
    EXPECT_EQ(reason_of(list(as_alice_)), "unknown_project");
}

TEST_F(ProjectTokensTest, AnEmptyListNeverMeansEverything) {
    EXPECT_EQ(reason_of(try_create(as_alice_, project_, {})), "no_permissions");
    EXPECT_EQ(reason_of(try_create(as_alice_, project_, {"read:*", "read:*"})),
              "duplicate_permission");
    const auto unknown = try_create(as_alice_, project_, {"read:*", "raed:*"});
    EXPECT_EQ(reason_of(unknown), "unknown_scope");
    EXPECT_EQ(unknown.error().field, "/permissions/1");
}

TEST_F(ProjectTokensTest, OnlyMembersSeeThemAndTheyByTheOrdinaryRoutesToo) {
    const auto made = try_create(as_alice_, project_, {"read:*"}).value();
    const std::string id = made.token.id.uuid();
    EXPECT_EQ(list(as_alice_).value().tokens.size(), 1U);
    EXPECT_EQ(reason_of(list(as_bob_)), "unknown_project");
    EXPECT_EQ(reason_of(try_create(as_bob_, project_, {"read:*"})), "unknown_project");
    EXPECT_EQ(reason_of(change(as_bob_, id, TokenChange::kRevoke)), "unknown_token");
    EXPECT_EQ(list(as_admin_).value().tokens.size(), 1U);
    ASSERT_TRUE(change(as_alice_, id, TokenChange::kRevoke));
    EXPECT_EQ(verdict_of(made, "read:pipeline", true), "revoked");
    EXPECT_TRUE(list(as_alice_).value().tokens.empty());
}

TEST_F(ProjectTokensTest, AMemberReadsAndDoesNotChange) {
    const auto made = try_create(as_alice_, project_, {"read:*"}).value();
    store::MembershipRecord bob;
    bob.project = *ProjectId::parse(project_);
    bob.user = bob_.id;
    bob.role = store::ProjectRole::kMember;
    ASSERT_TRUE(authority->store().mutate(
        [&](store::Transaction& tx) { return store::put_membership(tx.connection(), bob); }));
    EXPECT_EQ(list(as_bob_).value().tokens.size(), 1U);
    EXPECT_EQ(reason_of(try_create(as_bob_, project_, {"read:*"})), "insufficient_scope");
    EXPECT_EQ(reason_of(change(as_bob_, made.token.id.uuid(), TokenChange::kRevoke)),
              "insufficient_scope");
    bob.role = store::ProjectRole::kViewer;
    ASSERT_TRUE(authority->store().mutate(
        [&](store::Transaction& tx) { return store::put_membership(tx.connection(), bob); }));
    EXPECT_EQ(reason_of(list(as_bob_)), "insufficient_scope");
    EXPECT_EQ(reason_of(change(as_bob_, made.token.id.uuid(), TokenChange::kRevoke)),
              "unknown_token");
}

TEST_F(ProjectTokensTest, ATokenMakesNoneForItHasNoneOfTheirPermissions) {
    const Actor actor = token_actor(token(as_alice_, "latchkey", {"token:write", "token:read"}));
    EXPECT_EQ(reason_of(try_create(actor, project_, {"read:*"})), "insufficient_scope");
}

}  // namespace
}  // namespace latchkey::authority
