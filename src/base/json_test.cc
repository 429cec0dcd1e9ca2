#include "base/json.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace latchkey {
namespace {

std::string_view why(std::string_view text, const JsonLimits& limits = {}) {
    const auto parsed = parse_json(text, limits);
    return parsed ? std::string_view("accepted") : parsed.error().reason;
}

TEST(Json, LimitsHold) {
    const JsonLimits small{20, 3, 2};
    EXPECT_EQ(why("[[[1]]]", small), "accepted");
    EXPECT_EQ(why("[[[[1]]]]", small), "malformed_json");
    EXPECT_EQ(why("[1,2]", small), "accepted");
    EXPECT_EQ(why("[1,2,3]", small), "malformed_json");
    EXPECT_EQ(why(R"({"a":1,"b":2})", small), "accepted");
    EXPECT_EQ(why(R"({"a":1,"b":2,"c":3})", small), "malformed_json");
    EXPECT_EQ(why("[1                 ]", small), "accepted");
    EXPECT_EQ(why("[1                  ]", small), "too_large");
    EXPECT_EQ(why(std::string(60'000, '[')), "malformed_json");
}

TEST(Json, RepeatedMembersAreFoundAfterUnescaping) {
    EXPECT_EQ(why(R"({"alg":1,"alg":2})"), "malformed_json");
    EXPECT_EQ(why(R"({"alg":1,"\u0061lg":2})"), "malformed_json");
    EXPECT_EQ(why(R"([{"a":{"b":1,"b":1}}])"), "malformed_json");
    EXPECT_EQ(why(R"({"a":{"a":1},"b":[{"a":1},{"a":1}]})"), "accepted");
    EXPECT_EQ(why(R"({"":1,"":2})"), "malformed_json");
}

TEST(Json, TextThatIsNoUnicodeIsRefused) {
    EXPECT_EQ(why("\"\\ud800\""), "malformed_json");
    EXPECT_EQ(why("\"\\udc00\\ud800\""), "malformed_json");
    EXPECT_EQ(why("\"\xff\""), "malformed_json");
    EXPECT_EQ(why("\"\xED\xA0\x80\""), "malformed_json");
    EXPECT_EQ(why("{\"\xC0\xAF\":1}"), "malformed_json");
    EXPECT_EQ(why("\xEF\xBB\xBF{}"), "malformed_json");
    EXPECT_EQ(why("\"a\nb\""), "malformed_json");
    EXPECT_EQ(why(R"("\ud83d\udd11")"), "accepted");
}

TEST(Json, NumbersBeyondEveryMeaningAreRefused) {
    EXPECT_EQ(why("1e400"), "malformed_json");
    EXPECT_EQ(why("-1e400"), "malformed_json");
    EXPECT_EQ(why("[" + std::string(400, '9') + "]"), "malformed_json");
    EXPECT_EQ(why("1e308"), "accepted");
}

TEST(Json, OneDocumentAndNothingBehindIt) {
    EXPECT_EQ(why(""), "malformed_json");
    EXPECT_EQ(why("{}"), "accepted");
    EXPECT_EQ(why("{} \n"), "accepted");
    EXPECT_EQ(why("{}{}"), "malformed_json");
    EXPECT_EQ(why("{},"), "malformed_json");
    EXPECT_EQ(why(std::string_view("{}\0", 3)), "malformed_json");
    EXPECT_EQ(why("{"), "malformed_json");
    EXPECT_EQ(why("12"), "accepted");
}

TEST(Json, CanonicalTextIsSortedAndHasNoSpace) {
    const auto value = parse_json(R"( {"b": [1, -2, true], "a": {"z": null, "y": "\n\u0001\/"}} )");
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(canonical_json(*value), R"({"a":{"y":"\n\u0001/","z":null},"b":[1,-2,true]})");
    EXPECT_THROW(static_cast<void>(canonical_json(1.5)), std::logic_error);
}

TEST(Json, CanonicalMembersStandInTheOrderOfTheirUtf16CodeUnits) {
    // RFC 8785 §3.2.3: the astral U+1F600 is written with surrogates, which sort before U+FB33.
    const auto value = parse_json("{\"\xEF\xAC\xB3\":1,\"\xF0\x9F\x98\x80\":2,\"\xE2\x82\xAC\":3}");
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(canonical_json(*value),
              "{\"\xE2\x82\xAC\":3,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
}

// Texts out of every class of character, so that few cases are thrown away.
rc::Gen<std::string> any_text() {
    const auto piece = rc::gen::element<std::string>(
        "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\x01", "\x1f", "\x7f",
        std::string(1, '\0'), "\xC3\xA9", "\xE2\x82\xAC", "\xEF\xAC\xB3", "\xF0\x9F\x94\x91");
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                        [](const auto& pieces) {
                            std::string text;
                            for (const auto& one : pieces) {
                                text += one;
                            }
                            return text;
                        });
}

TEST(Json, QuotedTextParsesBackToItself) {
    EXPECT_TRUE(rc::check([] {
        const std::string text = *any_text();
        const auto parsed = parse_json(json_quote(text));
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(std::string(parsed->get_string()) == text);
    }));
}

TEST(Json, CanonicalTextIsItsOwnCanonicalText) {
    EXPECT_TRUE(rc::check([] {
        json::object object;
        for (const auto& [name, numbers] :
             *rc::gen::container<std::map<std::string, std::vector<int>>>(
                 any_text(), rc::gen::arbitrary<std::vector<int>>())) {
            object[name] = json::array(numbers.begin(), numbers.end());
        }
        const std::string text = canonical_json(object);
        const auto again = parse_json(text);
        RC_ASSERT(again.has_value());
        RC_ASSERT(canonical_json(*again) == text);
    }));
}

}  // namespace
}  // namespace latchkey
