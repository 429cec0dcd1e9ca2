// JSONTestSuite (tests/vectors/json-parsing): what must parse, what must not, and what we answer
// where RFC 8259 leaves the choice to the parser.
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "support/vectors.h"

namespace latchkey {
namespace {

std::map<std::string, std::string> files_in(const std::string& folder, const std::string& begin) {
    std::map<std::string, std::string> files;
    const std::string path = testing::vector_path("json-parsing/" + folder);
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        const std::string name = entry.path().stem().string();
        if (name.starts_with(begin)) files[name] = testing::read_bytes(entry.path().string());
    }
    return files;
}

bool is_accepted(const std::string& text) {
    JsonLimits limits;
    limits.bytes_max = 1'000'000;
    return parse_json(text, limits).has_value();
}

TEST(JsonVectors, WhatMustParseParsesButForRepeatedMembers) {
    // RFC 8259 §4 allows repeated names, and every parser reads another meaning into them.
    const std::set<std::string> repeated{"y_object_duplicated_key",
                                         "y_object_duplicated_key_and_value"};
    const auto files = files_in("test_parsing", "y_");
    for (const auto& [name, text] : files) {
        EXPECT_EQ(is_accepted(text), !repeated.contains(name)) << name;
    }
    EXPECT_EQ(files.size(), 95U);
    std::printf("json must-accept: %zu, of which %zu refused on purpose\n", files.size(),
                repeated.size());
}

TEST(JsonVectors, WhatMustNotParseDoesNot) {
    const auto files = files_in("test_parsing", "n_");
    for (const auto& [name, text] : files) {
        EXPECT_FALSE(is_accepted(text)) << name;
    }
    EXPECT_EQ(files.size(), 188U);
    std::printf("json must-reject: %zu\n", files.size());
}

TEST(JsonVectors, WhereTheChoiceIsOursOnlyNumbersWithAMeaningPass) {
    // The rest of the 35 is text that is no Unicode, deeper than 16, larger than any number we can
    // hold, or begins with a byte order mark.
    const std::set<std::string> accepted{
        "i_number_double_huge_neg_exp",     // rounds to 0
        "i_number_real_underflow",          // rounds to 0
        "i_number_too_big_neg_int",         // a double; who needs an integer refuses it
        "i_number_too_big_pos_int",         // a double
        "i_number_very_big_negative_int"};  // a double
    const auto files = files_in("test_parsing", "i_");
    for (const auto& [name, text] : files) {
        EXPECT_EQ(is_accepted(text), accepted.contains(name)) << name;
    }
    EXPECT_EQ(files.size(), 35U);
    std::printf("json free choice: %zu, %zu accepted\n", files.size(), accepted.size());
}

TEST(JsonVectors, WhatIsAcceptedKeepsItsMeaning) {
    const std::map<std::string, std::string> expected{
        {"number_-9223372036854775808", "[-9223372036854775808]"},
        {"number_9223372036854775807", "[9223372036854775807]"},
        {"number_9223372036854775808", "[9223372036854775808]"},
        {"number_1000000000000000", "[1000000000000000]"},
        {"number_1.0", "[1E0]"},
        {"number_1.000000000000000005", "[1E0]"},
        {"number_1e6", "[1E6]"},
        {"number_1e-999", "[0E0]"},
        {"number_-9223372036854775809", "[-9.223372036854776E18]"},
        {"number_10000000000000000999", "[10000000000000000999]"},
        {"object_key_nfc_nfd", "{\"\xC3\xA9\":\"NFC\",\"e\xCC\x81\":\"NFD\"}"},
        {"object_key_nfd_nfc", "{\"e\xCC\x81\":\"NFD\",\"\xC3\xA9\":\"NFC\"}"},
        {"string_with_escaped_NULL", "[\"A\\u0000B\"]"}};
    const auto files = files_in("test_transform", "");
    for (const auto& [name, text] : files) {
        const auto parsed = parse_json(text);
        const auto wanted = expected.find(name);
        ASSERT_EQ(parsed.has_value(), wanted != expected.end()) << name;
        if (!parsed) continue;
        EXPECT_EQ(to_json(*parsed), wanted->second) << name;
    }
    EXPECT_EQ(files.size(), 22U);
    std::printf("json transform: %zu, %zu accepted\n", files.size(), expected.size());
}

}  // namespace
}  // namespace latchkey
