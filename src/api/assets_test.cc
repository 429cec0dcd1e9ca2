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

TEST(Assets, EveryFileIsFoundByItsPath) {
    for (const auto* path : {"/", "/assets/docs.js", "/assets/app.css", "/assets/logo.svg",
                             "/assets/errors.json", "/openapi.json"}) {
        const Asset* asset = find_asset(path);
        ASSERT_NE(asset, nullptr) << path;
        EXPECT_EQ(asset->path, path);
        EXPECT_FALSE(asset->body.empty()) << path;
    }
}

TEST(Assets, AnyOtherSpellingOfAPathIsNotFound) {
    for (const auto* path : {"", "/home", "/index.html", "/login", "/assets/../openapi.json",
                             "/assets/", "//", "/assets/%61pp.css", "/?x", "openapi.json"}) {
        EXPECT_EQ(find_asset(path), nullptr) << path;
    }
}

TEST(Assets, TheTableIsSortedSoThatTheSearchIsRight) {
    const auto assets = all_assets();
    EXPECT_TRUE(std::ranges::is_sorted(assets, {}, &Asset::path));
    for (const Asset& asset : assets)
        EXPECT_EQ(find_asset(asset.path), &asset);
}

TEST(Assets, TheEtagIsTheDigestOfTheBodyAndNamesTheForm) {
    for (const Asset& asset : all_assets()) {
        const auto digest = hex_encode(bytes_of(sha256(asset.body)));
        EXPECT_EQ(asset.digest, digest) << asset.path;
        EXPECT_EQ(form_of(asset, "").etag, '"' + digest + '"') << asset.path;
        if (!asset.brotli.empty()) {
            EXPECT_EQ(form_of(asset, "gzip, br").etag, '"' + digest + "-br\"") << asset.path;
        }
    }
}

TEST(Assets, AFormIsSentOnlyToWhoAsksForIt) {
    const Asset& page = *find_asset("/");
    ASSERT_FALSE(page.brotli.empty());
    ASSERT_FALSE(page.gzip.empty());
    for (const auto* list : {"", "identity", "*", "brotli", "br;q=0", "gzip;q=0.0", "xbr, brx"}) {
        EXPECT_EQ(form_of(page, list).encoding, "") << list;
    }
    for (const auto* list : {"br", "gzip, br", "deflate , BR", "br;q=0.5", "gzip;q=1, br;q=0.01"}) {
        EXPECT_EQ(form_of(page, list).encoding, "br") << list;
    }
    EXPECT_EQ(form_of(page, "gzip, deflate").encoding, "gzip");
    EXPECT_EQ(form_of(page, "br;q=0, gzip").body, page.gzip);
}

TEST(Assets, ScriptsAndSheetsOfThePortalAreCompressedAndNamedByTheirContent) {
    int hashed = 0;
    for (const Asset& asset : all_assets()) {
        if (!asset.is_immutable) continue;
        ++hashed;
        if (asset.content_type.starts_with("text/javascript") && asset.body.size() > 1000) {
            EXPECT_FALSE(asset.brotli.empty()) << asset.path;
            EXPECT_LT(asset.brotli.size(), asset.body.size()) << asset.path;
        }
    }
    EXPECT_GT(hashed, 5);
    for (const auto* path : {"/", "/assets/docs.js", "/assets/app.css", "/openapi.json"}) {
        EXPECT_FALSE(find_asset(path)->is_immutable) << path;
    }
}

TEST(Assets, EveryFileThatThePageNamesIsThere) {
    const std::string_view page = find_asset("/")->body;
    int named = 0;
    for (auto at = page.find("\"/assets/"); at != std::string_view::npos;
         at = page.find("\"/assets/", at + 1)) {
        const auto name = page.substr(at + 1, page.find('"', at + 1) - at - 1);
        EXPECT_NE(find_asset(name), nullptr) << name;
        ++named;
    }
    EXPECT_GE(named, 4);
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
