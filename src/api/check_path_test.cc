#include <gtest/gtest.h>

#include "api/check.h"

namespace latchkey::api {
namespace {

struct Row {
    const char* path;
    const char* said;  // "api|scopes|project|resource", "nginx " in front; "": refused
};

std::string said(std::string_view path) {
    std::string decoded;
    const auto parsed = parse_check_path(path, decoded);
    if (!parsed) return {};
    std::string text = parsed->is_nginx ? "nginx " : "";
    text.append(parsed->api_slug).append("|");
    for (std::size_t i = 0; i < parsed->scope_count; ++i) {
        text.append(i == 0 ? "" : " ").append(parsed->scopes[i]);
    }
    text.append("|").append(parsed->project ? parsed->project->uuid() : "").append("|");
    return text.append(parsed->resource);
}

std::string scopes(int count) {
    std::string path = "/check/scope/";
    for (int i = 0; i < count; ++i) {
        path += (i == 0 ? "a:s" : "+a:s") + std::to_string(i);
    }
    return path;
}

TEST(CheckPath, SaysWhatIsRequired) {
    const Row rows[] = {
        {"/check", "|||"},
        {"/check/scope/license:read", "|license:read||"},
        {"/check/scope/license:read+product:read", "|license:read product:read||"},
        {"/check/scope/license%3Aread", "|license:read||"},
        {"/check/scope/a:b%2Bc:d", "|a:b c:d||"},
        {"/check/api/billing", "billing|||"},
        {"/check/api/billing/scope/a:b", "billing|a:b||"},
        {"/check/scope/a:b/api/billing", "billing|a:b||"},
        {"/check/project/01890000-0000-7000-8000-000000000001",
         "||01890000-0000-7000-8000-000000000001|"},
        {"/check/resource/a%2Fb%20c", "|||a/b c"},
        {"/check/nginx", "nginx |||"},
        {"/check/nginx/scope/a:b", "nginx |a:b||"},
        {"/check/-", "|||"},
        {"/check/-/", "|||"},
        {"/check/scope/a:b/-/any//thing/../%zz/scope/c:d", "|a:b||"},
        {"/check/nginx/scope/a:b/-/x", "nginx |a:b||"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(said(row.path), row.said) << row.path;
    }
}

// Whoever writes a gateway's configuration must notice a slip, never be let through by it.
TEST(CheckPath, RefusesWhatItDoesNotFullyUnderstand) {
    for (const char* path : {"/check/",
                             "/check//",
                             "/check/scope",
                             "/check/scope/",
                             "/check/scope/a:b/",
                             "/check/scope/a:b//-/",
                             "/check/scope/a:b/scope/c:d",
                             "/check/api/a/api/b",
                             "/check/api/",
                             "/check/scope/a",
                             "/check/scope/a:b+",
                             "/check/scope/+a:b",
                             "/check/scope/a:b++c:d",
                             "/check/scope/a:b%00",
                             "/check/scope/a:b%zz",
                             "/check/scope/a:b%",
                             "/check/scope/./api/x",
                             "/check/api/..",
                             "/check/api/%2e%2e/../x",
                             "/check/scope/a:b;x",
                             "/check/scope/a:b\\c",
                             "/check/project/nobody",
                             "/check/project/01890000-0000-7000-8000-000000000001/project/"
                             "01890000-0000-7000-8000-000000000001",
                             "/check/resource/a/resource/b",
                             "/check/wrong/x",
                             "/check/nginx/",
                             "/check/nginx/nginx",
                             "/check/nginx/nginx/x",
                             "/check/Scope/a:b",
                             "/check/scope/a:b/nginx",
                             "/checkscope/a:b",
                             "/check/scope/a:b%0d%0aX-Injected:1"}) {
        EXPECT_EQ(said(path), "") << path;
    }
}

TEST(CheckPath, TakesSixteenScopesAndNoMore) {
    EXPECT_NE(said(scopes(16)), "");
    EXPECT_EQ(said(scopes(17)), "");
}

// Views into the scratch stay good however much was decoded before them.
TEST(CheckPath, SeveralEncodedElementsKeepTheirOwnText) {
    EXPECT_EQ(said("/check/api/%62illing/scope/%61:b/resource/%72es"), "billing|a:b||res");
}

}  // namespace
}  // namespace latchkey::api
