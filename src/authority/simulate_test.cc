#include "authority/simulate.h"

#include "authority/project_testing.h"

namespace latchkey::authority {
namespace {

using testing::policy_text;
using testing::reason_of;

class SimulateTest : public testing::ProjectTest {
protected:
    void SetUp() override {
        ProjectTest::SetUp();
        id_ = project();
        ASSERT_TRUE(put(as_alice_, id_, bob_.id));
        made_.emplace(token(as_bob_, "billing", {"license:read", "license:write"}));
    }
    void grant(const std::string& text) {
        ASSERT_TRUE(add(as_admin_, id_, *made_));
        ASSERT_TRUE(set(as_alice_, id_, Kind::kToken, made_->token.id.uuid(), text));
    }
    struct Asked {
        std::string_view action;
        std::string_view resource{};
        std::optional<std::string_view> draft{};
    };
    Result<SimulationAnswer> ask(const Actor& actor, Kind kind, const std::string& principal,
                                 const Asked& asked) {
        const Simulation wanted{{id_, kind, principal}, asked.action, asked.resource, asked.draft};
        const auto prepared = TRY(read<PreparedSimulation>([&](store::Connection& db) {
            return prepare_simulation(db, actor, *authority->directory().view(), wanted);
        }));
        return simulate(prepared, *reader, clock.now());
    }
    SimulationAnswer of_token(std::string_view action, std::string_view resource = {},
                              std::optional<std::string_view> draft = std::nullopt) {
        return ask(as_alice_, Kind::kToken, made_->token.id.uuid(), {action, resource, draft})
            .value();
    }
    SimulationAnswer of_bob(std::string_view action,
                            std::optional<std::string_view> draft = std::nullopt) {
        return ask(as_alice_, Kind::kUser, bob_.id.uuid(), {action, {}, draft}).value();
    }
    static std::string refusing(const SimulationAnswer& answer) {
        std::string names;
        for (const auto& limit : answer.limits) {
            if (!limit.is_allowed) names += std::string(limit.name) + " ";
        }
        return names;
    }

    std::string id_;
    std::optional<PreparedToken> made_;
};

constexpr const char* kTwoStatements =
    R"({"version":"2022-12-15","statement":[)"
    R"({"effect":"Allow","action":["license:*","log:*"],"resource":["*"]},)"
    R"({"effect":"Deny","action":["license:write"],"resource":["eu:*"]}]})";

TEST_F(SimulateTest, TheDecidingStatementIsNamed) {
    grant(kTwoStatements);
    const auto allowed = of_token("license:read");
    EXPECT_TRUE(allowed.is_allowed);
    EXPECT_EQ(allowed.decision, Decision::kAllow);
    EXPECT_EQ(allowed.index, 0U);
    EXPECT_EQ(allowed.statement->actions.front(), "license:*");
    EXPECT_EQ(refusing(allowed), "");
    const auto denied = of_token("license:write", "eu:1");
    EXPECT_FALSE(denied.is_allowed);
    EXPECT_EQ(denied.decision, Decision::kDeny);
    EXPECT_EQ(denied.index, 1U);
    EXPECT_NE(denied.reason.find("Deny wins"), std::string::npos);
    EXPECT_TRUE(of_token("license:write", "us:1").is_allowed);
    const auto unmatched = of_token("template:write");
    EXPECT_EQ(unmatched.decision, Decision::kNoMatch);
    EXPECT_FALSE(unmatched.statement.has_value());
}

TEST_F(SimulateTest, ATokenOutsideTheProjectOrWithoutAPolicyHasNoRight) {
    const auto outside = [&](const Actor& actor) {
        return ask(actor, Kind::kToken, made_->token.id.uuid(), {"license:read"});
    };
    EXPECT_EQ(outside(as_bob_)->decision, Decision::kNotGranted);
    EXPECT_EQ(outside(as_admin_)->decision, Decision::kNotGranted);
    // Another member's is unknown until it is in the project.
    EXPECT_EQ(reason_of(outside(as_alice_)), "unknown_principal");
    ASSERT_TRUE(add(as_admin_, id_, *made_));
    const auto none = of_token("license:read");
    EXPECT_EQ(none.decision, Decision::kNoPolicy);
    EXPECT_FALSE(none.is_allowed);
}

TEST_F(SimulateTest, EachLimitIsAskedAlone) {
    grant(kTwoStatements);
    const auto by_scopes = of_token("log:line");
    EXPECT_EQ(by_scopes.decision, Decision::kAllow);
    EXPECT_FALSE(by_scopes.is_allowed);
    EXPECT_EQ(refusing(by_scopes), "token_scopes ");
    EXPECT_NE(by_scopes.reason.find("own scopes"), std::string::npos);
    ASSERT_TRUE(
        set(as_alice_, id_, Kind::kUser, bob_.id.uuid(), policy_text("Allow", {"license:write"})));
    EXPECT_EQ(refusing(of_token("license:read")), "owner_policy ");
    ASSERT_TRUE(role(as_admin_, "auditor",
                     {{"latchkey", {"project:read"}}, {"billing", {"license:write"}}}));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "auditor"));
    EXPECT_EQ(refusing(of_token("license:read")), "member_role owner_policy ");
    EditUser demoted;
    demoted.roles = {"verifier"};
    ASSERT_TRUE(edit(as_admin_, bob_.id, demoted));
    EXPECT_EQ(refusing(of_token("license:read")), "owner_roles member_role owner_policy ");
    ASSERT_TRUE(change(as_admin_, made_->token.id.uuid(), TokenChange::kSuspend));
    EXPECT_EQ(refusing(of_token("license:read")),
              "owner_roles member_role owner_policy token_state ");
}

TEST_F(SimulateTest, TheAnswerIsThatOfACheck) {
    grant(kTwoStatements);
    for (const char* action : {"license:read", "license:write", "template:write", "log:line"}) {
        for (const char* resource : {"", "*", "eu:1", "us:1"}) {
            const auto answer = of_token(action, resource);
            const std::string asked = *resource == '\0' ? "*" : resource;
            EXPECT_EQ(answer.is_allowed, may(*made_, id_, action, asked) == "active")
                << action << " " << resource;
            const bool all_allow = answer.decision == Decision::kAllow && refusing(answer).empty();
            EXPECT_EQ(answer.is_allowed, all_allow) << action << " " << resource;
        }
    }
}

TEST_F(SimulateTest, ADraftStandsInThePlaceOfThePolicyAndChangesNothing) {
    grant(kTwoStatements);
    const auto before = revision();
    const auto draft = policy_text("Allow", {"template:write"});
    EXPECT_EQ(of_token("license:read", {}, draft).decision, Decision::kNoMatch);
    EXPECT_EQ(of_token("template:write", {}, draft).decision, Decision::kAllow);
    EXPECT_EQ(of_token("template:write").decision, Decision::kNoMatch);
    EXPECT_EQ(revision(), before);
    const auto bad = policy_text("Allow", {"license:reed"});
    EXPECT_EQ(
        reason_of(ask(as_alice_, Kind::kToken, made_->token.id.uuid(), {"license:read", {}, bad})),
        "bad_policy");
}

TEST_F(SimulateTest, AUserIsLimitedByRolesPlaceAndPolicy) {
    EXPECT_TRUE(of_bob("license:read").is_allowed);
    const auto drafted = of_bob("license:read", policy_text("Deny", {"license:*"}));
    EXPECT_EQ(drafted.decision, Decision::kDeny);
    EXPECT_FALSE(drafted.is_allowed);
    ASSERT_TRUE(role(as_admin_, "auditor",
                     {{"latchkey", {"project:read"}}, {"billing", {"license:read"}}}));
    ASSERT_TRUE(put(as_alice_, id_, bob_.id, "auditor"));
    EXPECT_TRUE(of_bob("license:read").is_allowed);
    EXPECT_EQ(refusing(of_bob("license:write")), "member_role ");
    EditUser demoted;
    demoted.roles = {"verifier"};
    ASSERT_TRUE(edit(as_admin_, bob_.id, demoted));
    EXPECT_EQ(refusing(of_bob("license:read")), "owner_roles ");
}

TEST_F(SimulateTest, WhatAUsersRolesAllowIsToldOnlyToWhoMayKnow) {
    const auto carol = human("carol@example.com", "verifier");
    ASSERT_TRUE(put(as_alice_, id_, carol.id, "viewer"));
    const auto about_carol = [&](const Actor& actor) {
        return ask(actor, Kind::kUser, carol.id.uuid(), {"license:read"}).value();
    };
    EXPECT_EQ(refusing(about_carol(as_alice_)), "owner_roles ");  // project:write
    EXPECT_EQ(refusing(about_carol(as_admin_)), "owner_roles ");
    EXPECT_FALSE(about_carol(as_admin_).is_allowed);
    // Bob is a member: neither a limit nor the verdict tells him.
    const auto answer = about_carol(as_bob_);
    ASSERT_EQ(answer.limits.size(), 1U);
    EXPECT_EQ(answer.limits.front().name, "member_role");
    EXPECT_TRUE(answer.is_allowed);
    EXPECT_EQ(ask(as_bob_, Kind::kUser, bob_.id.uuid(), {"license:read"})->limits.size(), 2U);
}

TEST_F(SimulateTest, WhatOneMayNotSeeOneCannotAskAbout) {
    const auto id = made_->token.id.uuid();
    const auto stranger = session_of(human("eve@example.com").id);
    EXPECT_EQ(reason_of(ask(stranger, Kind::kToken, id, {"license:read"})), "unknown_project");
    const auto foreign = token(stranger, "billing", {"license:read"});
    EXPECT_EQ(reason_of(ask(as_alice_, Kind::kToken, foreign.token.id.uuid(), {"license:read"})),
              "unknown_principal");
    EXPECT_EQ(reason_of(ask(as_alice_, Kind::kUser, stranger.user.uuid(), {"license:read"})),
              "unknown_principal");
    EXPECT_EQ(reason_of(ask(as_alice_, Kind::kToken, id, {"license:*"})), "bad_scope");
    EXPECT_EQ(reason_of(ask(as_alice_, Kind::kToken, id, {"license:read", "eu:*"})),
              "bad_resource");
    const auto blind = management(as_alice_, {"project:read"});
    EXPECT_EQ(reason_of(ask(blind, Kind::kToken, id, {"license:read"})), "insufficient_scope");
}

}  // namespace
}  // namespace latchkey::authority
