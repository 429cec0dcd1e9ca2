#include "crypto/key_pair.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "base/encoding.h"
#include "crypto/key_upload.h"
#include "crypto/upload_testing.h"

namespace latchkey {
namespace {

std::string why(const Result<PrivateKey>& key) {
    return key ? "accepted" : std::string(key.error().reason);
}

std::string private_pem(const EVP_PKEY* key, bool is_traditional) {
    const openssl::Bio bio(BIO_new(BIO_s_mem()));
    const int written = is_traditional ? PEM_write_bio_PrivateKey_traditional(
                                             bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                                       : PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr,
                                                                  0, nullptr, nullptr);
    CHECK(written == 1);
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

TEST(PrivateKey, SignsWhatItsPublicHalfVerifies) {
    for (const auto algorithm : {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        const auto key = PrivateKey::generate(algorithm);
        EXPECT_EQ(key.algorithm(), algorithm);
        const std::string signature = key.sign("message");
        EXPECT_EQ(signature.size(), algorithm == Algorithm::kEs512 ? 132U : 64U);
        EXPECT_TRUE(key.public_key().verify("message", signature));
        EXPECT_FALSE(key.public_key().verify("massage", signature));
    }
}

TEST(PrivateKey, RsaKeysAreLargeAndServeBothAlgorithms) {
    const auto key = PrivateKey::generate(Algorithm::kRs256);
    const std::string signature = key.sign("message");
    EXPECT_EQ(signature.size(), 512U);
    EXPECT_TRUE(key.public_key().verify("message", signature));
    const auto other = PrivateKey::from_pem(key.to_pem(nullptr), nullptr, Algorithm::kRs512);
    ASSERT_TRUE(other.has_value()) << other.error().message;
    EXPECT_EQ(other->algorithm(), Algorithm::kRs512);
    EXPECT_TRUE(other->public_key().verify("message", other->sign("message")));
    EXPECT_FALSE(key.public_key().verify("message", other->sign("message")));
    EXPECT_TRUE(read_public_keys(json::value(key.public_pem()), std::nullopt).has_value());
}

TEST(PrivateKey, SurvivesItsFile) {
    for (const auto algorithm : {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        const auto key = PrivateKey::generate(algorithm);
        const Secret plain = key.to_pem(nullptr);
        EXPECT_TRUE(plain.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        const auto again = PrivateKey::from_pem(plain, nullptr, std::nullopt);
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_EQ(again->public_key().thumbprint(), key.public_key().thumbprint());
    }
}

TEST(PrivateKey, APassphraseIsAskedForAndChecked) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const Secret passphrase("right");
    const Secret wrong("wrong");
    const Secret empty("");
    const Secret locked = key.to_pem(&passphrase);
    EXPECT_EQ(why(PrivateKey::from_pem(locked, nullptr, std::nullopt)), "passphrase_needed");
    EXPECT_EQ(why(PrivateKey::from_pem(locked, &empty, std::nullopt)), "passphrase_needed");
    EXPECT_EQ(why(PrivateKey::from_pem(locked, &wrong, std::nullopt)), "wrong_passphrase");
    const auto opened = PrivateKey::from_pem(locked, &passphrase, std::nullopt);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->public_key().thumbprint(), key.public_key().thumbprint());
    // A passphrase that is not needed does no harm.
    EXPECT_EQ(why(PrivateKey::from_pem(key.to_pem(nullptr), &wrong, std::nullopt)), "accepted");
}

TEST(PrivateKey, APassphraseTakesLongToGuess) {
    const Secret passphrase("right");
    const Secret locked = PrivateKey::generate(Algorithm::kEs256).to_pem(&passphrase);
    ASSERT_TRUE(locked.expose().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    std::string base64(locked.expose());
    base64.erase(0, base64.find('\n') + 1);
    base64.erase(base64.find("-----"));
    std::erase(base64, '\n');
    const auto der = base64_decode(base64);
    ASSERT_TRUE(der.has_value());
    const auto contains = [&](const std::string& part) {
        return der->find(part) != std::string::npos;
    };
    EXPECT_TRUE(contains("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"));  // PBES2
    EXPECT_TRUE(contains("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"));  // PBKDF2
    EXPECT_TRUE(contains("\x2a\x86\x48\x86\xf7\x0d\x02\x09"));      // HMAC-SHA-256
    EXPECT_TRUE(contains("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"));  // AES-256-CBC
    EXPECT_TRUE(contains("\x04\x10"));                              // 16 bytes of salt
    EXPECT_TRUE(contains(std::string("\x02\x03\x09\x27\xc0", 5)));  // 600,000
}

TEST(PrivateKey, OlderFormsAreRead) {
    const openssl::Key ec(EVP_EC_gen("P-521"));
    const auto key =
        PrivateKey::from_pem(Secret(private_pem(ec.get(), true)), nullptr, std::nullopt);
    ASSERT_TRUE(key.has_value()) << key.error().message;
    EXPECT_EQ(key->algorithm(), Algorithm::kEs512);
    const auto rsa = PrivateKey::from_pem(Secret(private_pem(testing::rsa_key(2048), true)),
                                          nullptr, std::nullopt);
    ASSERT_TRUE(rsa.has_value()) << rsa.error().message;
    EXPECT_EQ(rsa->algorithm(), Algorithm::kRs256);
}

TEST(PrivateKey, TheAlgorithmMustFit) {
    const Secret pem = PrivateKey::generate(Algorithm::kEs256).to_pem(nullptr);
    for (const auto algorithm : {Algorithm::kEs512, Algorithm::kRs256, Algorithm::kRs512,
                                 Algorithm::kEd25519, Algorithm::kPs256}) {
        EXPECT_EQ(why(PrivateKey::from_pem(pem, nullptr, algorithm)), "algorithm_mismatch");
    }
    const openssl::Key p384(EVP_EC_gen("P-384"));
    EXPECT_EQ(
        why(PrivateKey::from_pem(Secret(private_pem(p384.get(), false)), nullptr, std::nullopt)),
        "unsupported_curve");
    EXPECT_EQ(
        why(PrivateKey::from_pem(Secret(private_pem(testing::make_key("X25519").get(), false)),
                                 nullptr, std::nullopt)),
        "unsupported_key_type");
    EXPECT_EQ(why(PrivateKey::from_pem(Secret(private_pem(testing::rsa_key(1024), false)), nullptr,
                                       std::nullopt)),
              "rsa_bits");
}

TEST(PrivateKey, WhatIsNoPrivateKeyIsRefusedAndNeverRepeated) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const Secret pem = key.to_pem(nullptr);
    std::string damaged(pem.expose());
    damaged[60] = damaged[60] == 'A' ? 'B' : 'A';
    damaged.erase(80, 4);
    for (const std::string& text :
         {std::string(), std::string("rubbish"), key.public_pem(), damaged,
          std::string(20'000, 'A'), testing::pem_of("OPENSSH PRIVATE KEY", "x"),
          testing::pem_of("CERTIFICATE", "x"), testing::pem_of("PRIVATE KEY", "x")}) {
        const auto read = PrivateKey::from_pem(Secret(text), nullptr, std::nullopt);
        ASSERT_EQ(why(read), "bad_pem") << text;
        const std::string all = read.error().message + read.error().detail + read.error().hint;
        EXPECT_EQ(all.find(damaged.substr(64, 8)), std::string::npos);
    }
}

TEST(PrivateKey, ThePublicFileHoldsThePublicHalfAlone) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const auto read = read_public_keys(json::value(key.public_pem()), std::nullopt);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ((*read)[0].thumbprint(), key.public_key().thumbprint());
    EXPECT_EQ(key.public_pem().find("PRIVATE"), std::string::npos);
}

// Two signatures with one nonce would tell the private key; r depends on the nonce alone.
TEST(AttackA20, NoTwoSignaturesShareANonce) {
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        seen.insert(key.sign(i % 2 == 0 ? "one message" : "another").substr(0, 32));
    }
    EXPECT_EQ(seen.size(), 200U);
}

}  // namespace
}  // namespace latchkey
