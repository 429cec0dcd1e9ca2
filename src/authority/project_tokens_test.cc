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

class EditProjectTokenTest : public ProjectTokensTest {
protected:
    void SetUp() override {
        ProjectTokensTest::SetUp();
        made_ = try_create(as_alice_, project_, {"create:*", "read:*"}).value();
    }
    std::string edit_token(const Actor& actor, const EditProjectToken& edit) {
        return reason_of(write<TokenDetails>([&](store::Transaction& tx) {
            return edit_project_token(tx, actor, *authority->directory().view(),
                                      made_.token.id.uuid(), edit);
        }));
    }
    // As one of the project's own tokens acts where a dialect lets it in.
    Actor itself() {
        Actor actor;
        actor.user = made_.token.owner;
        actor.token = made_.token.id;
        actor.permissions = {"token:write", "token:read"};
        return actor;
    }

    CreatedProjectToken made_;
};

TEST_F(EditProjectTokenTest, ItsRightsInTheProjectFollowItsPermissions) {
    EXPECT_EQ(edit_token(as_alice_, {.permissions = {{"read:*", "delete:*"}}}), "");
    EXPECT_EQ(verdict_of(made_, "delete:pipeline", true), "active");
    EXPECT_EQ(verdict_of(made_, "create:pipeline", true), "insufficient_scope");
    EXPECT_EQ(edit_token(as_alice_, {.permissions = {{"read:*"}}}), "");
    EXPECT_EQ(verdict_of(made_, "delete:pipeline", true), "insufficient_scope");
    EXPECT_EQ(edit_token(as_alice_, {.permissions = std::vector<std::string>{}}), "no_permissions");
    EXPECT_EQ(edit_token(as_alice_, {.permissions = {{"read:*", "read:*"}}}),
              "duplicate_permission");
    const auto before = revision();
    EXPECT_EQ(edit_token(as_alice_, {.name = "aggregator", .permissions = {{"read:*"}}}), "");
    EXPECT_EQ(revision(), before);
}

TEST_F(EditProjectTokenTest, NoTokenWidensIt) {
    EXPECT_EQ(edit_token(itself(), {.permissions = {{"create:*", "read:*", "update:*"}}}),
              "insufficient_scope");
    EXPECT_EQ(edit_token(itself(), {.permissions = {{"read:*"}}}), "");
    EXPECT_EQ(edit_token(itself(), {.permissions = {{"create:*", "read:*"}}}),
              "insufficient_scope");
    const auto manager = token_actor(token(as_alice_, "latchkey", {"token:write", "token:read"}));
    EXPECT_EQ(edit_token(manager, {.permissions = {{"create:*", "read:*"}}}), "insufficient_scope");
    EXPECT_EQ(edit_token(as_bob_, {.name = "mine"}), "unknown_token");
}

TEST_F(EditProjectTokenTest, ANameOfItsOwnIsAskedForOnlyWhereItIsWanted) {
    const auto second = [&](bool is_unique) {
        return reason_of(write<CreatedProjectToken>([&](store::Transaction& tx) {
            return create_project_token(tx, as_alice_, *authority->directory().view(), project_,
                                        {"aggregator", {"read:*"}, is_unique});
        }));
    };
    EXPECT_EQ(second(true), "token_name_taken");
    EXPECT_EQ(second(false), "");
    EXPECT_EQ(edit_token(as_alice_, {.name = "other"}), "");
    EXPECT_EQ(edit_token(as_alice_, {.name = "aggregator"}), "token_name_taken");
    EXPECT_EQ(edit_token(as_alice_, {.name = "Aggregator"}), "");
}

TEST_F(EditProjectTokenTest, OnlyTokensOfProjectsAreFoundAndDeadOnesStayDead) {
    const auto own = token(as_alice_, "billing", {"license:read"}).token.id.uuid();
    const auto get = [&](const std::string& id) {
        return reason_of(authority->store().query<TokenDetails>(
            [&](store::Connection& db) { return get_project_token(db, as_alice_, id); }));
    };
    EXPECT_EQ(get(own), "unknown_token");
    EXPECT_EQ(get(made_.token.id.uuid()), "");
    const auto remove = [&](const std::string& id) {
        return reason_of(authority->store().mutate(
            [&](store::Transaction& tx) { return delete_project_token(tx, as_alice_, id); }));
    };
    EXPECT_EQ(remove(own), "unknown_token");
    ASSERT_TRUE(change(as_alice_, made_.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(edit_token(as_alice_, {.name = "x"}), "token_revoked");
    EXPECT_EQ(remove(made_.token.id.uuid()), "");
    EXPECT_EQ(get(made_.token.id.uuid()), "unknown_token");
}

// Its own token sees its project, as far as who let it in says, and no other.
TEST_F(EditProjectTokenTest, AProjectIsThereForItsOwnTokensAndTheyAreNoMembers) {
    auto actor = itself();
    actor.permissions = {"project:read", "project:write", "policy:write"};
    const auto access = [&](const std::string& project) {
        return authority->store().query<ProjectAccess>(
            [&](store::Connection& db) { return access_to_project(db, actor, project); });
    };
    const auto own = access(project_);
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_TRUE(own->may("project:read"));
    EXPECT_FALSE(own->may("token:write"));   // not let in for it
    EXPECT_FALSE(own->may("policy:write"));  // nor is it the project's to do
    EXPECT_FALSE(own->is_owner);
    EXPECT_FALSE(own->membership);
    EXPECT_EQ(reason_of(access(testing::project_of(*this, as_alice_, "another"))),
              "unknown_project");
    actor.token.reset();
    EXPECT_EQ(reason_of(access(project_)), "unknown_project");
}

}  // namespace
}  // namespace latchkey::authority
