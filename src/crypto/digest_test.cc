#include "crypto/digest.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

std::string hex(const Digest& digest) {
    return hex_encode(as_text(digest));
}

TEST(Digest, AgreesWithTheExamplesOfFips180) {
    EXPECT_EQ(hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256(std::string_view())), hex(sha256("")));
}

TEST(Digest, OfTwoPartsIsTheDigestOfBothJoined) {
    EXPECT_EQ(sha256("a", "bc"), sha256("abc"));
    EXPECT_EQ(sha256("", "abc"), sha256("abc", ""));
    EXPECT_NE(sha256("a", "bc"), sha256("ab"));
}

TEST(Digest, AThreadsContextStartsAnewEachTime) {
    std::string seen;
    std::thread other([&] {
        static_cast<void>(sha256("something before"));
        seen = hex(sha256("abc"));
    });
    other.join();
    EXPECT_EQ(seen, hex(sha256("abc")));
}

TEST(Digest, HmacAgreesWithRfc4231) {
    EXPECT_EQ(hex(hmac_sha256(Secret(std::string(20, '\x0b')), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(Secret(std::string(131, '\xaa')),
                              "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, HmacTakesAnEmptyKeyAndForgetsTheOneBefore) {
    static_cast<void>(hmac_sha256(Secret("another key"), "data"));
    EXPECT_EQ(hex(hmac_sha256(Secret(), "")),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, ConstantTimeEqualityIsEquality) {
    Digest a = sha256("abc");
    const Digest b = a;
    EXPECT_TRUE(equal_in_constant_time(a, b));
    a[31] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(a, b));
}

}  // namespace
}  // namespace latchkey
