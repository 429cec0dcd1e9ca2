#include "token/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

Policy policy(std::string_view text) {
    auto parsed = parse_policy(text);
    EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
    return parsed ? std::move(parsed).value() : Policy{};
}

// A document with these statements.
std::string with(const std::string& statements) {
    return R"({"version":"2022-12-15","statement":[)" + statements + "]}";
}

std::string allow(const std::string& action, const std::string& resource) {
    return R"({"effect":"Allow","action":[")" + action + R"("],"resource":[")" + resource + "\"]}";
}

std::string deny(const std::string& action, const std::string& resource) {
    return R"({"effect":"Deny","action":[")" + action + R"("],"resource":[")" + resource + "\"]}";
}

std::string why(std::string_view text) {
    const auto parsed = parse_policy(text);
    return parsed ? "accepted" : std::string(parsed.error().reason);
}

TEST(Policy, ADocumentIsReadAndWrittenAsItWas) {
    const std::string text =
        R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:*"],)"
        R"("resource":["*"]},{"effect":"Deny","action":["*"],"resource":["vault:a/*","x"],)"
        R"("principal":["ari:iam::p:token/t"]}]})";
    const Policy read = policy(text);
    ASSERT_EQ(read.statements.size(), 2U);
    EXPECT_EQ(read.statements[0].effect, Effect::kAllow);
    EXPECT_EQ(read.statements[1].effect, Effect::kDeny);
    EXPECT_EQ(read.statements[1].resources, (std::vector<std::string>{"vault:a/*", "x"}));
    EXPECT_EQ(read.statements[1].principals, std::vector<std::string>{"ari:iam::p:token/t"});
    EXPECT_EQ(to_text(read), text);
    EXPECT_TRUE(policy(with("")).statements.empty());
}

TEST(Policy, AllowingNamesEverythingOnEveryResource) {
    const Policy made = Policy::allowing({"license:read", "log:*"});
    EXPECT_TRUE(decide(made, "license:read", "*").is_allowed);
    EXPECT_TRUE(decide(made, "log:line", "vault:a").is_allowed);
    EXPECT_FALSE(decide(made, "license:write", "*").is_allowed);
    EXPECT_EQ(to_text(policy(to_text(made))), to_text(made));
    EXPECT_TRUE(Policy::allowing({}).statements.empty());
}

TEST(Policy, EmptyTextsMeanNothingAndSurviveTheirText) {
    const Policy read = policy(with(R"({"effect":"Allow","action":[""],"resource":["*"]},)"
                                    R"({"effect":"Deny","action":["*"],"resource":[""]},)"
                                    R"({"effect":"Allow","action":["","a:b"],"resource":["*"]})"));
    EXPECT_TRUE(read.statements[0].actions.empty());
    EXPECT_EQ(read.statements[2].actions, std::vector<std::string>{"a:b"});
    const auto decision = decide(read, "a:b", "*");
    EXPECT_TRUE(decision.is_allowed);
    EXPECT_EQ(decision.statement, 2U);
    EXPECT_FALSE(decide(read, "a:c", "*").is_allowed);
    EXPECT_EQ(to_text(policy(to_text(read))), to_text(read));
}

TEST(Policy, WhatIsWrongIsSaidWithItsPointer) {
    struct Case {
        std::string text;
        const char* field;
    };
    const std::string good = allow("a:b", "*");
    const std::vector<Case> cases{
        {"[]", ""},
        {"{}", ""},
        {R"({"version":"2022-12-15"})", ""},
        {R"({"statement":[]})", ""},
        {R"({"version":"2012-10-17","statement":[]})", "/version"},
        {R"({"version":20221215,"statement":[]})", "/version"},
        {R"({"version":"2022-12-15","statement":{}})", "/statement"},
        {R"({"version":"2022-12-15","statement":[],"id":1})", "/id"},
        {R"({"version":"2022-12-15","Statement":[]})", "/Statement"},
        {R"({"version":"2022-12-15","statement":[],"a/b~c":1})", "/a~1b~0c"},
        {with("1"), "/statement/0"},
        {with(good + ",{}"), "/statement/1"},
        {with(R"({"effect":"allow","action":["a:b"],"resource":["*"]})"), "/statement/0/effect"},
        {with(R"({"effect":null,"action":["a:b"],"resource":["*"]})"), "/statement/0/effect"},
        {with(R"({"action":["a:b"],"resource":["*"]})"), "/statement/0"},
        {with(R"({"effect":"Allow","resource":["*"]})"), "/statement/0"},
        {with(R"({"effect":"Allow","action":["a:b"]})"), "/statement/0"},
        {with(R"({"effect":"Allow","action":"a:b","resource":["*"]})"), "/statement/0/action"},
        {with(R"({"effect":"Allow","action":[],"resource":["*"]})"), "/statement/0/action"},
        {with(R"({"effect":"Allow","action":["a:b"],"resource":[]})"), "/statement/0/resource"},
        {with(R"({"effect":"Allow","action":["a:b",1],"resource":["*"]})"),
         "/statement/0/action/1"},
        {with(good + "," + allow("a b", "*")), "/statement/1/action/0"},
        {with(allow("a", "*")), "/statement/0/action/0"},
        {with(allow("a:b*", "*")), "/statement/0/action/0"},
        {with(allow("a:b", "vault-*")), "/statement/0/resource/0"},
        {with(allow("a:b", "a/**/b")), "/statement/0/resource/0"},
        {with(allow("a:b", "a\\u0000b")), "/statement/0/resource/0"},
        {with(allow("a:b", std::string(2'001, 'r'))), "/statement/0/resource/0"},
        {with(R"({"effect":"Allow","action":["a:b"],"resource":["*"],"condition":{}})"),
         "/statement/0/condition"},
        {with(R"({"effect":"Allow","action":["a:b"],"resource":["*"],"principal":"x"})"),
         "/statement/0/principal"},
        {with(R"({"effect":"Allow","action":["a:b"],"resource":["*"],"principal":[]})"),
         "/statement/0/principal"},
    };
    for (const auto& each : cases) {
        const auto parsed = parse_policy(each.text);
        ASSERT_FALSE(parsed.has_value()) << each.text;
        EXPECT_EQ(parsed.error().reason, "bad_policy") << each.text;
        EXPECT_EQ(parsed.error().field, each.field) << each.text;
        EXPECT_TRUE(parsed.error().message.starts_with("line 1, column ")) << each.text;
    }
}

TEST(Policy, SizesAreBounded) {
    const auto repeated = [](const std::string& item, std::size_t count) {
        std::string out = item;
        for (std::size_t i = 1; i < count; ++i) {
            out += "," + item;
        }
        return out;
    };
    EXPECT_EQ(why(with(repeated(allow("a:b", "*"), 64))), "accepted");
    EXPECT_EQ(why(with(repeated(allow("a:b", "*"), 65))), "bad_policy");
    const auto with_actions = [&](std::size_t count) {
        return with(R"({"effect":"Allow","resource":["*"],"action":[)" +
                    repeated(R"("a:b")", count) + "]}");
    };
    EXPECT_EQ(why(with_actions(128)), "accepted");
    EXPECT_EQ(why(with_actions(129)), "bad_policy");
    EXPECT_EQ(why(with("") + std::string(kPolicyBytesMax, ' ')), "too_large");
    EXPECT_EQ(why(with(repeated("[[[[[[[[[[1]]]]]]]]]]", 1))), "malformed_json");
}

TEST(Policy, AMessageBeginsWithTheLineAndTheColumn) {
    const std::string text =
        "{\n  \"version\": \"2022-12-15\",\n  \"statement\": [\n"
        "    {\"effect\": \"Allow\", \"action\": [\"license:read\",\n"
        "       \"\xC3\xA9\xC3\xA9\", \"lic ense\"], \"resource\": [\"*\"]}]}";
    const auto parsed = parse_policy(text);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_TRUE(parsed.error().message.starts_with("line 5, column 8: ")) << parsed.error().message;
    EXPECT_EQ(parsed.error().field, "/statement/0/action/1");
    const auto second = locate(text, "/statement/0/action/2");
    EXPECT_EQ(second.line, 5U);
    EXPECT_EQ(second.column, 14U);  // in characters, not bytes
}

TEST(Policy, TextThatIsNoJsonIsLocatedAsWell) {
    const auto message = [](std::string_view text) {
        const auto parsed = parse_policy(text);
        return parsed ? "accepted" : parsed.error().message;
    };
    EXPECT_TRUE(message("{\n  \"version\" \"2022-12-15\"}").starts_with("line 2, column 13: "))
        << message("{\n  \"version\" \"2022-12-15\"}");
    EXPECT_TRUE(message("").starts_with("line 1, column 1: ")) << message("");
    EXPECT_TRUE(message("{\n\"version\":1,\n\"version\":2}").starts_with("line 3, column "))
        << message("{\n\"version\":1,\n\"version\":2}");
    EXPECT_EQ(why("{\n\"version\":1,\n\"version\":2}"), "malformed_json");
}

TEST(Policy, LocateFollowsPointersThroughAnyText) {
    const std::string text = "{\"a/b\" : [ 1,\n {\"\\u0063\":\"]}\\\"\", \"~\": [[], {}]} ]}";
    const auto at = [&](std::string_view pointer) {
        const auto place = locate(text, pointer);
        return std::to_string(place.line) + ":" + std::to_string(place.column);
    };
    EXPECT_EQ(at(""), "1:1");
    EXPECT_EQ(at("/a~1b"), "1:10");
    EXPECT_EQ(at("/a~1b/0"), "1:12");
    EXPECT_EQ(at("/a~1b/1"), "2:2");
    EXPECT_EQ(at("/a~1b/1/c"), "2:12");
    EXPECT_EQ(at("/a~1b/1/~0"), "2:25");
    EXPECT_EQ(at("/a~1b/1/~0/1"), "2:30");
    EXPECT_EQ(at("/a~1b/2"), "1:1");
    EXPECT_EQ(at("/a~1b/x"), "1:1");
    EXPECT_EQ(at("/nothing"), "1:1");
    EXPECT_EQ(at("/a~1b/0/deeper"), "1:1");
}

TEST(Policy, LocateNeverLeavesTextThatIsNoJson) {
    EXPECT_TRUE(rc::check([](const std::string& text, const std::string& pointer) {
        const auto place = locate(text, "/" + pointer);
        RC_ASSERT(place.line >= 1U && place.column >= 1U);
    }));
}

TEST(Policy, ResourcesMatchSegmentBySegment) {
    struct Case {
        const char* pattern;
        const char* resource;
        bool matches;
    };
    const std::vector<Case> cases{
        {"*", "anything:at/all", true},
        {"*", "*", true},
        {"*", "", true},
        {"a", "a", true},
        {"a", "A", false},
        {"a", "ab", false},
        {"a", "*", false},
        {"a:*", "*", false},
        {"a:*", "", false},
        {"vault:a", "vault:a", true},
        {"vault:a", "vault/a", false},
        {"vault:*", "vault:a", true},
        {"vault:*", "vault:a/b:c", true},
        {"vault:*", "vault:", true},
        {"vault:*", "vault", false},
        {"vault:*", "vaults:a", false},
        {"vault:*/read", "vault:a/read", true},
        {"vault:*/read", "vault:a/b/read", false},
        {"vault:*/read", "vault:a/read/more", false},
        {"*/x", "a/x", true},
        {"*/x", "a:x", false},
        {"*/x", "a/b/x", false},
        {"*:*", "a:b:c", true},
        {"ari:iam::p:token/*", "ari:iam::p:token/t", true},
        {"ari:iam:*:p:token/t", "ari:iam::p:token/t", true},
        {"ari:iam::p:token/*", "ari:iam::q:token/t", false},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(resource_matches(each.pattern, each.resource), each.matches)
            << each.pattern << " " << each.resource;
    }
}

TEST(Policy, AResourceIsPrintableAndHoldsNoStarSegment) {
    for (const char* text : {"a", "a:b/c", "a::b", "a b", "/", "a*b", "\xC3\xA9"}) {
        EXPECT_TRUE(is_resource(text)) << text;
    }
    for (const char* text : {"", "*", "a:*", "*/b", "a\nb", "a\x7f", "\xff", "\xE2\x80\xAE"}) {
        EXPECT_FALSE(is_resource(text)) << text;
    }
    EXPECT_TRUE(is_resource_pattern("*"));
    EXPECT_TRUE(is_resource_pattern("a:*/b"));
    EXPECT_FALSE(is_resource_pattern("a*"));
    EXPECT_FALSE(is_resource_pattern(std::string(2'001, 'a')));
}

TEST(Policy, DenyWinsAndSilenceDenies) {
    const Policy rules =
        policy(with(allow("license:*", "*") + "," + deny("license:delete", "vault:a") + "," +
                    allow("log:read", "vault:*")));
    const auto look = [&](std::string_view action, std::string_view resource) {
        const auto decision = decide(rules, action, resource);
        return std::string(decision.is_allowed ? "allow" : "deny") +
               (decision.statement ? std::to_string(*decision.statement) : "");
    };
    EXPECT_EQ(look("license:read", "vault:a"), "allow0");
    EXPECT_EQ(look("license:delete", "vault:a"), "deny1");
    EXPECT_EQ(look("license:delete", "vault:b"), "allow0");
    EXPECT_EQ(look("log:read", "vault:b"), "allow2");
    EXPECT_EQ(look("log:read", "cellar:b"), "deny");
    EXPECT_EQ(look("log:write", "vault:b"), "deny");
    EXPECT_EQ(look("License:read", "vault:a"), "deny");
    // No resource was named: an Allow must say "*", and any Deny of the action denies.
    for (const char* none : {"*", ""}) {
        EXPECT_EQ(look("license:read", none), "allow0");
        EXPECT_EQ(look("license:delete", none), "deny1");
        EXPECT_EQ(look("log:read", none), "deny");
    }
    EXPECT_EQ(decide(Policy{}, "a:b", "*").is_allowed, false);
}

TEST(Policy, AllowedEverywhereAreTheWidestPatternsThatNoDenyCutsInto) {
    const auto policy = parse_policy(R"({"version":"2022-12-15","statement":[
        {"effect":"Allow","action":["report:read","report:*","license:*","user:read"],
         "resource":["*"]},
        {"effect":"Allow","action":["key:read"],"resource":["key/1"]},
        {"effect":"Deny","action":["license:delete"],"resource":["license/7"]}]})");
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(allowed_everywhere(*policy), (std::vector<std::string>{"report:*", "user:read"}));
}

TEST(Policy, HoldsAtMost512ActionsResourcesAndPrincipals) {
    std::string statements;
    for (int i = 0; i < 2; ++i) {
        std::string actions;
        for (int k = 0; k < 128; ++k) {
            actions += (k == 0 ? "\"a:" : ",\"a:") + std::to_string(k) + "\"";
        }
        std::string resources;
        for (int k = 0; k < 128; ++k) {
            resources += (k == 0 ? "\"r" : ",\"r") + std::to_string(k) + "\"";
        }
        statements += (i == 0 ? "" : ",") + std::string(R"({"effect":"Allow","action":[)") +
                      actions + R"(],"resource":[)" + resources + "]}";
    }
    const auto document = [&](const std::string& more) {
        return parse_policy(R"({"version":"2022-12-15","statement":[)" + statements + more + "]}");
    };
    EXPECT_TRUE(document("").has_value());
    const auto refused = document(R"(,{"effect":"Deny","action":["b:c"],"resource":["*"]})");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().reason, "bad_policy");
    EXPECT_EQ(refused.error().field, "/statement/2");
}

TEST(Policy, TheFirstOfTheDenialsAndOfTheAllowancesIsNamed) {
    const Policy rules =
        policy(with(allow("b:c", "*") + "," + allow("*", "*") + "," + allow("a:b", "*") + "," +
                    deny("c:*", "*") + "," + deny("c:d", "*")));
    EXPECT_EQ(decide(rules, "a:b", "x").statement, 1U);
    EXPECT_EQ(decide(rules, "c:d", "x").statement, 3U);
}

TEST(Policy, AddingADenyNeverAllowsMore) {
    const std::vector<std::string> actions{"*", "a:*", "a:b", "b:c"};
    const std::vector<std::string> resources{"*", "r:*", "r:s", "t"};
    EXPECT_TRUE(rc::check([&] {
        const auto statement = [&] {
            return PolicyStatement{*rc::gen::element(Effect::kAllow, Effect::kDeny),
                                   {*rc::gen::elementOf(actions)},
                                   {*rc::gen::elementOf(resources)},
                                   {}};
        };
        Policy rules;
        const auto count = *rc::gen::inRange(0, 5);
        for (int i = 0; i < count; ++i) {
            rules.statements.push_back(statement());
        }
        const auto action = *rc::gen::element(std::string("a:b"), std::string("b:c"));
        const auto resource =
            *rc::gen::element(std::string("*"), std::string("r:s"), std::string("t"));
        const bool before = decide(rules, action, resource).is_allowed;
        PolicyStatement added = statement();
        added.effect = Effect::kDeny;
        rules.statements.insert(rules.statements.begin(), added);
        RC_ASSERT(before || !decide(rules, action, resource).is_allowed);
        RC_ASSERT(to_text(*parse_policy(to_text(rules))) == to_text(rules));
    }));
}

}  // namespace
}  // namespace latchkey
