#include "token/opaque.h"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zlib.h>

#include "base/encoding.h"
#include "support/vectors.h"

namespace latchkey {
namespace {

TEST(Opaque, TokensHaveTheirPrefixTheirLengthAndTheirChecksum) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const Secret token = make_opaque("lkp");
        EXPECT_EQ(token.expose().size(), 3U + 1 + 34 + 6);
        EXPECT_TRUE(has_valid_checksum(token.expose()));
        EXPECT_EQ(shape_of(token.expose()), TokenShape::kOpaque);
        seen.emplace(token.expose());
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Opaque, ChecksumsAreTheOnesThatScannersKnow) {
    const json::value file = testing::read_vectors("github-token-format/crc_vectors.json");
    int valid = 0;
    for (const auto& token : file.at("valid").as_array()) {
        EXPECT_TRUE(has_valid_checksum(token.as_string())) << token.as_string().c_str();
        ++valid;
    }
    int bad = 0;
    for (const auto& token : file.at("invalid").as_array()) {
        EXPECT_FALSE(has_valid_checksum(token.as_string())) << token.as_string().c_str();
        ++bad;
    }
    EXPECT_EQ(valid, 7);
    EXPECT_EQ(bad, 5);
    std::printf("token checksums: %d valid, %d invalid\n", valid, bad);
}

TEST(Opaque, ASmallChecksumIsPaddedWithZeros) {
    EXPECT_EQ(opaque_checksum("ddxmdnIaKAhzxKxYadIFspCAvtI2981xR3"), "00FIhm");
    EXPECT_EQ(opaque_checksum(""), "000000");
    EXPECT_EQ(opaque_checksum("123456789"), "3jZRME");  // CRC-32's check value, 0xCBF43926
}

TEST(Opaque, TheChecksumIsZlibsCrc32OfAnyTextOfAnyLength) {
    rc::check([](const std::string& text) {
        const uLong crc = crc32(0, as_bytes(text).data(), static_cast<uInt>(text.size()));
        RC_ASSERT(opaque_checksum(text) == base62_encode(crc, 6));
    });
}

TEST(Opaque, NoNeighbourOfATokenHasAValidChecksum) {
    const Secret token = make_opaque("lkp");
    const std::string text(token.expose());
    for (std::size_t at = 4; at < text.size(); ++at) {
        for (const char put : std::string_view(
                 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_. \n")) {
            if (put == text[at]) continue;
            std::string changed = text;
            changed[at] = put;
            EXPECT_FALSE(has_valid_checksum(changed)) << at << put;
        }
        EXPECT_FALSE(has_valid_checksum(std::string_view(text).substr(0, at)));
    }
    EXPECT_FALSE(has_valid_checksum(text + "0"));
    EXPECT_FALSE(has_valid_checksum(text.substr(4)));
    EXPECT_FALSE(has_valid_checksum(text.substr(3)));
}

TEST(Opaque, PrefixesFollowTheirGrammar) {
    for (const char* good : {"lk", "lkp", "a1", "abcdefghijklmnop"}) {
        EXPECT_TRUE(is_valid_prefix(good)) << good;
    }
    for (const char* bad :
         {"", "l", "1a", "Lkp", "lk_p", "lk-p", "abcdefghijklmnopq", "lk ", "l\xC3\xA4"}) {
        EXPECT_FALSE(is_valid_prefix(bad)) << bad;
        EXPECT_THROW(static_cast<void>(make_opaque(bad)), std::logic_error);
    }
}

TEST(Opaque, ShapesAreToldApartByFormAlone) {
    const std::string body(40, 'x');
    EXPECT_EQ(shape_of("lkp_" + body), TokenShape::kOpaque);
    EXPECT_EQ(shape_of("Lkp_" + body), TokenShape::kOther);
    EXPECT_EQ(shape_of("lkp_" + body + "x"), TokenShape::kOther);
    EXPECT_EQ(shape_of("lkp-" + body), TokenShape::kOther);
    EXPECT_EQ(shape_of("_" + body), TokenShape::kOther);
    EXPECT_EQ(shape_of(body), TokenShape::kOther);
    EXPECT_EQ(shape_of("a.b.c"), TokenShape::kJwt);
    EXPECT_EQ(shape_of("lkp_" + body + ".b.c"), TokenShape::kJwt);
    for (const char* other :
         {"", ".", "..", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c ", "a.b.c=", "a b"}) {
        EXPECT_EQ(shape_of(other), TokenShape::kOther) << other;
    }
}

TEST(Opaque, OnlyAWrongFormOrChecksumIsRefusedWithoutALookup) {
    std::string good(make_opaque("lkp").expose());
    EXPECT_TRUE(could_be_token(good));
    EXPECT_TRUE(could_be_token("a.b.c"));
    good.back() = good.back() == 'a' ? 'b' : 'a';
    EXPECT_FALSE(could_be_token(good));
    EXPECT_FALSE(could_be_token("nonsense"));
    EXPECT_FALSE(could_be_token(""));
}

TEST(Opaque, NoTextConfusesTheParsers) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        static_cast<void>(shape_of(text));
        if (has_valid_checksum(text)) RC_ASSERT(text.find('_') != std::string::npos);
    }));
}

}  // namespace
}  // namespace latchkey
