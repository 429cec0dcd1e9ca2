// judge with projects and access tokens: DESIGN's sentence about rights, clause by clause.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "verify/judge.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);
const ProjectId kProject = ProjectId::parse("01890a5d-ac96-774b-bcce-b302099a8057").value();
const ProjectId kOther = ProjectId::parse("01890a5d-ac96-774b-bcce-b302099a8058").value();

PolicyStatement statement(Effect effect, std::vector<std::string> actions,
                          std::vector<std::string> resources) {
    return {.effect = effect,
            .actions = std::move(actions),
            .resources = std::move(resources),
            .principals = {}};
}

// A key token that declared no scopes, with everything allowed in one project.
struct Place {
    std::vector<std::string> scopes;
    std::vector<std::string> owner_patterns{"*"};
    std::vector<std::string> member_patterns;
    Policy policy = Policy::allowing({"*"});
    Policy owner_policy = Policy::allowing({"*"});
    std::vector<std::string> everywhere;
    std::vector<std::string> owner_everywhere;
    AccessLimits access{
        .project = kProject, .scopes = std::nullopt, .expires_at = kNow + Microseconds{60'000'000}};
    TokenView view;

    Place() {
        view.kind = TokenKind::kKey;
        view.api_slug = "licensing";
        view.api_is_default = true;
        view.has_scopes = false;
        view.grant.emplace();
        view.grant->project = kProject;
        view.grant->policy = &policy;
    }
    TokenView& token() {
        view.scopes = scopes;
        view.owner_patterns = owner_patterns;
        view.owner_allows_everything = owner_patterns == std::vector<std::string>{"*"};
        if (!view.grant) return view;
        everywhere = allowed_everywhere(policy);
        owner_everywhere = allowed_everywhere(owner_policy);
        view.grant->everywhere = everywhere;
        view.grant->owner_everywhere = owner_everywhere;
        view.grant->member_patterns = member_patterns;
        return view;
    }
    bool may(std::string_view scope, std::string_view resource = {},
             std::optional<ProjectId> project = kProject) {
        Requirement wanted;
        const std::vector<std::string_view> scopes_asked{scope};
        wanted.scopes = scopes_asked;
        wanted.project = project;
        wanted.resource = resource;
        const auto judged = judge(token(), wanted, kNow);
        EXPECT_EQ(judged.missing, judged.verdict == Verdict::kActive ? 0U : 1U);
        return judged.verdict == Verdict::kActive;
    }
    std::string effective() {
        std::string out;
        effective_scopes(token(), out);
        return out;
    }
};

TEST(JudgeInAProject, ThePolicyAloneCountsForATokenThatDeclaredNoScopes) {
    Place one;
    one.policy = Policy::allowing({"license:read"});
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:write"));
}

TEST(JudgeInAProject, DeclaredScopesAreACeilingOverThePolicy) {
    Place one;
    one.view.has_scopes = true;
    one.scopes = {"license:read"};
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:write"));
    one.scopes = {};
    EXPECT_FALSE(one.may("license:read"));
}

TEST(JudgeInAProject, TheOwnersRolesAreACeilingNow) {
    Place one;
    one.owner_patterns = {"license:read"};
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:write"));
}

TEST(JudgeInAProject, ACustomRoleOfTheOwnersPlaceIsACeilingAndABuiltInOneIsNot) {
    Place one;
    one.member_patterns = {"license:read"};
    EXPECT_TRUE(one.may("license:write"));
    one.view.grant->owner_is_limited = true;
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:write"));
}

TEST(JudgeInAProject, TheOwnersOwnPolicyIsACeiling) {
    Place one;
    one.owner_policy.statements = {statement(Effect::kAllow, {"*"}, {"*"}),
                                   statement(Effect::kDeny, {"license:delete"}, {"*"})};
    EXPECT_TRUE(one.may("license:delete"));
    one.view.grant->owner_policy = &one.owner_policy;
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:delete"));
}

TEST(JudgeInAProject, AGrantWithoutADocumentOrWithoutAnAllowGivesNothing) {
    Place one;
    Requirement nothing_asked;
    nothing_asked.project = kProject;
    EXPECT_EQ(judge(one.token(), nothing_asked, kNow).verdict, Verdict::kActive);
    one.policy.statements = {statement(Effect::kDeny, {"license:read"}, {"*"})};
    EXPECT_FALSE(one.may("license:write"));
    EXPECT_EQ(judge(one.token(), nothing_asked, kNow).verdict, Verdict::kInsufficientScope);
    one.view.grant->policy = nullptr;
    EXPECT_FALSE(one.may("license:write"));
    EXPECT_EQ(judge(one.token(), nothing_asked, kNow).verdict, Verdict::kInsufficientScope);
}

TEST(JudgeInAProject, AGrantOfAnotherProjectDoesNotCount) {
    Place one;
    EXPECT_FALSE(one.may("license:read", {}, kOther));
    one.view.grant.reset();
    EXPECT_FALSE(one.may("license:read"));
}

TEST(JudgeInAProject, OutsideOfProjectsOnlyDeclaredScopesCount) {
    Place one;
    EXPECT_FALSE(one.may("license:read", {}, std::nullopt));
    one.view.has_scopes = true;
    one.scopes = {"license:read"};
    one.policy = Policy::allowing({"license:write"});
    EXPECT_TRUE(one.may("license:read", {}, std::nullopt));
    EXPECT_FALSE(one.may("license:write", {}, std::nullopt));
}

TEST(JudgeInAProject, AResourceIsSeenByThePolicy) {
    Place one;
    one.policy.statements = {statement(Effect::kAllow, {"license:*"}, {"license/*"}),
                             statement(Effect::kDeny, {"license:delete"}, {"license/7"})};
    EXPECT_TRUE(one.may("license:read", "license/7"));
    EXPECT_FALSE(one.may("license:delete", "license/7"));
    EXPECT_TRUE(one.may("license:delete", "license/8"));
    EXPECT_FALSE(one.may("license:read", "report/7"));
    EXPECT_FALSE(one.may("license:read"));  // on everything: nobody allowed that
}

TEST(JudgeInAProject, ADenyOfSomeResourceDeniesACheckThatNamesNone) {
    Place one;
    one.policy.statements = {statement(Effect::kAllow, {"*"}, {"*"}),
                             statement(Effect::kDeny, {"license:delete"}, {"license/7"})};
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:delete"));
    EXPECT_TRUE(one.may("license:delete", "license/8"));
}

TEST(JudgeInAProject, ADenyOfOneScopeDeniesThePatternThatHoldsIt) {
    Place one;
    one.policy.statements = {statement(Effect::kAllow, {"*"}, {"*"}),
                             statement(Effect::kDeny, {"license:delete"}, {"*"})};
    EXPECT_FALSE(one.may("license:*"));
    EXPECT_FALSE(one.may("*"));
    EXPECT_TRUE(one.may("report:*"));
}

TEST(JudgeAnAccessToken, IsForItsProjectWhetherThatIsNamedOrNot) {
    Place one;
    one.view.access = &one.access;
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_TRUE(one.may("license:read", {}, std::nullopt));
    EXPECT_FALSE(one.may("license:read", {}, kOther));
    one.view.grant->project = kOther;  // even where its key token is granted
    EXPECT_FALSE(one.may("license:read", {}, kOther));
}

TEST(JudgeAnAccessToken, WithoutAProjectHasItsTokensOwnScopesAndNoProjects) {
    Place one;
    one.access.project.reset();
    one.view.access = &one.access;
    one.view.has_scopes = true;
    one.scopes = {"license:read"};
    EXPECT_TRUE(one.may("license:read", {}, std::nullopt));
    EXPECT_FALSE(one.may("license:read"));
}

TEST(JudgeAnAccessToken, NeverDoesMoreThanWasAskedFor) {
    Place one;
    one.view.access = &one.access;
    one.access.scopes = {"license:read"};
    EXPECT_TRUE(one.may("license:read"));
    EXPECT_FALSE(one.may("license:write"));
}

TEST(JudgeAnAccessToken, EndsAtItsOwnExpiryAndWithItsKey) {
    Place one;
    one.view.access = &one.access;
    one.access.expires_at = kNow;
    EXPECT_EQ(judge(one.token(), {}, kNow).verdict, Verdict::kExpired);
    one.access.expires_at = kNow + Microseconds{1};
    EXPECT_EQ(judge(one.token(), {}, kNow).verdict, Verdict::kActive);
    one.view.secret_is_revoked = true;
    EXPECT_EQ(judge(one.token(), {}, kNow).verdict, Verdict::kRevoked);
}

TEST(EffectiveScopesInAProject, AreWhatIsAllowedOnEveryResource) {
    Place one;
    one.policy.statements = {statement(Effect::kAllow, {"license:read", "report:*"}, {"*"}),
                             statement(Effect::kAllow, {"license:write"}, {"license/7"})};
    EXPECT_EQ(one.effective(), "license:read report:*");
    one.owner_patterns = {"report:read", "license:*"};
    EXPECT_EQ(one.effective(), "license:read report:read");
    one.view.has_scopes = true;
    one.scopes = {"report:*"};
    EXPECT_EQ(one.effective(), "report:read");
}

TEST(EffectiveScopesInAProject, LeaveOutAPatternThatADenyCutsInto) {
    Place one;
    one.policy.statements = {statement(Effect::kAllow, {"*", "license:read"}, {"*"}),
                             statement(Effect::kDeny, {"license:delete"}, {"license/7"})};
    EXPECT_EQ(one.effective(), "license:read");
}

TEST(EffectiveScopesInAProject, OfListsThatSomebodyMadeEndlessAreCutShort) {
    Place one;
    std::vector<std::string> many;
    for (int i = 0; i < 128; ++i) {
        many.push_back("license:a" + std::to_string(i));
    }
    one.policy = Policy::allowing(many);
    EXPECT_TRUE(one.may("license:a127"));
    one.owner_patterns = many;
    one.view.has_scopes = true;
    one.scopes = many;
    const auto found = one.effective();
    EXPECT_TRUE(found.starts_with("license:a0 "));
    EXPECT_LT(found.size(), 128 * 13U);
}

TEST(EffectiveScopesInAProject, AreCutByTheOwnersPlaceAndPolicyAndByWhatWasAskedFor) {
    Place one;
    one.view.grant->owner_is_limited = true;
    one.member_patterns = {"license:read", "license:write"};
    EXPECT_EQ(one.effective(), "license:read license:write");
    one.owner_policy = Policy::allowing({"license:write"});
    one.view.grant->owner_policy = &one.owner_policy;
    EXPECT_EQ(one.effective(), "license:write");
    one.view.access = &one.access;
    one.access.scopes = {"license:read"};
    EXPECT_EQ(one.effective(), "");
}

}  // namespace
}  // namespace latchkey::verify
