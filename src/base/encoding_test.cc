#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace latchkey {
namespace {

TEST(Encoding, AgreesWithTheExamplesOfRfc4648) {
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
    EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
    EXPECT_EQ(base64url_encode("foob"), "Zm9vYg");
    EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
    EXPECT_EQ(hex_encode("foobar"), "666f6f626172");
}

TEST(Encoding, EveryByteStringSurvives) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        RC_ASSERT(base64url_decode(base64url_encode(bytes)) == bytes);
        RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
        RC_ASSERT(hex_decode(hex_encode(bytes)) == bytes);
        RC_ASSERT(percent_decode(percent_encode(bytes)) == bytes);
    }));
}

TEST(Encoding, EachByteStringHasOneText) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        const auto url = base64url_decode(text);
        if (url) RC_ASSERT(base64url_encode(*url) == text);
        const auto standard = base64_decode(text);
        if (standard) RC_ASSERT(base64_encode(*standard) == text);
    }));
    for (const char* text :
         {"A", "AB", "AAB", "AA=", "AA==", "A A", "AA\n", "A+", "A/", "A.", "?A"}) {
        EXPECT_FALSE(base64url_decode(text).has_value()) << text;
    }
    for (const char* text :
         {"AA", "AA=", "AB==", "AAA", "A===", "====", "AA==AA==", "A-==", "=AAA"}) {
        EXPECT_FALSE(base64_decode(text).has_value()) << text;
    }
    EXPECT_FALSE(base64url_decode(std::string_view("AA\0A", 4)).has_value());
}

TEST(Encoding, HexTakesBothCasesAndNothingElse) {
    EXPECT_EQ(hex_decode("0aFF"), std::string("\x0a\xff"));
    for (const char* text : {"0", "0g", "0x0a", " a", "a "}) {
        EXPECT_FALSE(hex_decode(text).has_value()) << text;
    }
}

TEST(Encoding, Base62IsPaddedButNeverCut) {
    EXPECT_EQ(base62_encode(0, 6), "000000");
    EXPECT_EQ(base62_encode(61, 1), "z");
    EXPECT_EQ(base62_encode(62, 1), "10");
    EXPECT_EQ(base62_encode(0xFFFFFFFF, 6), "4gfFC3");
    EXPECT_EQ(base62_encode(UINT64_MAX, 0), "LygHa16AHYF");
}

TEST(Encoding, PercentSignsMustBeWhole) {
    EXPECT_EQ(percent_decode("a%2Fb%20"), "a/b ");
    EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "%%41"}) {
        EXPECT_FALSE(percent_decode(text).has_value()) << text;
    }
    EXPECT_EQ(percent_encode("a/b c~\xC3\xA9"), "a%2Fb%20c~%C3%A9");
}

TEST(Utf8, OnlyShortestFormsOfScalarValuesAreValid) {
    for (const char* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_valid_utf8(good)) << hex_encode(good);
    }
    for (const char* bad :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE2\x82",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80", "\xFF", "a\xFE"}) {
        EXPECT_FALSE(is_valid_utf8(bad)) << hex_encode(bad);
    }
    EXPECT_EQ(utf8_length("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91"), 4U);
}

TEST(Utf8, ControlAndDirectionCharactersAreUnprintable) {
    for (const char* bad : {"\n", "\x1b", "\x7f", "\xC2\x85", "\xE2\x80\x8B", "\xE2\x80\x8E",
                            "\xE2\x80\xA8", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xEF\xBB\xBF",
                            "\xEF\xBF\xB9", "\xF3\xA0\x80\x81", "\xff"}) {
        EXPECT_TRUE(has_unprintable(bad)) << hex_encode(bad);
    }
    EXPECT_TRUE(has_unprintable(std::string_view("\0", 1)));
    for (const char* good :
         {"", "a b", "\xC3\xA9", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xF0\x9F\x94\x91"}) {
        EXPECT_FALSE(has_unprintable(good)) << hex_encode(good);
    }
}

}  // namespace
}  // namespace latchkey
