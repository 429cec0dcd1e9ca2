// The description and the table of routes say the same, both ways.
#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "api/assets.h"
#include "api/route.h"
#include "base/json.h"

namespace latchkey::api {
namespace {

json::object description() {
    const JsonLimits limits{.bytes_max = 1U << 20, .depth_max = 40, .members_max = 1000};
    auto parsed = parse_json(find_asset("/openapi.json")->body, limits);
    CHECK(parsed.has_value());
    return parsed.value().as_object();
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

std::string_view method_name(http::Method method) {
    switch (method) {
        case http::Method::kGet: return "get";
        case http::Method::kPost: return "post";
        case http::Method::kPut: return "put";
        case http::Method::kPatch: return "patch";
        case http::Method::kDelete: return "delete";
        case http::Method::kHead: return "head";
        case http::Method::kOptions: return "options";
        case http::Method::kOther: return "other";
    }
    return "other";
}

std::set<std::string> described() {
    static const std::set<std::string> kMethods = {"get", "post", "put", "patch", "delete"};
    std::set<std::string> operations;
    const auto document = description();
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& member : path.value().as_object()) {
            const auto method = lower_case(member.key());
            if (!kMethods.contains(method)) continue;
            operations.insert(method + " " + std::string(path.key()));
        }
    }
    return operations;
}

TEST(OpenApi, EveryRouteIsDescribed) {
    const auto operations = described();
    for (const auto& route : routes()) {
        const auto name = std::string(method_name(route.method)) + " " + std::string(route.path);
        EXPECT_TRUE(operations.contains(name)) << name;
    }
}

TEST(OpenApi, NothingIsDescribedThatDoesNotExist) {
    auto operations = described();
    // Answered before the table is looked at, for any method.
    EXPECT_EQ(operations.erase("get /check"), 1U);
    EXPECT_EQ(operations.erase("get /check/{requirements}"), 1U);
    for (const auto& route : routes()) {
        operations.erase(std::string(method_name(route.method)) + " " + std::string(route.path));
    }
    EXPECT_TRUE(operations.empty()) << *operations.begin();
}

TEST(OpenApi, APublicRouteAsksForNoCredentialAndEveryOtherDoes) {
    const auto document = description();
    const auto& paths = document.at("paths").as_object();
    for (const auto& route : routes()) {
        const auto& operation =
            paths.at(route.path).as_object().at(method_name(route.method)).as_object();
        const auto* security = operation.if_contains("security");
        const bool is_open = security != nullptr && security->as_array().empty();
        EXPECT_EQ(is_open, route.permission.kind() == Permission::Kind::kPublic) << route.path;
    }
}

}  // namespace
}  // namespace latchkey::api
