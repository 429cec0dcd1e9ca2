#include "crypto/seal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

Secret key_of(char fill) {
    return Secret(std::string(kSealKeyBytes, fill));
}

TEST(Seal, OpensWhatItSealed) {
    EXPECT_TRUE(rc::check([](const std::string& plaintext, const std::string& place) {
        const std::string sealed = seal(key_of('k'), plaintext, place);
        RC_ASSERT(sealed.size() == plaintext.size() + kSealOverheadBytes);
        const auto opened = open_sealed(key_of('k'), sealed, place);
        RC_ASSERT(opened.has_value());
        RC_ASSERT(opened->expose() == plaintext);
    }));
}

TEST(Seal, AgreesWithAnIndependentImplementation) {
    // NIST's GCM test case 14: key and nonce all zero, 16 zero bytes, no associated data.
    const auto sealed = hex_decode(
        "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    const auto opened = open_sealed(Secret(std::string(32, '\0')), *sealed, "");
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->expose(), std::string(16, '\0'));
}

TEST(Seal, TheSameValueLooksDifferentEachTime) {
    EXPECT_NE(seal(key_of('k'), "value", ""), seal(key_of('k'), "value", ""));
}

TEST(Seal, AnyChangedByteAnotherKeyOrAnotherPlaceDoesNotOpen) {
    const std::string sealed = seal(key_of('k'), "value", "keys/1");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto opened = open_sealed(key_of('k'), changed, "keys/1");
        ASSERT_FALSE(opened.has_value()) << i;
        EXPECT_EQ(opened.error().reason, "bad_seal");
    }
    EXPECT_FALSE(open_sealed(key_of('x'), sealed, "keys/1").has_value());
    EXPECT_FALSE(open_sealed(key_of('k'), sealed, "keys/2").has_value());
    for (std::size_t length = 0; length < sealed.size(); ++length) {
        EXPECT_FALSE(
            open_sealed(key_of('k'), std::string_view(sealed).substr(0, length), "keys/1"));
    }
}

TEST(Seal, AKeyOfTheWrongLengthIsAMistakeOfOurs) {
    EXPECT_THROW(static_cast<void>(seal(Secret("short"), "v", "")), std::logic_error);
    EXPECT_THROW(static_cast<void>(open_sealed(Secret("short"), "v", "")), std::logic_error);
}

}  // namespace
}  // namespace latchkey
