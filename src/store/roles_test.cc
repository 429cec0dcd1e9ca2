#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::id;
using testing::StoreTest;

class Roles : public StoreTest {
protected:
    using Found = std::optional<RoleRecord>;

    void SetUp() override {
        StoreTest::SetUp();
        write([](Connection& db) -> Status {
            TRY(insert_role(db, RoleRecord{id<RoleId>(1), "auditor", false, "{}"}));
            return insert_role(db, RoleRecord{id<RoleId>(2), "member", true, "{}"});
        });
    }
    Found find(std::uint64_t number) {
        return ask<Found>([=](Connection& db) { return find_role(db, id<RoleId>(number)); });
    }
    std::uint64_t uses(std::uint64_t number) {
        return ask<std::uint64_t>(
            [=](Connection& db) { return count_role_uses(db, id<RoleId>(number)); });
    }
    Status remove(std::uint64_t number) {
        return store_->mutate([=](Transaction& transaction) {
            return delete_role(transaction.connection(), id<RoleId>(number));
        });
    }
    static MembershipRecord auditor_in(std::uint64_t project) {
        MembershipRecord made = testing::membership(project);
        made.role = ProjectRole::kCustom;
        made.custom_role = id<RoleId>(1);
        return made;
    }
};

TEST_F(Roles, AreFoundChangedAndDeleted) {
    write([](Connection& db) {
        return update_role(db, RoleRecord{id<RoleId>(1), "reader", true, R"({"a":["b:c"]})"});
    });
    ASSERT_TRUE(find(1));
    EXPECT_EQ(find(1)->name, "reader");
    EXPECT_EQ(find(1)->patterns_json, R"({"a":["b:c"]})");
    EXPECT_FALSE(find(1)->is_built_in);  // nothing becomes built in
    EXPECT_TRUE(find(2)->is_built_in);
    ASSERT_TRUE(remove(1));
    EXPECT_FALSE(find(1));
    EXPECT_EQ(remove(1).error().code, ErrorCode::kNotFound);
}

TEST_F(Roles, ANameIsTakenOnce) {
    const Status status = store_->mutate([](Transaction& transaction) {
        return update_role(transaction.connection(),
                           RoleRecord{id<RoleId>(1), "member", false, "{}"});
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kConflict);
}

TEST_F(Roles, OneThatSomebodyHasIsCountedAndNotDeleted) {
    UserRecord user = testing::user(2);
    user.roles = {id<RoleId>(1)};
    write([&](Connection& db) -> Status {
        TRY(insert_user(db, user));
        TRY(insert_project(db, testing::project(1)));
        return put_membership(db, auditor_in(1));
    });
    EXPECT_EQ(uses(1), 2U);
    EXPECT_EQ(uses(2), 0U);
    EXPECT_FALSE(remove(1));
    user.roles.clear();
    write([&](Connection& db) { return update_user(db, user); });
    EXPECT_EQ(uses(1), 1U);
    EXPECT_FALSE(remove(1));
    write([](Connection& db) { return delete_membership(db, id<ProjectId>(1), id<UserId>(1)); });
    EXPECT_EQ(uses(1), 0U);
    EXPECT_TRUE(remove(1));
}

TEST_F(Roles, ADeletedProjectHoldsNone) {
    ProjectRecord gone = testing::project(1);
    gone.deleted_at = at(2'000);
    write([&](Connection& db) -> Status {
        TRY(insert_project(db, gone));
        return put_membership(db, auditor_in(1));
    });
    EXPECT_EQ(uses(1), 0U);
    EXPECT_TRUE(remove(1));
    EXPECT_EQ(integrity(), "0 events, 0 tokens");
}

}  // namespace
}  // namespace latchkey::store
