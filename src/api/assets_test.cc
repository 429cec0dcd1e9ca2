#include "api/assets.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/digest.h"

namespace latchkey::api {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string_view bytes_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

TEST(Assets, EveryPageIsFoundByItsPath) {
    for (const auto* path : {"/", "/setup", "/login", "/assets/app.css", "/assets/setup.js",
                             "/assets/login.js", "/assets/home.js", "/assets/forms.js",
                             "/assets/requests.js", "/assets/logo.svg", "/openapi.json"}) {
        const Asset* asset = find_asset(path);
        ASSERT_NE(asset, nullptr) << path;
        EXPECT_EQ(asset->path, path);
        EXPECT_FALSE(asset->body.empty()) << path;
    }
}

TEST(Assets, AnyOtherSpellingOfAPathIsNotFound) {
    for (const auto* path : {"", "/home", "/Login", "/login/", "/login.html", "/assets/../setup",
                             "/assets/", "//", "/assets/%61pp.css", "/setup?x", "openapi.json"}) {
        EXPECT_EQ(find_asset(path), nullptr) << path;
    }
}

TEST(Assets, TheTableIsSortedSoThatTheSearchIsRight) {
    const auto assets = all_assets();
    EXPECT_TRUE(std::ranges::is_sorted(assets, {}, &Asset::path));
    for (const Asset& asset : assets)
        EXPECT_EQ(find_asset(asset.path), &asset);
}

TEST(Assets, TheEtagIsTheQuotedDigestOfTheBody) {
    for (const Asset& asset : all_assets()) {
        const auto digest = sha256(asset.body);
        EXPECT_EQ(asset.etag, '"' + hex_encode(bytes_of(digest)) + '"') << asset.path;
    }
}

TEST(Assets, EveryFileThatAPageNamesIsThere) {
    for (const auto* path : {"/", "/setup", "/login"}) {
        std::string_view page = find_asset(path)->body;
        for (auto at = page.find("\"/assets/"); at != std::string_view::npos;
             at = page.find("\"/assets/", at + 1)) {
            const auto name = page.substr(at + 1, page.find('"', at + 1) - at - 1);
            EXPECT_NE(find_asset(name), nullptr) << name;
        }
    }
}

// The policy forbids these; a page that has one would be broken in the browser only.
TEST(Assets, NoPageHasAnythingThatTheContentSecurityPolicyForbids) {
    for (const Asset& asset : all_assets()) {
        const std::string body(asset.body);
        if (asset.content_type.starts_with("text/html")) {
            EXPECT_THAT(body, Not(HasSubstr("<style"))) << asset.path;
            EXPECT_THAT(body, Not(HasSubstr(" style="))) << asset.path;
            EXPECT_THAT(body, Not(testing::ContainsRegex(" on[a-z]+="))) << asset.path;
            EXPECT_THAT(body, Not(testing::ContainsRegex("<script[^>]*>[^<]"))) << asset.path;
            EXPECT_THAT(body, Not(testing::ContainsRegex("(src|href)=\"(https?:)?//")));
        }
        if (asset.content_type.starts_with("text/javascript")) {
            for (const auto* sink : {"innerHTML", "outerHTML", "insertAdjacentHTML", "eval(",
                                     "document.write", "new Function", "localStorage"}) {
                EXPECT_THAT(body, Not(HasSubstr(sink))) << asset.path;
            }
        }
    }
}

TEST(Assets, TheOpenApiDocumentIsJson) {
    const JsonLimits limits{.bytes_max = 1 << 20, .depth_max = 32, .members_max = 1000};
    const auto parsed = parse_json(find_asset("/openapi.json")->body, limits);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed.value().as_object().at("openapi").as_string(), "3.1.0");
}

}  // namespace
}  // namespace latchkey::api
