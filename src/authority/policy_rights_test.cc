#include "authority/policy_rights.h"

#include <gtest/gtest.h>

namespace latchkey::authority {
namespace {

using Texts = std::vector<std::string>;

PolicyStatement allow(Texts actions, Texts resources = {"*"}) {
    return {Effect::kAllow, std::move(actions), std::move(resources), {}};
}
PolicyStatement deny(Texts actions, Texts resources = {"*"}) {
    return {Effect::kDeny, std::move(actions), std::move(resources), {}};
}
Texts beyond_policy(const Policy& wanted, const Policy& source) {
    return not_given(wanted, {PolicySource{{}, &source}});
}

TEST(PolicyRights, EveryListOfASourceMustCoverAnAction) {
    const Policy wanted{{allow({"license:read", "log:line"})}};
    EXPECT_TRUE(not_given(wanted, {PolicySource{{{"*"}}, nullptr}}).empty());
    EXPECT_TRUE(
        not_given(wanted, {PolicySource{{{"*"}, {"license:*", "log:*"}}, nullptr}}).empty());
    EXPECT_EQ(not_given(wanted, {PolicySource{{{"*"}, {"license:*"}}, nullptr}}),
              Texts{"log:line"});
    EXPECT_EQ(not_given(wanted, {}), (Texts{"license:read", "log:line"}));
    EXPECT_EQ(not_given(Policy{{allow({"*"})}}, {PolicySource{{{"license:*"}}, nullptr}}),
              Texts{"*"});
}

TEST(PolicyRights, EachStatementMayComeFromAnotherSource) {
    const Policy before{{allow({"log:line"}, {"eu:*"})}};
    const std::vector<PolicySource> sources = {PolicySource{{{"license:read"}}, nullptr},
                                               PolicySource{{}, &before}};
    EXPECT_TRUE(not_given(Policy{{allow({"license:read"}), allow({"log:line"}, {"eu:1"})}}, sources)
                    .empty());
    EXPECT_EQ(not_given(Policy{{allow({"license:read", "log:line"})}}, sources), Texts{"log:line"});
}

TEST(PolicyRights, APolicyGivesOnlyItsResources) {
    const Policy before{{allow({"license:*"}, {"eu:*", "us:1"})}};
    EXPECT_TRUE(beyond_policy({{allow({"license:read"}, {"eu:1"})}}, before).empty());
    EXPECT_TRUE(beyond_policy({{allow({"license:read"}, {"eu:*", "us:1"})}}, before).empty());
    EXPECT_EQ(beyond_policy({{allow({"license:read"}, {"us:*"})}}, before), Texts{"license:read"});
    EXPECT_EQ(beyond_policy({{allow({"license:read"})}}, before), Texts{"license:read"});
}

TEST(PolicyRights, WhatASourceDeniesStaysDenied) {
    const Policy before{{allow({"*"}), deny({"license:write"}, {"eu:*"})}};
    EXPECT_EQ(beyond_policy({{allow({"license:*"})}}, before), Texts{"license:*"});
    EXPECT_EQ(beyond_policy({{allow({"license:write"}, {"eu:1"})}}, before),
              Texts{"license:write"});
    EXPECT_TRUE(beyond_policy({{allow({"license:read"})}}, before).empty());
    EXPECT_TRUE(
        beyond_policy({{allow({"license:*"}), deny({"license:*"}, {"eu:*"})}}, before).empty());
    EXPECT_TRUE(beyond_policy({{allow({"*"}), deny({"license:write"})}}, before).empty());
    EXPECT_EQ(beyond_policy({{allow({"*"}), deny({"license:write"}, {"eu:1"})}}, before),
              Texts{"*"});
    EXPECT_TRUE(beyond_policy({{deny({"*"})}}, before).empty());
    EXPECT_TRUE(beyond_policy({}, before).empty());
}

Texts many(std::size_t count, const std::string& prefix, const std::string& last = "") {
    Texts names;
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back(prefix + std::to_string(i) + last);
    }
    return names;
}

// Pair by pair this would be some 10^12 comparisons: it would not end within the limit of a test.
TEST(PolicyRights, TheLargestDocumentsAreComparedStatementByStatement) {
    const auto actions = many(kPolicyItemsMax, "res:a");
    const auto resources = many(kPolicyItemsMax, "eu:", ":*");
    const auto denied = many(kPolicyItemsMax, "res:a");
    const Policy before{{allow(actions, resources), deny(denied, resources)}};
    EXPECT_TRUE(beyond_policy(before, before).empty());
    auto narrower = before;
    narrower.statements[0].resources = many(kPolicyItemsMax, "eu:", ":1");
    EXPECT_TRUE(beyond_policy(narrower, before).empty());
    auto wider = before;
    wider.statements[0].resources.back() = "us:1";
    EXPECT_EQ(beyond_policy(wider, before), actions);
    auto undenied = before;
    undenied.statements[1].resources.pop_back();
    EXPECT_EQ(beyond_policy(undenied, before), actions);
    Policy many_statements;
    for (std::size_t i = 0; i < kPolicyStatementsMax; ++i) {
        many_statements.statements.push_back(i % 2 == 0 ? allow(many(4, "res:a"), many(4, "eu:"))
                                                        : deny(many(4, "res:a"), many(4, "eu:")));
    }
    EXPECT_TRUE(beyond_policy(many_statements, many_statements).empty());
}

TEST(PolicyRights, WhatGivesNothingAndDeniesNothingIsNoMatter) {
    const Policy before{{allow({"license:*"}), deny({"license:write"}, {})}};
    EXPECT_TRUE(beyond_policy({{allow({"license:write"})}}, before).empty());
    EXPECT_TRUE(beyond_policy({{allow({"log:line"}, {}), allow({}, {"*"})}}, before).empty());
    EXPECT_EQ(beyond_policy({{allow({"log:line"}, {"eu:1"})}}, {{allow({"log:line"}, {})}}),
              Texts{"log:line"});
}

}  // namespace
}  // namespace latchkey::authority
