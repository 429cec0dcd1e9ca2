#include "crypto/jwe.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "crypto/openssl.h"

namespace latchkey {
namespace {

struct Recipient {
    openssl::Key pair;
    PublicKey key;
};

Recipient make_recipient() {
    openssl::Key pair(EVP_RSA_gen(2048));
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(pair.get(), &der);
    const std::string text(as_text({der, static_cast<std::size_t>(length)}));
    OPENSSL_free(der);
    auto key = PublicKey::from_spki_der(text, Algorithm::kRs256).value();
    return {std::move(pair), std::move(key)};
}

std::vector<std::string> parts_of(const std::string& jwe) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (true) {
        const auto end = jwe.find('.', start);
        parts.push_back(jwe.substr(start, end - start));
        if (end == std::string::npos) return parts;
        start = end + 1;
    }
}

std::string unwrap(const openssl::Key& pair, const std::string& wrapped) {
    const openssl::KeyContext context(EVP_PKEY_CTX_new(pair.get(), nullptr));
    EXPECT_EQ(EVP_PKEY_decrypt_init(context.get()), 1);
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256());
    EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256());
    std::size_t length = 0;
    const auto in = as_bytes(wrapped);
    EXPECT_EQ(EVP_PKEY_decrypt(context.get(), nullptr, &length, in.data(), in.size()), 1);
    std::vector<unsigned char> key(length);
    EXPECT_EQ(EVP_PKEY_decrypt(context.get(), key.data(), &length, in.data(), in.size()), 1);
    return std::string(as_text({key.data(), length}));
}

// The content, by AES-256-GCM as RFC 7516 §5.2 has it; nothing when the tag is wrong.
std::optional<std::string> decrypt(const std::string& key, const std::vector<std::string>& parts) {
    const openssl::CipherContext context(EVP_CIPHER_CTX_new());
    const auto iv = base64url_decode(parts[2]).value();
    const auto body = base64url_decode(parts[3]).value();
    auto tag = base64url_decode(parts[4]).value();
    EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, as_bytes(key).data(),
                       as_bytes(iv).data());
    int written = 0;
    EVP_DecryptUpdate(context.get(), nullptr, &written, as_bytes(parts[0]).data(),
                      static_cast<int>(parts[0].size()));
    std::vector<unsigned char> plain(body.size() + 16);
    EVP_DecryptUpdate(context.get(), plain.data(), &written, as_bytes(body).data(),
                      static_cast<int>(body.size()));
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag.data());
    int last = 0;
    if (EVP_DecryptFinal_ex(context.get(), plain.data() + written, &last) != 1) return std::nullopt;
    return std::string(as_text({plain.data(), static_cast<std::size_t>(written + last)}));
}

TEST(Jwe, WhoHoldsThePrivateKeyReadsTheText) {
    const auto recipient = make_recipient();
    const auto parts = parts_of(encrypt_jwe(recipient.key, Secret("lks_a session")));
    ASSERT_EQ(parts.size(), 5U);
    EXPECT_EQ(base64url_decode(parts[0]), R"({"alg":"RSA-OAEP-256","enc":"A256GCM"})");
    const auto key = unwrap(recipient.pair, base64url_decode(parts[1]).value());
    EXPECT_EQ(key.size(), 32U);
    EXPECT_EQ(decrypt(key, parts), "lks_a session");
}

TEST(Jwe, AChangedHeaderOrBodyIsNotRead) {
    const auto recipient = make_recipient();
    const auto parts = parts_of(encrypt_jwe(recipient.key, Secret("text")));
    const auto key = unwrap(recipient.pair, base64url_decode(parts[1]).value());
    auto other_header = parts;
    other_header[0] = base64url_encode(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"})");
    EXPECT_FALSE(decrypt(key, other_header));
    auto other_body = parts;
    other_body[3] = base64url_encode("text");
    EXPECT_FALSE(decrypt(key, other_body));
}

TEST(Jwe, NoTwoAreAlike) {
    const auto recipient = make_recipient();
    const auto one = parts_of(encrypt_jwe(recipient.key, Secret("text")));
    const auto other = parts_of(encrypt_jwe(recipient.key, Secret("text")));
    EXPECT_EQ(one[0], other[0]);
    for (std::size_t i = 1; i < one.size(); ++i) {
        EXPECT_NE(one[i], other[i]) << i;
    }
}

}  // namespace
}  // namespace latchkey
