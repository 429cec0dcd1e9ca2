#include "crypto/hmac_key.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

std::string mac_of(const std::string& key, const std::string& data) {
    return hex_encode(as_text(HmacKey(Secret(key)).mac(data)));
}

// RFC 4231 §4.2, §4.3 and §4.7.
TEST(HmacKey, AnswersAsTheVectorsOfTheRfcDo) {
    EXPECT_EQ(mac_of(std::string(20, '\x0b'), "Hi There"),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(mac_of("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        mac_of(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacKey, SaysWhatTheOtherImplementationSaysForKeysOfEveryLength) {
    for (std::size_t length = 0; length < 140; ++length) {
        const std::string key(length, 'k');
        const std::string data(length * 3, 'd');
        EXPECT_EQ(HmacKey(Secret(key)).mac(data), hmac_sha256(Secret(key), data)) << length;
    }
}

}  // namespace
}  // namespace latchkey
