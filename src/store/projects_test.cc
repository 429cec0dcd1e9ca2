#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::grant;
using testing::id;
using testing::membership;
using testing::project;
using testing::StoreTest;

class Projects : public StoreTest {
protected:
    using Found = std::optional<ProjectRecord>;
    using Place = std::optional<MembershipRecord>;

    std::vector<ProjectId> list(const ProjectQuery& query) {
        std::vector<ProjectId> ids;
        for (const auto& found : ask<std::vector<ProjectRecord>>(
                 [&](Connection& db) { return list_projects(db, query); })) {
            ids.push_back(found.id);
        }
        return ids;
    }
    Place place(std::uint64_t project_number, std::uint64_t user_number) {
        return ask<Place>([=](Connection& db) {
            return find_membership(db, id<ProjectId>(project_number), id<UserId>(user_number));
        });
    }
};

TEST_F(Projects, AreReadBackChangedAndFoundWhenDeleted) {
    ProjectRecord made = project(1);
    made.description = "first";
    made.api_slug = "billing";
    write([&](Connection& db) { return insert_project(db, made); });
    const auto find = [&](Connection& db) { return find_project(db, made.id); };
    auto found = ask<Found>(find);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, made.name);
    EXPECT_EQ(found->description, "first");
    EXPECT_EQ(found->api_slug, "billing");
    EXPECT_EQ(found->created_at, at(1'000));
    EXPECT_EQ(found->updated_at, at(1'000));
    EXPECT_FALSE(found->deleted_at);
    made.name = "renamed";
    made.description = "second";
    made.api_slug = "";
    made.updated_at = at(2'000);
    made.deleted_at = at(2'000);
    write([&](Connection& db) { return update_project(db, made); });
    found = ask<Found>(find);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "renamed");
    EXPECT_EQ(found->description, "second");
    EXPECT_EQ(found->api_slug, "");
    EXPECT_EQ(found->created_at, at(1'000));
    EXPECT_EQ(found->updated_at, at(2'000));
    EXPECT_EQ(found->deleted_at, at(2'000));
    EXPECT_FALSE(ask<Found>([](Connection& db) { return find_project(db, id<ProjectId>(9)); }));
    const Status missing = store_->mutate([](Transaction& transaction) {
        return update_project(transaction.connection(), project(9));
    });
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST_F(Projects, TwoMayHaveOneName) {
    ProjectRecord twin = project(2);
    twin.name = project(1).name;
    write([&](Connection& db) -> Status {
        TRY(insert_project(db, project(1)));
        return insert_project(db, twin);
    });
    EXPECT_EQ(list({}).size(), 2U);
}

TEST_F(Projects, ComeInPagesForAllOrForAMemberWithoutDeletedOnes) {
    write([](Connection& db) -> Status {
        TRY(insert_user(db, testing::user(2)));
        for (std::uint64_t i = 1; i <= 6; ++i) {
            ProjectRecord made = project(i);
            if (i == 3) made.deleted_at = at(2'000);
            TRY(insert_project(db, made));
            if (i != 4) TRY(put_membership(db, membership(i)));
        }
        return put_membership(db, membership(4, 2));
    });
    const auto ids = [](std::initializer_list<std::uint64_t> numbers) {
        std::vector<ProjectId> made;
        for (const auto number : numbers) {
            made.push_back(id<ProjectId>(number));
        }
        return made;
    };
    EXPECT_EQ(list({}), ids({1, 2, 4, 5, 6}));
    EXPECT_EQ(list({.after = id<ProjectId>(1), .limit = 2}), ids({2, 4}));
    EXPECT_EQ(list({.member = id<UserId>(1)}), ids({1, 2, 5, 6}));
    EXPECT_EQ(list({.member = id<UserId>(1), .after = id<ProjectId>(1), .limit = 2}), ids({2, 5}));
    EXPECT_EQ(list({.member = id<UserId>(2)}), ids({4}));
    EXPECT_EQ(list({.member = id<UserId>(3)}), ids({}));
}

TEST_F(Projects, APlaceIsPutChangedAndTakenAway) {
    MembershipRecord place_of_one = membership(1);
    place_of_one.role = ProjectRole::kOwner;
    write([&](Connection& db) -> Status {
        TRY(insert_role(db, RoleRecord{id<RoleId>(7), "auditor", false, "{}"}));
        TRY(insert_user(db, testing::user(2)));
        TRY(insert_project(db, project(1)));
        TRY(put_membership(db, place_of_one));
        return put_membership(db, membership(1, 2));
    });
    ASSERT_TRUE(place(1, 1));
    EXPECT_EQ(place(1, 1)->role, ProjectRole::kOwner);
    EXPECT_EQ(place(1, 1)->custom_role, std::nullopt);
    EXPECT_EQ(place(1, 1)->created_at, at(1'500));
    place_of_one.role = ProjectRole::kCustom;
    place_of_one.custom_role = id<RoleId>(7);
    place_of_one.created_at = at(9'000);
    write([&](Connection& db) { return put_membership(db, place_of_one); });
    EXPECT_EQ(place(1, 1)->role, ProjectRole::kCustom);
    EXPECT_EQ(place(1, 1)->custom_role, id<RoleId>(7));
    EXPECT_EQ(place(1, 1)->created_at, at(1'500));  // a member since then, whatever he is now
    const auto members = ask<std::vector<MembershipRecord>>(
        [](Connection& db) { return list_members(db, id<ProjectId>(1)); });
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(members[0].user, id<UserId>(1));
    EXPECT_EQ(members[1].user, id<UserId>(2));
    write([](Connection& db) { return delete_membership(db, id<ProjectId>(1), id<UserId>(1)); });
    EXPECT_FALSE(place(1, 1));
    EXPECT_TRUE(place(1, 2));
}

TEST_F(Projects, APlaceNeedsItsProjectItsUserAndARoleThatFits) {
    write([](Connection& db) { return insert_project(db, project(1)); });
    const auto put = [&](const MembershipRecord& wanted) {
        return store_->mutate([&](Transaction& transaction) {
            return put_membership(transaction.connection(), wanted);
        });
    };
    EXPECT_FALSE(put(membership(2)));
    EXPECT_FALSE(put(membership(1, 9)));
    MembershipRecord odd = membership(1);
    odd.role = ProjectRole::kCustom;
    EXPECT_FALSE(put(odd));
    odd.custom_role = id<RoleId>(9);
    EXPECT_FALSE(put(odd));
    EXPECT_TRUE(put(membership(1)));
}

TEST_F(Projects, EveryPlaceIsVisitedButThoseInDeletedProjects) {
    write([](Connection& db) -> Status {
        TRY(insert_user(db, testing::user(2)));
        for (std::uint64_t i = 1; i <= 3; ++i) {
            ProjectRecord made = project(i);
            if (i == 2) made.deleted_at = at(2'000);
            TRY(insert_project(db, made));
            TRY(put_membership(db, membership(i, 2)));
            TRY(put_membership(db, membership(i)));
        }
        return {};
    });
    std::vector<std::pair<ProjectId, UserId>> visited;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_membership(db, [&](const MembershipRecord& found) -> Status {
            visited.emplace_back(found.project, found.user);
            return {};
        });
    }));
    const std::vector<std::pair<ProjectId, UserId>> expected = {{id<ProjectId>(1), id<UserId>(1)},
                                                                {id<ProjectId>(1), id<UserId>(2)},
                                                                {id<ProjectId>(3), id<UserId>(1)},
                                                                {id<ProjectId>(3), id<UserId>(2)}};
    EXPECT_EQ(visited, expected);
}

TEST_F(Projects, TheirUsersAreInNoListAndNoCount) {
    UserRecord own = testing::user(3);
    own.kind = UserKind::kProject;
    write([&](Connection& db) -> Status {
        TRY(insert_project(db, project(3)));
        TRY(insert_user(db, testing::user(2)));
        return insert_user(db, own);
    });
    const auto listed = ask<std::vector<UserRecord>>(
        [](Connection& db) { return list_users(db, std::nullopt, 50); });
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[1].id, id<UserId>(2));
    EXPECT_EQ(ask<std::uint64_t>(count_users), 2U);
    std::vector<UserId> all;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_user(db, [&](const UserRecord& found) -> Status {
            all.push_back(found.id);
            return {};
        });
    }));
    EXPECT_EQ(all, (std::vector<UserId>{id<UserId>(1), id<UserId>(2), id<UserId>(3)}));
    const auto found =
        ask<std::optional<UserRecord>>([](Connection& db) { return find_user(db, id<UserId>(3)); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, UserKind::kProject);
}

TEST_F(Projects, TheFullCheckFindsAUserOfNoProjectAndAPolicyOfNobody) {
    UserRecord own = testing::user(3);
    own.kind = UserKind::kProject;
    write([&](Connection& db) { return insert_user(db, own); });
    EXPECT_EQ(integrity(), "the user of a project has no project");
    write([](Connection& db) -> Status {
        TRY(insert_project(db, project(3)));
        GrantRecord of_user = grant(3, 1);
        of_user.kind = PrincipalKind::kUser;
        return put_grant(db, of_user);
    });
    EXPECT_EQ(integrity(), "0 events, 0 tokens");
    write([](Connection& db) { return put_grant(db, grant(3, 1)); });  // no token has this id
    EXPECT_EQ(integrity(), "a policy in a project belongs to nobody who is there");
}

}  // namespace
}  // namespace latchkey::store
