// The members of a project as Calyptia's clients see them.
#include "dialects/calyptia/testing.h"

namespace latchkey::dialects {
namespace {

class CalyptiaMembers : public calyptia_testing::CalyptiaTest {
protected:
    void SetUp() override {
        CalyptiaTest::SetUp();
        one_ = project("one");
        clock.advance(std::chrono::seconds(1));
        add_member(one_, bob_.id, "member");
        members_ = one_.path + "/members";
    }
    std::string id_of(std::size_t index) {
        return std::string(by_alice("GET", members_).json().at(index).at("id").as_string());
    }
    std::string permissions_of_bob() {
        return to_json(by_alice("GET", members_).json().at(0).at("permissions"));
    }

    Project one_;
    std::string members_;
};

TEST_F(CalyptiaMembers, AreListedNewestFirstWithWhoTheyAre) {
    const auto list = by_alice("GET", members_ + "?");
    ASSERT_EQ(list.status, 200) << list.body;
    const auto bob = list.json().at(0).as_object();
    EXPECT_EQ(bob.size(), 7U);
    EXPECT_EQ(bob.at("userID").as_string(), bob_.id.uuid());
    EXPECT_EQ(bob.at("projectID").as_string(), one_.id);
    EXPECT_EQ(to_json(bob.at("roles")), "[]");
    EXPECT_EQ(to_json(bob.at("permissions")), R"(["read:*"])");
    const auto user = bob.at("user").as_object();
    EXPECT_EQ(user.at("email").as_string(), "bob@example.com");
    EXPECT_TRUE(user.at("avatarURL").is_null());
    EXPECT_EQ(user.at("id").as_string(), bob_.id.uuid());
    const auto alice = list.json().at(1).as_object();
    EXPECT_EQ(to_json(alice.at("roles")), R"(["creator"])");
    EXPECT_EQ(to_json(alice.at("permissions")), kFour);
    // What `calyptia get members` asks for, with the token that it has.
    EXPECT_EQ(call("GET", members_ + "?", calyptia_testing::project_token(one_.token)).body,
              list.body);
    EXPECT_EQ(call("GET", members_, bob_fields_).body, list.body);
}

TEST_F(CalyptiaMembers, PagesGoOnBeforeTheirCursor) {
    const auto first = by_alice("GET", members_ + "?last=1");
    EXPECT_EQ(names(first, "userID"), bob_.id.uuid());
    const auto second = by_alice("GET", next(first));
    EXPECT_EQ(names(second, "userID"), alice_.id.uuid());
    EXPECT_EQ(next(second), "");
    EXPECT_EQ(by_alice("GET", members_ + "?last=0").body, "[]");
}

TEST_F(CalyptiaMembers, AllFourPermissionsAreAnAdminsAndReadingAMembers) {
    const auto path = "/v1/members/" + id_of(0);
    const auto patch = [&](const std::string& body) { return said(by_alice("PATCH", path, body)); };
    EXPECT_EQ(patch(R"({"permissions":[]})"), "204 ");
    EXPECT_EQ(permissions_of_bob(), kFour);
    EXPECT_EQ(to_json(by_alice("GET", members_).json().at(0).at("roles")), R"(["admin"])");
    EXPECT_EQ(patch(R"({"permissions":null})"), "204 ");
    EXPECT_EQ(permissions_of_bob(), kFour);
    EXPECT_EQ(patch(R"({"permissions":["read:*"]})"), "204 ");
    EXPECT_EQ(permissions_of_bob(), R"(["read:*"])");
    EXPECT_EQ(by_alice("PATCH", path, R"({"permissions":["read:*","create:*"]})").status, 400);
    EXPECT_EQ(by_alice("PATCH", path, R"({"permissions":["read:*","create:*"]})").text("error"),
              "invalid permission");
    EXPECT_EQ(patch(R"({"permissions":["admin"]})"), error(400, "invalid permission"));
    EXPECT_EQ(permissions_of_bob(), R"(["read:*"])");
    // A creator who is given everything stays what he is.
    const auto own = "/v1/members/" + id_of(1);
    EXPECT_EQ(said(by_alice("PATCH", own, R"({"permissions":[]})")), "204 ");
    EXPECT_EQ(to_json(by_alice("GET", members_).json().at(1).at("roles")), R"(["creator"])");
    EXPECT_EQ(said(by_alice("PATCH", own, R"({"permissions":["read:*"]})")),
              error(409, "cannot delete last creator"));
}

TEST_F(CalyptiaMembers, WhoIsDeletedSeesNothingAnyMore) {
    const auto bob = id_of(0);
    const auto alice = id_of(1);
    EXPECT_EQ(said(call("DELETE", "/v1/members/" + alice, bob_fields_)),
              error(403, "permission denied"));
    EXPECT_EQ(said(by_alice("DELETE", "/v1/members/" + alice)),
              error(409, "cannot delete last creator"));
    const auto gone = by_alice("DELETE", "/v1/members/" + bob);
    EXPECT_EQ(gone.status, 200);
    EXPECT_TRUE(gone.json().at("deleted").as_bool());
    EXPECT_EQ(said(call("GET", members_, bob_fields_)), error(404, "project not found"));
    EXPECT_EQ(said(call("GET", one_.path + "/tokens", bob_fields_)),
              error(404, "project not found"));
    EXPECT_EQ(said(by_alice("DELETE", "/v1/members/" + bob)), error(404, "member not found"));
    // Back again he is who he was.
    add_member(one_, bob_.id, "member");
    EXPECT_EQ(id_of(0), bob);
}

TEST_F(CalyptiaMembers, WhatIsWrongIsSaidInTheirWords) {
    EXPECT_EQ(said(by_alice("DELETE", "/v1/members/bob")), error(400, "invalid member ID"));
    EXPECT_EQ(said(by_alice("PATCH", "/v1/members/" + kNobody, R"({"permissions":[]})")),
              error(404, "member not found"));
    const auto bob = id_of(0);
    EXPECT_EQ(said(call("PATCH", "/v1/members/" + bob, bob_fields_, R"({"permissions":[]})")),
              error(403, "permission denied"));
    // Of a project that is not his to see, a member is nobody.
    const auto other = project("two");
    const auto stranger =
        std::string(by_alice("GET", other.path + "/members").json().at(0).at("id").as_string());
    EXPECT_EQ(said(call("DELETE", "/v1/members/" + stranger, bob_fields_)),
              error(404, "member not found"));
    EXPECT_EQ(said(by_alice("GET", "/v1/projects/one/members")), error(400, "invalid project ID"));
}

}  // namespace
}  // namespace latchkey::dialects
