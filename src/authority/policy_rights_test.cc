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

}  // namespace
}  // namespace latchkey::authority
