#include "api/error_pages.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace latchkey::api {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every word that a source hands to with_reason() or invalid(), found by text: a reason is always a
// literal of small letters and underscores. invalid()'s is the first such literal behind a comma.
std::set<std::string> reasons_in(const std::string& source) {
    static const std::regex kReason(R"re(with_reason\(\s*"([a-z_]+)")re");
    static const std::regex kInvalid(R"re(\binvalid\([^;]*?,\s*"([a-z_]+)"\s*[,)])re");
    // Helpers of a file pass their reason on; these beginnings are used for reasons only.
    static const std::regex kPassedOn(R"re("((bad|expiry|unknown|too)_[a-z_]+)")re");
    std::set<std::string> reasons;
    for (const auto* pattern : {&kReason, &kInvalid, &kPassedOn}) {
        for (std::sregex_iterator match(source.begin(), source.end(), *pattern), end; match != end;
             ++match) {
            reasons.insert((*match)[1]);
        }
    }
    return reasons;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ErrorPages, EveryReasonInTheSourcesIsExplained) {
    std::size_t found = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(LATCHKEY_SOURCE_DIR "/src")) {
        const auto& path = entry.path();
        const bool is_test = path.filename().string().ends_with("_test.cc");
        if ((path.extension() != ".cc" && path.extension() != ".h") || is_test) continue;
        for (const auto& reason : reasons_in(read_file(path))) {
            EXPECT_TRUE(render_error_page(reason)) << reason << " of " << path;
            ++found;
        }
    }
    EXPECT_GT(found, 50U);  // else the pattern no longer finds them
}

TEST(ErrorPages, TheReasonsAreFoundWhereverALineBreaks) {
    EXPECT_THAT(reasons_in("return invalid(\"a (b), c\" + name,\n    \"bad_slug\", \"/slug\");\n"
                           "Error{x}.with_reason(\n\"bad_scope\")"),
                testing::ElementsAre("bad_scope", "bad_slug"));
}

TEST(ErrorPages, TheWordsOfTheErrorCodesAreExplainedToo) {
    for (const auto* code :
         {"invalid", "unauthenticated", "forbidden", "not_found", "conflict", "precondition_failed",
          "rate_limited", "out_of_space", "unavailable", "internal", "bad_request"}) {
        EXPECT_TRUE(render_error_page(code)) << code;
    }
}

TEST(ErrorPages, APageSaysWhatWhyAndWhatToDo) {
    const auto page = render_error_page("bad_setup_code");
    ASSERT_TRUE(page);
    EXPECT_THAT(*page, HasSubstr("<h1>The setup link does not work</h1>"));
    EXPECT_THAT(*page, HasSubstr("<code>bad_setup_code</code>"));
    EXPECT_THAT(*page, HasSubstr("Restart the server."));
}

TEST(ErrorPages, BackticksBecomeCodeAndAnglesAreEscaped) {
    const auto page = render_error_page("unknown_scope");
    ASSERT_TRUE(page);
    EXPECT_THAT(*page, HasSubstr("<code>latchkey scope list --api &lt;slug&gt;</code>"));
    EXPECT_THAT(*page, Not(HasSubstr("<slug>")));
}

TEST(ErrorPages, EachShowsARequestAndItsAnswer) {
    const auto problem = render_error_page("unknown_scope");
    ASSERT_TRUE(problem);
    EXPECT_THAT(*problem, HasSubstr("POST /v1/tokens\n{&quot;name&quot;: &quot;ci&quot;"));
    EXPECT_THAT(*problem, HasSubstr("HTTP/1.1 422 Unprocessable Content\n"));
    EXPECT_THAT(*problem, HasSubstr("&quot;code&quot;: &quot;unknown_scope&quot;"));
    const auto oauth = render_error_page("invalid_client");
    ASSERT_TRUE(oauth);
    EXPECT_THAT(*oauth, HasSubstr("HTTP/1.1 401 Unauthorized\n{\n  &quot;error&quot;"));
    const auto command = render_error_page("not_logged_in");
    ASSERT_TRUE(command);
    EXPECT_THAT(*command, HasSubstr("<code>$ latchkey token list</code>"));
    EXPECT_THAT(*command, HasSubstr("error: Not logged in\n"));
    EXPECT_THAT(*command, HasSubstr("exit code 4"));
}

TEST(ErrorPages, EveryEntryHasAnExampleThatCanBeMeant) {
    const auto text = read_file(LATCHKEY_SOURCE_DIR "/src/api/pages/errors.json");
    const auto parsed =
        parse_json(text, {.bytes_max = 1U << 20, .depth_max = 4, .members_max = 10'000});
    ASSERT_TRUE(parsed);
    static const std::regex kRequest(
        "(GET|POST|PUT|PATCH|DELETE|TRACE) /[^ \\n]*( [^\\n]*)?(\\n.*)*");
    for (const auto& value : parsed->as_array()) {
        const auto& entry = value.as_object();
        const std::string code(entry.at("code").as_string());
        ASSERT_TRUE(entry.contains("example")) << code;
        const std::string example(entry.at("example").as_string());
        const bool is_command = example.starts_with("$ latchkey ");
        EXPECT_TRUE(is_command || std::regex_match(example, kRequest)) << code;
        EXPECT_EQ(entry.contains(is_command ? "exit" : "status"), true) << code;
        const auto page = render_error_page(code);
        ASSERT_TRUE(page) << code;
        EXPECT_THAT(*page, Not(HasSubstr("HTTP/1.1 0"))) << code;
    }
}

TEST(ErrorPages, AnUnknownCodeHasNoPage) {
    EXPECT_FALSE(render_error_page("no_such_code"));
    EXPECT_FALSE(render_error_page(""));
    EXPECT_FALSE(render_error_page("<script>"));
}

TEST(EscapeHtml, LeavesNothingThatOpensATagOrEndsAnAttribute) {
    EXPECT_EQ(escape_html("<a href='x' title=\"y\">&</a>"),
              "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;&lt;/a&gt;");
}

}  // namespace
}  // namespace latchkey::api
