// What a verifier hears of events on the stream.
#include "api/event_sight.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "verify/fact_makers.h"

namespace latchkey::api {
namespace {

using verify::make_id;

// A verifier of API 1; token 1 and its owner, user 1, are there, all others elsewhere.
class EventSightTest : public ::testing::Test {
protected:
    std::optional<std::string> heard(const verify::Fact& fact) {
        store::Event event;
        event.type = "something.happened";
        event.body = to_json(
            json::object{{"data", json::object{{"facts", json::array{verify::to_json(fact)}}}}});
        EventSight sight;
        sight.kind = EventSight::Kind::kVerifier;
        sight.apis = {make_id<ApiId>(1)};
        EventLookup lookup;
        lookup.api_of = [](const TokenId& token) {
            return std::optional(make_id<ApiId>(token == make_id<TokenId>(1) ? 1 : 2));
        };
        lookup.owns_tokens_at = [](const UserId& user, const std::vector<ApiId>& /*apis*/) {
            return user == make_id<UserId>(1);
        };
        return EventText(std::move(event)).seen_by(sight, lookup);
    }
};

TEST_F(EventSightTest, AVerifierHearsThatATokenOfItsApiLostItsPlaceInAProject) {
    verify::GrantFact grant;
    grant.project = make_id<ProjectId>(1);
    grant.principal = make_id<TokenId>(1).bytes;
    grant.is_removed = true;
    EXPECT_TRUE(heard(grant));
    grant.principal = make_id<TokenId>(2).bytes;
    EXPECT_FALSE(heard(grant));
    grant.kind = verify::PrincipalKind::kUser;
    grant.principal = make_id<UserId>(1).bytes;
    EXPECT_TRUE(heard(grant));
    grant.principal = make_id<UserId>(2).bytes;
    EXPECT_FALSE(heard(grant));
}

TEST_F(EventSightTest, AVerifierHearsOfProjectsThatGoAndOfNoOthers) {
    verify::ProjectFact project{make_id<ProjectId>(1), true};
    EXPECT_TRUE(heard(project));
    project.is_deleted = false;
    EXPECT_FALSE(heard(project));
    verify::MembershipFact place;
    place.project = make_id<ProjectId>(1);
    place.user = make_id<UserId>(1);
    EXPECT_TRUE(heard(place));
    place.user = make_id<UserId>(2);
    EXPECT_FALSE(heard(place));
}

}  // namespace
}  // namespace latchkey::api
