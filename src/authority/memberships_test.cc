#include "authority/memberships.h"

#include "authority/project_testing.h"
#include "authority/rights.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class MembershipsTest : public testing::ProjectTest {
protected:
    void SetUp() override {
        ProjectTest::SetUp();
        project_ = project();
        clock.advance(std::chrono::seconds(1));
        ASSERT_TRUE(put(as_alice_, project_, bob_.id, "viewer"));
    }
    Result<std::vector<Member>> list(const Actor& actor, const MemberQuery& query = {}) {
        return read<std::vector<Member>>(
            [&](store::Connection& db) { return list_memberships(db, actor, project_, query); });
    }
    std::optional<Member> find(const Actor& actor, const UuidBytes& id) {
        return read<std::optional<Member>>(
                   [&](store::Connection& db) { return find_member(db, actor, id); })
            .value();
    }
    UuidBytes id_of(const UserId& user) { return member_id(*ProjectId::parse(project_), user); }

    std::string project_;
};

TEST_F(MembershipsTest, AreListedNewestFirstWithWhatTheirPlacesAllow) {
    const auto members = list(as_alice_).value();
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(members[0].user.login, "bob@example.com");
    EXPECT_EQ(members[0].place, (std::vector<std::string>{"project:read", "policy:read"}));
    EXPECT_EQ(members[1].user.login, "alice@example.com");
    EXPECT_TRUE(covers(members[1].place, "token:write"));
    EXPECT_EQ(list(as_bob_).value().size(), 2U);
    EXPECT_EQ(list(as_admin_).value().size(), 2U);
    ASSERT_TRUE(remove(as_alice_, project_, bob_.id));
    EXPECT_EQ(reason_of(list(as_bob_)), "unknown_project");
}

TEST_F(MembershipsTest, APageGoesOnAfterItsLastOne) {
    const auto first = list(as_alice_, {.limit = 1}).value();
    ASSERT_EQ(first.size(), 1U);
    const auto second = list(as_alice_, {.before = id_of(first[0].user.id)}).value();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].user.id, alice_.id);
    EXPECT_TRUE(list(as_alice_, {.before = id_of(alice_.id)}).value().empty());
    EXPECT_EQ(reason_of(list(as_alice_, {.before = UuidBytes{}})), "bad_query");
}

// A custom role is what it says, whoever asks.
TEST_F(MembershipsTest, TheirPlaceIsTheirsAndNotTheAskers) {
    ASSERT_TRUE(role(as_admin_, "maker", {{"latchkey", {"project:read", "token:write"}}}));
    ASSERT_TRUE(put(as_admin_, project_, bob_.id, "maker"));
    EXPECT_EQ(list(as_alice_).value()[0].place,
              (std::vector<std::string>{"project:read", "token:write"}));
}

TEST_F(MembershipsTest, EachHasOneIdUnderWhichOnlyWhoSeesTheProjectFindsIt) {
    const auto bob = id_of(bob_.id);
    EXPECT_NE(bob, id_of(alice_.id));
    EXPECT_NE(bob, member_id(*ProjectId::parse(project("another")), bob_.id));
    ASSERT_TRUE(find(as_alice_, bob));
    EXPECT_EQ(find(as_alice_, bob)->membership.user, bob_.id);
    EXPECT_TRUE(find(as_admin_, bob));
    ASSERT_TRUE(remove(as_alice_, project_, bob_.id));
    EXPECT_FALSE(find(as_alice_, bob));
    EXPECT_FALSE(find(as_bob_, id_of(alice_.id)));
    EXPECT_FALSE(find(as_alice_, UuidBytes{}));
}

}  // namespace
}  // namespace latchkey::authority
