#include "token/scope.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace latchkey {
namespace {

ScopeSet set_of(std::string_view text) {
    auto set = ScopeSet::parse(text);
    CHECK(set.has_value());
    return std::move(set).value();
}

TEST(Scope, GrammarIsKept) {
    for (const char* good : {"license:read", "a:b", "A.b_c-d:1", "a:b:c:d", "token:verify"}) {
        EXPECT_TRUE(is_scope(good)) << good;
        EXPECT_TRUE(is_scope_pattern(good)) << good;
    }
    for (const char* bad : {"", "license", ":read", "license:", "license::read", "1a:b", "_a:b",
                            "a:b ", " a:b", "a b:c", "a:b\n", "a:b/c", "l\xC3\xA4:b", "a:b,c"}) {
        EXPECT_FALSE(is_scope(bad)) << bad;
        EXPECT_FALSE(is_scope_pattern(bad)) << bad;
    }
    EXPECT_TRUE(is_scope("a:" + std::string(62, 'b')));
    EXPECT_FALSE(is_scope("a:" + std::string(63, 'b')));
    EXPECT_FALSE(is_scope(std::string_view("a:b\0c", 5)));
}

TEST(Scope, AStarStandsForAWholeSegmentOnly) {
    for (const char* pattern : {"*", "create:*", "a:*:c", "a:*:*"}) {
        EXPECT_TRUE(is_scope_pattern(pattern)) << pattern;
        EXPECT_FALSE(is_scope(pattern)) << pattern;
    }
    for (const char* bad : {"*:read", "**", "a:re*", "a:**", "a*:b", "*:*", "a:*b"}) {
        EXPECT_FALSE(is_scope_pattern(bad)) << bad;
    }
    EXPECT_TRUE(is_everything("*"));
    EXPECT_FALSE(is_everything("a:*"));
}

struct MatchCase {
    const char* pattern;
    const char* scope;
    bool matches;
};

TEST(Scope, PatternsMatchSegmentBySegment) {
    const MatchCase cases[] = {
        {"a:b", "a:b", true},      {"a:b", "A:b", false},     {"a:b", "a:B", false},
        {"a:b", "a:b:c", false},   {"a:b:c", "a:b", false},   {"a:*", "a:b", true},
        {"a:*", "a:b:c", false},   {"a:*", "b:b", false},     {"a:*", "ab:c", false},
        {"a:*:c", "a:b:c", true},  {"a:*:c", "a:b:d", false}, {"*", "a:b", true},
        {"*", "a:b:c", true},      {"*", "*", true},          {"a:*", "*", false},
        {"a:*", "a:*", true},      {"a:b", "a:*", false},     {"a:*:*", "a:*:c", true},
        {"a:*:c", "a:*:*", false}, {"", "a:b", false},        {"a:b", "", false},
        {"a:b", "a:bc", false},    {"a:bc", "a:b", false},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(scope_matches(each.pattern, each.scope), each.matches)
            << each.pattern << ' ' << each.scope;
    }
}

TEST(ScopeSet, IsSortedUniqueAndReadFromEitherSeparator) {
    const auto set = set_of("b:x, a:x a:x,,  c:*");
    EXPECT_EQ(set.to_text(), "a:x b:x c:*");
    EXPECT_EQ(set, set_of("c:* b:x a:x"));
    EXPECT_TRUE(set_of("").empty());
    EXPECT_TRUE(set_of(" , ").empty());
    EXPECT_TRUE(set.contains("c:*"));
    EXPECT_FALSE(set.contains("c:d"));
}

TEST(ScopeSet, ABadScopeIsNamedByItsPlace) {
    const auto set = ScopeSet::create({"a:b", "read"});
    ASSERT_FALSE(set.has_value());
    EXPECT_EQ(set.error().reason, "bad_scope");
    EXPECT_EQ(set.error().field, "/scopes/1");
    EXPECT_EQ(set.error().message, "\"read\" is not a scope");
    const auto hostile = ScopeSet::create({"a\x1b[31m"});
    ASSERT_FALSE(hostile.has_value());
    EXPECT_EQ(hostile.error().message, "one of the scopes is not a scope");
}

TEST(ScopeSet, TooManyScopesAreRefused) {
    std::vector<std::string> many;
    for (int i = 0; i < 257; ++i) {
        many.push_back("a:" + std::to_string(i));
    }
    EXPECT_EQ(ScopeSet::create(many).error().reason, "too_many_scopes");
    many.pop_back();
    EXPECT_TRUE(ScopeSet::create(many).has_value());
    EXPECT_EQ(ScopeSet::parse(std::string(100'000, ' ')).error().reason, "too_many_scopes");
}

TEST(ScopeSet, AllowsWhatAnItemCoversAndNamesWhatIsMissing) {
    const auto set = set_of("license:read create:*");
    EXPECT_TRUE(set.allows("license:read"));
    EXPECT_TRUE(set.allows("create:log"));
    EXPECT_FALSE(set.allows("license:write"));
    EXPECT_FALSE(ScopeSet().allows("license:read"));
    const std::vector<std::string> wanted{"z:z", "create:log", "license:write"};
    EXPECT_EQ(set.missing(wanted), (std::vector<std::string>{"z:z", "license:write"}));
}

TEST(ScopeSet, IntersectionIsExactlyWhatBothCover) {
    EXPECT_EQ(set_of("a:b a:c").intersection(set_of("a:*")), set_of("a:b a:c"));
    EXPECT_EQ(set_of("a:*").intersection(set_of("a:b c:d")), set_of("a:b"));
    EXPECT_EQ(set_of("a:*:x").intersection(set_of("a:b:*")), set_of("a:b:x"));
    EXPECT_EQ(set_of("*").intersection(set_of("a:b c:*")), set_of("a:b c:*"));
    EXPECT_EQ(set_of("a:b").intersection(set_of("a:b:c")), ScopeSet());
    EXPECT_EQ(set_of("a:b").intersection(ScopeSet()), ScopeSet());
}

rc::Gen<std::string> any_pattern() {
    const auto segment = rc::gen::element<std::string>("x", "y", "*");
    return rc::gen::map(
        rc::gen::pair(
            rc::gen::element<std::string>("a", "b"),
            rc::gen::resize(
                3, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(segment)))),
        [](const auto& parts) {
            std::string out = parts.first;
            for (const auto& one : parts.second) {
                out += ":" + one;
            }
            return out;
        });
}

TEST(ScopeSet, IntersectionNeverWidensAndNeverLosesWhatBothAllow) {
    EXPECT_TRUE(rc::check([] {
        const auto patterns = rc::gen::container<std::vector<std::string>>(any_pattern());
        const auto a = ScopeSet::create(*rc::gen::resize(5, patterns));
        const auto b = ScopeSet::create(*rc::gen::resize(5, patterns));
        RC_ASSERT(a.has_value() && b.has_value());
        const ScopeSet both = a->intersection(*b);
        RC_ASSERT(both.is_within(*a) && both.is_within(*b));
        const std::string probe = *any_pattern();
        RC_ASSERT(both.allows(probe) == (a->allows(probe) && b->allows(probe)));
    }));
}

TEST(ScopeSet, BeingWithinMeansNothingCanBeHandedOnThatOneLacks) {
    EXPECT_TRUE(set_of("a:b").is_within(set_of("a:*")));
    EXPECT_FALSE(set_of("a:*").is_within(set_of("a:b")));
    EXPECT_FALSE(set_of("*").is_within(set_of("a:*")));
    EXPECT_TRUE(ScopeSet().is_within(ScopeSet()));
}

TEST(SuggestScopes, FindsWhatWasMeant) {
    const std::vector<std::string> catalogue{"license:read", "license:write", "release:read",
                                             "user:read"};
    const auto meant = [&](std::string_view text) { return suggest_scopes(text, catalogue); };
    EXPECT_EQ(meant("License:Read"), std::vector<std::string>{"license:read"});
    EXPECT_EQ(meant("licence:read"), std::vector<std::string>{"license:read"});
    EXPECT_EQ(meant("licnese:read"), std::vector<std::string>{"license:read"});
    EXPECT_EQ(meant("license-read"), std::vector<std::string>{"license:read"});
    EXPECT_TRUE(meant("invoice:pay").empty());
    EXPECT_TRUE(meant("").empty());
    EXPECT_TRUE(meant(std::string(100'000, 'a')).empty());
}

TEST(Scope, PatternsOverlapWhenAScopeIsCoveredByBoth) {
    EXPECT_TRUE(scopes_overlap("a:b", "a:b"));
    EXPECT_TRUE(scopes_overlap("a:*", "a:b"));
    EXPECT_TRUE(scopes_overlap("a:*:x", "a:b:*"));
    EXPECT_TRUE(scopes_overlap("*", "a:b"));
    EXPECT_TRUE(scopes_overlap("a:b", "*"));
    EXPECT_FALSE(scopes_overlap("a:b", "a:c"));
    EXPECT_FALSE(scopes_overlap("a:*", "a:b:c"));
    EXPECT_FALSE(scopes_overlap("a:*:x", "a:*:y"));
    EXPECT_FALSE(scopes_overlap("", "*"));
    const std::vector<std::string> patterns{"*", "a:*", "a:b", "a:*:x", "a:b:*", "a:*:*", "c:*"};
    for (const auto& a : patterns) {
        for (const auto& b : patterns) {
            EXPECT_EQ(scopes_overlap(a, b), !set_of(a).intersection(set_of(b)).empty())
                << a << " " << b;
        }
    }
}

}  // namespace
}  // namespace latchkey
