#include "verify/judge.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);

// A token that may do everything it says; each case spoils what it is about.
struct Case {
    std::vector<std::string> scopes{"license:read", "license:write"};
    std::vector<std::string> patterns{"*"};
    std::vector<std::string> ips;
    std::string text;
    TokenView view;

    TokenView& token() {
        view.api_slug = "licensing";
        view.api_is_default = true;
        view.scopes = scopes;
        text.clear();
        for (const auto& scope : scopes) {
            text += (text.empty() ? "" : " ") + scope;
        }
        view.scopes_text = text;
        view.owner_patterns = patterns;
        view.owner_allows_everything = patterns == std::vector<std::string>{"*"};
        view.allowed_ips = ips;
        return view;
    }
};

Judgement ask(Case& one, std::vector<std::string_view> scopes = {}) {
    Requirement wanted;
    wanted.scopes = scopes;
    return judge(one.token(), wanted, kNow);
}

Address address(std::string_view text) {
    return parse_address(text).value();
}

TEST(Judge, AWholeTokenIsActive) {
    Case one;
    EXPECT_EQ(ask(one).verdict, Verdict::kActive);
    EXPECT_EQ(ask(one, {"license:read", "license:write"}).verdict, Verdict::kActive);
}

TEST(Judge, TheVerdictsHaveOneOrderOfPrecedence) {
    // Everything is wrong at first; each step heals the reason given last.
    Case one;
    one.ips = {"10.0.0.0/8"};
    one.view.state = TokenState::kRevoked;
    one.view.secret_is_revoked = true;
    one.view.key_is_compromised = true;
    one.view.expires_at = kNow;
    one.view.secret_ends_at = kNow;
    one.view.owner_is_disabled = true;
    Requirement wanted;
    wanted.api_slug = "other";
    wanted.address = address("192.0.2.1");
    const std::vector<std::string_view> scopes{"license:delete"};
    wanted.scopes = scopes;
    const auto verdict = [&] { return judge(one.token(), wanted, kNow).verdict; };

    EXPECT_EQ(verdict(), Verdict::kRevoked);
    one.view.state = TokenState::kSuspended;
    EXPECT_EQ(verdict(), Verdict::kRevoked);  // the secret still is
    one.view.secret_is_revoked = false;
    EXPECT_EQ(verdict(), Verdict::kKeyCompromised);
    one.view.key_is_compromised = false;
    EXPECT_EQ(verdict(), Verdict::kExpired);
    one.view.expires_at = std::nullopt;
    EXPECT_EQ(verdict(), Verdict::kExpired);  // the secret's end
    one.view.secret_ends_at = std::nullopt;
    one.view.not_before = kNow + Microseconds{1};
    EXPECT_EQ(verdict(), Verdict::kNotYetValid);
    one.view.not_before = kNow;  // its first moment
    EXPECT_EQ(verdict(), Verdict::kSuspended);
    one.view.state = TokenState::kActive;
    EXPECT_EQ(verdict(), Verdict::kOwnerDisabled);
    one.view.owner_is_disabled = false;
    EXPECT_EQ(verdict(), Verdict::kWrongAudience);
    wanted.api_slug = "licensing";
    EXPECT_EQ(verdict(), Verdict::kAddressNotAllowed);
    wanted.address = address("10.1.2.3");
    EXPECT_EQ(verdict(), Verdict::kInsufficientScope);
    wanted.scopes = {};
    EXPECT_EQ(verdict(), Verdict::kActive);
}

TEST(Judge, AnExpiryIsTheFirstMomentThatIsTooLate) {
    Case one;
    one.view.expires_at = kNow + Microseconds{1};
    one.view.secret_ends_at = kNow + Microseconds{1};
    EXPECT_EQ(ask(one).verdict, Verdict::kActive);
    one.view.expires_at = kNow;
    EXPECT_EQ(ask(one).verdict, Verdict::kExpired);
    one.view.expires_at = kNow + Microseconds{1};
    one.view.secret_ends_at = kNow;
    EXPECT_EQ(ask(one).verdict, Verdict::kExpired);
}

TEST(Judge, NoApiNamedMeansTheDefaultOne) {
    Case one;
    one.token().api_is_default = false;
    EXPECT_EQ(judge(one.view, {}, kNow).verdict, Verdict::kWrongAudience);
    Requirement named;
    named.api_slug = "licensing";
    EXPECT_EQ(judge(one.view, named, kNow).verdict, Verdict::kActive);
    named.api_slug = "Licensing";
    EXPECT_EQ(judge(one.view, named, kNow).verdict, Verdict::kWrongAudience);
}

TEST(Judge, EachMissingScopeHasItsBit) {
    Case one;
    one.patterns = {"license:read", "report:*"};
    const Judgement judgement =
        ask(one, {"license:read", "license:write", "report:read", "license:delete"});
    EXPECT_EQ(judgement.verdict, Verdict::kInsufficientScope);
    EXPECT_EQ(judgement.missing, 0b1110U);  // the owner's, the token's, neither's
}

TEST(Judge, PatternsOfATokenAndItsOwnerBothHaveToCoverAScope) {
    Case one;
    one.scopes = {"license:*"};
    one.patterns = {"*:read"};
    EXPECT_EQ(ask(one, {"license:read"}).verdict, Verdict::kActive);
    EXPECT_EQ(ask(one, {"license:write"}).verdict, Verdict::kInsufficientScope);
    EXPECT_EQ(ask(one, {"report:read"}).verdict, Verdict::kInsufficientScope);
}

TEST(Judge, AnOwnerWithoutPatternsGivesNothing) {
    Case one;
    one.patterns = {};
    EXPECT_EQ(ask(one).verdict, Verdict::kActive);
    EXPECT_EQ(ask(one, {"license:read"}).verdict, Verdict::kInsufficientScope);
}

TEST(Judge, ATokenThatDeclaredNoScopesHasNone) {
    Case one;
    one.scopes = {};
    one.view.has_scopes = false;
    EXPECT_EQ(ask(one, {"license:read"}).verdict, Verdict::kInsufficientScope);
}

TEST(Judge, SixteenScopesAreAskedAtMost) {
    Case one;
    EXPECT_EQ(ask(one, std::vector<std::string_view>(16, "license:read")).verdict,
              Verdict::kActive);
    const auto judgement = ask(one, std::vector<std::string_view>(17, "license:read"));
    EXPECT_EQ(judgement.verdict, Verdict::kInsufficientScope);
    EXPECT_EQ(judgement.missing, 0xFFFFU);
}

TEST(Judge, WithoutAGrantNothingIsAllowedInAProject) {
    Case one;
    Requirement wanted;
    wanted.project = ProjectId{};
    const std::vector<std::string_view> scopes{"license:read", "license:write"};
    wanted.scopes = scopes;
    const auto judgement = judge(one.token(), wanted, kNow);
    EXPECT_EQ(judgement.verdict, Verdict::kInsufficientScope);
    EXPECT_EQ(judgement.missing, 0b11U);
    wanted.scopes = {};
    EXPECT_EQ(judge(one.token(), wanted, kNow).verdict, Verdict::kInsufficientScope);
}

TEST(Judge, AResourceWithoutAProjectChangesNothing) {
    Case one;
    Requirement wanted;
    wanted.resource = "license/42";
    EXPECT_EQ(judge(one.token(), wanted, kNow).verdict, Verdict::kActive);
}

TEST(Judge, AnAddressListLetsOnlyItsBlocksPass) {
    struct {
        std::string list;
        std::string client;
        bool is_allowed;
    } const cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.2", false},
        {"10.0.0.128/25", "10.0.0.127", false},
        {"10.0.0.128/25", "10.0.0.129", true},
        {"10.0.0.128/25", "::ffff:10.0.0.129", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"10.0.0.0/33", "10.0.0.0", false},  // not a block: matches nothing
        {"10.0.0.0/-1", "10.0.0.0", false},
        {"10.0.0.0/", "10.0.0.0", false},
        {"10.0.0.0/8x", "10.0.0.0", false},
        {"2001:db8::/129", "2001:db8::", false},
        {"", "10.0.0.0", false},
    };
    for (const auto& one : cases) {
        Case token;
        token.ips = {"198.51.100.7", one.list};
        Requirement wanted;
        wanted.address = address(one.client);
        EXPECT_EQ(judge(token.token(), wanted, kNow).verdict,
                  one.is_allowed ? Verdict::kActive : Verdict::kAddressNotAllowed)
            << one.list << " " << one.client;
    }
}

TEST(Judge, AnUnknownAddressIsOnlyGoodWithoutAList) {
    Case one;
    EXPECT_EQ(ask(one).verdict, Verdict::kActive);
    one.ips = {"::/0"};
    EXPECT_EQ(ask(one).verdict, Verdict::kAddressNotAllowed);
}

TEST(Judge, EveryVerdictHasAnOwnNameAndReason) {
    std::vector<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Verdict::kInsufficientScope); ++i) {
        const auto verdict = static_cast<Verdict>(i);
        for (const auto& known : names) {
            EXPECT_NE(known, verdict_name(verdict));
        }
        names.push_back(verdict_name(verdict));
        EXPECT_TRUE(verdict_reason(verdict).ends_with('.'));
    }
    EXPECT_EQ(verdict_name(Verdict::kActive), "active");
    EXPECT_EQ(verdict_name(Verdict::kWrongAudience), "wrong_audience");
}

std::string effective(std::vector<std::string> scopes, std::vector<std::string> patterns) {
    Case one;
    one.scopes = std::move(scopes);
    one.patterns = std::move(patterns);
    std::string out = "before:";
    effective_scopes(one.token(), out);
    return out.substr(7);
}

TEST(EffectiveScopes, AreWhatBothTheTokenAndItsOwnerHave) {
    EXPECT_EQ(effective({"a:x", "b:x"}, {"*"}), "a:x b:x");
    EXPECT_EQ(effective({"a:x", "b:x"}, {"a:*"}), "a:x");
    EXPECT_EQ(effective({"a:x"}, {}), "");
    EXPECT_EQ(effective({}, {"*"}), "");
    EXPECT_EQ(effective({"*"}, {"*"}), "*");
    EXPECT_EQ(effective({"a:x"}, {"a:xy"}), "");
}

TEST(EffectiveScopes, OfATokensPatternAreItsOwnersNarrowerOnes) {
    EXPECT_EQ(effective({"a:*"}, {"a:x", "a:y", "b:z"}), "a:x a:y");
    EXPECT_EQ(effective({"*"}, {"a:*", "b:z"}), "a:* b:z");
    EXPECT_EQ(effective({"a:*", "a:x"}, {"a:x"}), "a:x");  // said once
}

TEST(EffectiveScopes, FitIntoTheCallersBuffer) {
    Case one;
    std::string out;
    out.reserve(100);
    const char* const before = out.data();
    effective_scopes(one.token(), out);
    EXPECT_EQ(out, "license:read license:write");
    EXPECT_EQ(out.data(), before);
}

}  // namespace
}  // namespace latchkey::verify
