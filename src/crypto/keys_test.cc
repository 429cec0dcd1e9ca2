#include "crypto/keys.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

// RFC 7638 §3.1's RSA key, with the alg that every key of ours must name.
json::object rfc7638_key() {
    return {{"kty", "RSA"},
            {"alg", "RS256"},
            {"e", "AQAB"},
            {"n",
             "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSo"
             "c_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YG"
             "jQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt"
             "-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK"
             "gw"}};
}

json::object ec_key() {
    return SigningKey::generate().public_key().to_jwk();
}

TEST(PublicKey, ThumbprintIsTheOneOfRfc7638) {
    const auto key = PublicKey::from_jwk(rfc7638_key());
    ASSERT_TRUE(key.has_value()) << key.error().message;
    EXPECT_EQ(key->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    EXPECT_EQ(key->to_jwk()["kid"], "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    EXPECT_EQ(key->to_jwk()["use"], "sig");
}

TEST(PublicKey, JwkAndSpkiDescribeTheSameKey) {
    const auto signing = SigningKey::generate();
    const auto& key = signing.public_key();
    const auto again = PublicKey::from_jwk(key.to_jwk());
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->thumbprint(), key.thumbprint());
    EXPECT_EQ(again->declared_kid(), key.thumbprint());
    const auto spki = PublicKey::from_spki_der(key.to_spki_der(), Algorithm::kEs256);
    ASSERT_TRUE(spki.has_value()) << spki.error().message;
    EXPECT_EQ(spki->thumbprint(), key.thumbprint());
    const auto rsa = PublicKey::from_jwk(rfc7638_key());
    const auto rsa_spki = PublicKey::from_spki_der(rsa->to_spki_der(), Algorithm::kRs512);
    ASSERT_TRUE(rsa_spki.has_value());
    EXPECT_EQ(rsa_spki->thumbprint(), rsa->thumbprint());
    EXPECT_EQ(rsa_spki->algorithm(), Algorithm::kRs512);
}

TEST(PublicKey, ASpkiIsOnlyTakenForAnAlgorithmItFits) {
    const std::string der = SigningKey::generate().public_key().to_spki_der();
    for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        EXPECT_FALSE(PublicKey::from_spki_der(der, algorithm).has_value());
    }
    EXPECT_FALSE(PublicKey::from_spki_der(der + "x", Algorithm::kEs256).has_value());
    EXPECT_FALSE(PublicKey::from_spki_der("", Algorithm::kEs256).has_value());
    EXPECT_FALSE(PublicKey::from_spki_der(std::string(3000, '0'), Algorithm::kEs256).has_value());
}

TEST(PublicKey, JwkMembersThatDisagreeOrTellTooMuchAreRefused) {
    struct Case {
        const char* name;
        const char* member;
        json::value value;
        const char* field;
        const char* reason;
    };
    const std::vector<Case> cases{
        {"a private member", "d", "AQAB", "/d", "private_key_pasted"},
        {"a symmetric member", "k", "AQAB", "/k", "private_key_pasted"},
        {"another use", "use", "enc", "/use", "not_for_signatures"},
        {"a use that is no string", "use", nullptr, "/use", "not_for_signatures"},
        {"other operations", "key_ops", json::array{"encrypt"}, "/key_ops", "not_for_signatures"},
        {"operations that are no array", "key_ops", "verify", "/key_ops", "not_for_signatures"},
        {"HMAC", "alg", "HS256", "/alg", "unknown_algorithm"},
        {"none", "alg", "none", "/alg", "unknown_algorithm"},
        {"an alg in the wrong case", "alg", "es256", "/alg", "unknown_algorithm"},
        {"an alg of another curve", "alg", "ES512", "/alg", "algorithm_mismatch"},
        {"an alg of another type", "alg", "RS256", "/alg", "algorithm_mismatch"},
        {"another curve", "crv", "P-384", "/crv", "unsupported_curve"},
        {"a curve no key of JOSE has", "crv", "secp256k1", "/crv", "unsupported_curve"},
        {"another type", "kty", "RSA", "/n", "missing_member"},
        {"a type in the wrong case", "kty", "ec", "/kty", "unsupported_key_type"},
        {"a short coordinate", "x", "AQAB", "/x", "bad_jwk"},
        {"padding", "x", "AQA=", "/x", "bad_jwk"},
        {"a y that is no string", "y", nullptr, "/y", "bad_jwk"},
        {"a kid that is a number", "kid", 1, "/kid", "bad_jwk"},
        {"a kid without end", "kid", json::string(129, 'k'), "/kid", "bad_jwk"},
    };
    ASSERT_TRUE(PublicKey::from_jwk(ec_key()).has_value());
    for (const auto& each : cases) {
        json::object jwk = ec_key();
        jwk[each.member] = each.value;
        const auto key = PublicKey::from_jwk(jwk);
        ASSERT_FALSE(key.has_value()) << each.name;
        EXPECT_EQ(key.error().reason, each.reason) << each.name;
        EXPECT_EQ(key.error().field, each.field) << each.name;
    }
    EXPECT_FALSE(PublicKey::from_jwk(json::array{}).has_value());
}

TEST(PublicKey, PointsOffTheCurveAreRefused) {
    json::object jwk = ec_key();
    std::string x = *base64url_decode(std::string_view(jwk["x"].as_string()));
    x[31] = static_cast<char>(x[31] ^ 1);
    jwk["x"] = base64url_encode(x);
    EXPECT_FALSE(PublicKey::from_jwk(jwk).has_value());
    jwk["x"] = base64url_encode(std::string(32, '\0'));
    jwk["y"] = base64url_encode(std::string(32, '\0'));
    EXPECT_FALSE(PublicKey::from_jwk(jwk).has_value());
}

TEST(PublicKey, RsaKeysOfOddSizesAndExponentsAreRefused) {
    const std::string n = *base64url_decode(std::string_view(rfc7638_key()["n"].as_string()));
    const auto with = [](const std::string& modulus, std::string_view exponent) {
        json::object jwk = rfc7638_key();
        jwk["n"] = base64url_encode(modulus);
        jwk["e"] = exponent;
        return PublicKey::from_jwk(jwk).has_value();
    };
    EXPECT_TRUE(with(n, "AQAB"));
    EXPECT_FALSE(with(n, "AQ"));      // 1
    EXPECT_FALSE(with(n, "Aw"));      // 3
    EXPECT_FALSE(with(n, "AAEAAQ"));  // 65537 with a zero in front
    EXPECT_FALSE(with(std::string(1, '\0') + n, "AQAB"));
    EXPECT_FALSE(with(n.substr(0, 128), "AQAB"));           // 1024 bits
    EXPECT_FALSE(with("\x7f" + n.substr(1), "AQAB"));       // 2047 bits
    EXPECT_FALSE(with(std::string(513, '\xff'), "AQAB"));   // 4104 bits
    EXPECT_FALSE(with(n.substr(0, 255) + '\x02', "AQAB"));  // even
}

TEST(PublicKey, Ed25519VerifiesRfc8032AndRefusesSmallOrderKeys) {
    // RFC 8032 §7.1, test 2.
    json::object jwk{{"kty", "OKP"},
                     {"crv", "Ed25519"},
                     {"alg", "Ed25519"},
                     {"x", base64url_encode(*hex_decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2"
                                                        "ec4968cc0cd55f12af4660c"))}};
    const auto key = PublicKey::from_jwk(jwk);
    ASSERT_TRUE(key.has_value()) << key.error().message;
    std::string signature = *hex_decode(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
        "f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    EXPECT_TRUE(key->verify("r", signature));
    EXPECT_FALSE(key->verify("s", signature));
    EXPECT_FALSE(key->verify("r", signature.substr(1)));
    EXPECT_EQ(PublicKey::from_spki_der(key->to_spki_der(), Algorithm::kEd25519)->thumbprint(),
              key->thumbprint());
    jwk["x"] = base64url_encode(std::string("\x01") + std::string(31, '\0'));  // the neutral point
    EXPECT_FALSE(PublicKey::from_jwk(jwk).has_value());
}

TEST(SigningKey, SignsWhatItsPublicHalfVerifies) {
    const auto key = SigningKey::generate();
    const std::string signature = key.sign("message");
    EXPECT_EQ(signature.size(), 64U);
    EXPECT_TRUE(key.public_key().verify("message", signature));
    EXPECT_FALSE(key.public_key().verify("Message", signature));
    EXPECT_FALSE(SigningKey::generate().public_key().verify("message", signature));
    EXPECT_TRUE(key.public_key().verify("", key.sign("")));
}

TEST(SigningKey, SignaturesOutsideTheirRangeAreNeverValid) {
    const auto key = SigningKey::generate();
    const std::string order =
        *hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const std::string good = key.sign("m");
    const std::string zero(32, '\0');
    for (const std::string& bad :
         {zero + zero, zero + good.substr(32), good.substr(0, 32) + zero, order + order,
          good.substr(0, 32) + order, order + good.substr(32), std::string(64, '\xff'), good + '\0',
          '\0' + good, good.substr(1), good.substr(0, 63), std::string()}) {
        EXPECT_FALSE(key.public_key().verify("m", bad)) << hex_encode(bad);
    }
    EXPECT_TRUE(key.public_key().verify("m", good));
}

TEST(SigningKey, SurvivesItsPkcs8Form) {
    const auto key = SigningKey::generate();
    const auto again = SigningKey::from_pkcs8_der(key.to_pkcs8_der());
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->kid(), key.kid());
    EXPECT_TRUE(key.public_key().verify("m", again->sign("m")));
}

TEST(SigningKey, WhatIsNoP256PairIsRefused) {
    const Secret good = SigningKey::generate().to_pkcs8_der();
    const std::string der(good.expose());
    EXPECT_FALSE(SigningKey::from_pkcs8_der(Secret("")).has_value());
    EXPECT_FALSE(SigningKey::from_pkcs8_der(Secret(der + "x")).has_value());
    EXPECT_FALSE(SigningKey::from_pkcs8_der(Secret(der.substr(0, der.size() / 2))).has_value());
    // The last byte belongs to the public half: the pair no longer fits together.
    std::string changed = der;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    EXPECT_FALSE(SigningKey::from_pkcs8_der(Secret(changed)).has_value());
}

TEST(SigningKey, ThePublishedKeyHoldsNoPrivateMember) {
    const auto jwk = SigningKey::generate().public_key().to_jwk();
    for (const char* member : {"d", "p", "q", "k", "oth"}) {
        EXPECT_FALSE(jwk.contains(member)) << member;
    }
    EXPECT_EQ(jwk.size(), 7U);
}

TEST(SigningKey, ManyThreadsMaySignAndVerifyAtOnce) {
    const auto key = SigningKey::generate();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const std::string message = std::to_string(round);
                if (key.public_key().verify(message, key.sign(message))) ++good;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(good, 80);
}

TEST(Algorithm, NamesGoBothWaysAndCaseCounts) {
    for (const char* name : {"RS256", "RS512", "ES256", "ES512", "Ed25519", "PS256"}) {
        ASSERT_TRUE(parse_algorithm(name).has_value()) << name;
        EXPECT_EQ(algorithm_name(*parse_algorithm(name)), name);
    }
    for (const char* name : {"none", "HS256", "EdDSA", "ES256K", "rs256", "", "RS256 "}) {
        EXPECT_FALSE(parse_algorithm(name).has_value()) << name;
    }
}

}  // namespace
}  // namespace latchkey
