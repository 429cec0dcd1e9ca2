#include "crypto/key_upload.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/key_pair.h"
#include "crypto/upload_testing.h"

namespace latchkey {
namespace {

using std::string_literals::operator""s;  // DER holds zero bytes
using testing::ec_spki;
using testing::element;
using testing::pem_of;
using testing::rsa_jwk;
using testing::spki_of;

json::object ec_jwk() {
    json::object jwk = PrivateKey::generate(Algorithm::kEs256).public_key().to_jwk();
    jwk.erase("kid");
    return jwk;
}

std::string why(const json::value& document, std::optional<Algorithm> wanted = std::nullopt) {
    const auto keys = read_public_keys(document, wanted);
    return keys ? "accepted" : std::string(keys.error().reason);
}

std::string why_pem(const std::string& der) {
    return why(json::value(pem_of("PUBLIC KEY", der)));
}

// What each of the algorithms' keys is taken for when nobody names one.
TEST(KeyUpload, EachKindOfKeyIsTakenAsPemAndAsJwk) {
    for (const auto algorithm : {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        const auto pair = PrivateKey::generate(algorithm);
        const auto from_pem = read_public_keys(json::value(pair.public_pem()), std::nullopt);
        ASSERT_TRUE(from_pem.has_value()) << from_pem.error().message;
        ASSERT_EQ(from_pem->size(), 1U);
        EXPECT_EQ((*from_pem)[0].algorithm(), algorithm);
        EXPECT_EQ((*from_pem)[0].thumbprint(), pair.public_key().thumbprint());
        EXPECT_EQ((*from_pem)[0].declared_kid(), "");
        json::object jwk = pair.public_key().to_jwk();
        jwk.erase("alg");
        jwk["kid"] = "mine";
        const auto from_jwk = read_public_keys(jwk, algorithm);
        ASSERT_TRUE(from_jwk.has_value()) << from_jwk.error().message;
        EXPECT_EQ((*from_jwk)[0].algorithm(), algorithm);
        EXPECT_EQ((*from_jwk)[0].declared_kid(), "mine");
    }
}

TEST(KeyUpload, AnRsaKeyIsForRs256UnlessRs512IsAskedForOrDeclared) {
    json::object jwk = rsa_jwk(2048);
    const std::string pem = testing::rsa_pem(2048);
    const auto algorithm = [](const json::value& document, std::optional<Algorithm> wanted) {
        const auto keys = read_public_keys(document, wanted);
        return keys ? (*keys)[0].algorithm() : Algorithm::kPs256;
    };
    EXPECT_EQ(algorithm(jwk, std::nullopt), Algorithm::kRs256);
    EXPECT_EQ(algorithm(jwk, Algorithm::kRs512), Algorithm::kRs512);
    EXPECT_EQ(algorithm(json::value(pem), std::nullopt), Algorithm::kRs256);
    EXPECT_EQ(algorithm(json::value(pem), Algorithm::kRs512), Algorithm::kRs512);
    jwk["alg"] = "RS512";
    EXPECT_EQ(algorithm(jwk, std::nullopt), Algorithm::kRs512);
}

TEST(KeyUpload, SetsListsAndTextsThatHoldJsonAreRead) {
    const json::object one = ec_jwk();
    const std::string pem = PrivateKey::generate(Algorithm::kEd25519).public_pem();
    const auto count = [](const json::value& document) {
        const auto keys = read_public_keys(document, std::nullopt);
        return keys ? keys->size() : 0;
    };
    EXPECT_EQ(count(json::object{{"keys", json::array{one, ec_jwk()}}}), 2U);
    EXPECT_EQ(count(json::array{one, json::value(pem), ec_jwk()}), 3U);
    EXPECT_EQ(count(json::value(" \n" + to_json(one))), 1U);
    EXPECT_EQ(count(json::value(to_json(json::object{{"keys", json::array{one}}}))), 1U);
    EXPECT_EQ(count(json::value("\r\n" + pem + "\n\n")), 1U);
}

TEST(KeyUpload, AnErrorSaysWhichKeyOfAListIsMeant) {
    json::object broken = ec_jwk();
    broken.erase("y");
    const auto field = [](const json::value& document) {
        const auto keys = read_public_keys(document, std::nullopt);
        return keys ? "accepted" : keys.error().field;
    };
    EXPECT_EQ(field(broken), "/y");
    EXPECT_EQ(field(json::array{ec_jwk(), broken}), "/1/y");
    EXPECT_EQ(field(json::object{{"keys", json::array{broken}}}), "/keys/0/y");
    EXPECT_EQ(field(json::array{json::value("rubbish!")}), "/0");
    EXPECT_EQ(field(json::object{{"keys", 1}}), "/keys");
    EXPECT_EQ(field(json::value(to_json(broken))), "");
}

TEST(KeyUpload, KeysAsTheCloudsGiveThemWork) {
    // AWS KMS GetPublicKey: the DER in base64 and nothing around it.
    const auto pair = PrivateKey::generate(Algorithm::kEs256);
    EXPECT_EQ(why(json::value(base64_encode(pair.public_key().to_spki_der()))), "accepted");
    EXPECT_EQ(why(json::value(base64_encode(spki_of(testing::rsa_key(2048))))), "accepted");
    // Google Cloud KMS: PEM with a line break at the end.
    EXPECT_EQ(why(json::value(pair.public_pem())), "accepted");
    // Azure Key Vault: the hardware's own types, the key's address as kid, operations.
    json::object azure = ec_jwk();
    azure.erase("alg");
    azure.erase("use");
    azure["kty"] = "EC-HSM";
    azure["kid"] = "https://vault.example/keys/deploy/0123456789abcdef0123456789abcdef";
    azure["key_ops"] = json::array{"sign", "verify"};
    const auto keys = read_public_keys(azure, std::nullopt);
    ASSERT_TRUE(keys.has_value()) << keys.error().message;
    EXPECT_EQ((*keys)[0].declared_kid(),
              "https://vault.example/keys/deploy/0123456789abcdef0123456789abcdef");
    EXPECT_EQ((*keys)[0].algorithm(), Algorithm::kEs256);
    json::object azure_rsa = rsa_jwk(3072);
    azure_rsa["kty"] = "RSA-HSM";
    azure_rsa["key_ops"] =
        json::array{"encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"};
    EXPECT_EQ(why(azure_rsa), "accepted");
    azure_rsa["key_ops"] = json::array{};
    EXPECT_EQ(why(azure_rsa), "accepted");
}

TEST(KeyUpload, TheAlgorithmMustBeOneOfOursAndFitTheKey) {
    json::object jwk = ec_jwk();
    EXPECT_EQ(why(jwk, Algorithm::kEs512), "algorithm_mismatch");
    EXPECT_EQ(why(jwk, Algorithm::kPs256), "unknown_algorithm");
    jwk["alg"] = "RS256";
    EXPECT_EQ(why(jwk), "algorithm_mismatch");
    for (const char* alg : {"HS256", "none", "ES256K", "es256", "EdDSA", "PS256", ""}) {
        jwk["alg"] = alg;
        EXPECT_EQ(why(jwk), "unknown_algorithm") << alg;
    }
    jwk["alg"] = nullptr;
    EXPECT_EQ(why(jwk), "unknown_algorithm");
    jwk.erase("alg");
    EXPECT_EQ(why(jwk, Algorithm::kRs256), "algorithm_mismatch");
    EXPECT_EQ(why(json::value(testing::rsa_pem(2048)), Algorithm::kEs256), "algorithm_mismatch");
}

TEST(KeyUpload, AMissingMemberIsNamed) {
    const auto message = [](json::object jwk, std::initializer_list<const char*> without) {
        for (const char* name : without) {
            jwk.erase(name);
        }
        const auto keys = read_public_keys(jwk, std::nullopt);
        return keys ? "accepted" : std::string(keys.error().reason) + ": " + keys.error().message;
    };
    EXPECT_EQ(message(ec_jwk(), {"y"}),
              "missing_member: an EC key needs crv, x and y; y is missing");
    EXPECT_EQ(message(ec_jwk(), {"crv", "y"}),
              "missing_member: an EC key needs crv, x and y; crv, y are missing");
    EXPECT_EQ(message(rsa_jwk(2048), {"e"}),
              "missing_member: an RSA key needs n and e; e is missing");
    EXPECT_EQ(message(ec_jwk(), {"kty"}), "missing_member: a JWK needs kty; kty is missing");
}

TEST(AttackA10, SizesAreBoundedBeforeAnythingIsRead) {
    EXPECT_EQ(why(json::value(std::string(16'385, 'A'))), "too_large");
    EXPECT_EQ(why(json::value(pem_of("PUBLIC KEY", std::string(10'000'000, 'A')))), "too_large");
    json::object jwk = ec_jwk();
    jwk["x5c"] = json::array{json::value(std::string(16'384, 'A'))};
    EXPECT_EQ(why(jwk), "too_large");
    json::array many;
    for (int i = 0; i < 9; ++i) {
        many.push_back(nullptr);
    }
    EXPECT_EQ(why(many), "too_many_keys");
    EXPECT_EQ(why(json::object{{"keys", many}}), "too_many_keys");
    EXPECT_EQ(why(json::array{}), "no_keys");
    EXPECT_EQ(why(json::object{{"keys", json::array{}}}), "no_keys");
}

TEST(AttackA10, APrivateKeyIsCalledOneAndNeverRepeated) {
    const auto pair = PrivateKey::generate(Algorithm::kEs256);
    const Secret plain = pair.to_pem(nullptr);
    const std::string body(plain.expose().substr(28, 100));
    std::vector<json::value> pasted;
    for (const std::string label : {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY",
                                    "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "DSA PRIVATE KEY"}) {
        pasted.emplace_back("-----BEGIN " + label + "-----\n" + body + "\n-----END " + label +
                            "-----\n");
    }
    pasted.emplace_back(std::string(plain.expose()));
    pasted.emplace_back(pair.public_pem() + std::string(plain.expose()));
    pasted.emplace_back("my key: " + std::string(plain.expose()));
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        json::object jwk = ec_jwk();
        jwk[member] = body;
        pasted.emplace_back(jwk);
        pasted.emplace_back(to_json(jwk));
        jwk["alg"] = "HS256";
        jwk["kty"] = "oct";
        pasted.emplace_back(json::object{{"keys", json::array{jwk}}});
    }
    for (const auto& document : pasted) {
        const auto keys = read_public_keys(document, std::nullopt);
        ASSERT_FALSE(keys.has_value());
        const Error& error = keys.error();
        EXPECT_EQ(error.reason, "private_key_pasted") << error.message;
        const std::string all = error.message + error.detail + error.hint + error.field;
        for (std::size_t i = 0; i + 8 <= body.size(); i += 8) {
            EXPECT_EQ(all.find(body.substr(i, 8)), std::string::npos);
        }
    }
}

TEST(AttackA10, APrivateKeyBehindTheLabelOfAPublicOneIsFound) {
    const auto der_of = [](const Secret& pem) {
        std::string base64(pem.expose());
        base64.erase(0, base64.find('\n') + 1);
        base64.erase(base64.find("-----"));
        std::erase(base64, '\n');
        return *base64_decode(base64);
    };
    const auto pair = PrivateKey::generate(Algorithm::kEd25519);
    EXPECT_EQ(why_pem(der_of(pair.to_pem(nullptr))), "private_key_pasted");
    const std::string encrypted =
        element('\x30', element('\x30', element('\x06', "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d")) +
                            element('\x04', "sealed"));
    EXPECT_EQ(why_pem(encrypted), "private_key_pasted");
    EXPECT_EQ(why(json::value(base64_encode(der_of(pair.to_pem(nullptr))))), "private_key_pasted");
}

TEST(AttackA10, OtherDocumentsAreNamedWithTheCommandThatHelps) {
    const auto look = [](const std::string& text) {
        const auto keys = read_public_keys(json::value(text), std::nullopt);
        return keys ? "accepted" : std::string(keys.error().reason) + ": " + keys.error().hint;
    };
    EXPECT_EQ(look(pem_of("CERTIFICATE", "x")),
              "certificate_pasted: take its key out with: openssl x509 -pubkey -noout -in <file>");
    EXPECT_EQ(look(pem_of("CERTIFICATE REQUEST", "x")),
              "certificate_pasted: take its key out with: openssl req -pubkey -noout -in <file>");
    EXPECT_EQ(look("ssh-rsa AAAAB3NzaC1yc2E me@here"),
              "ssh_key_pasted: convert it with: ssh-keygen -e -m PKCS8 -f <file>.pub");
    EXPECT_EQ(look("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@here"),
              "ssh_key_pasted: make a new key: openssl genpkey -algorithm ed25519");
    EXPECT_EQ(look("ecdsa-sha2-nistp256 AAAA"),
              "ssh_key_pasted: convert it with: ssh-keygen -e -m PKCS8 -f <file>.pub");
    EXPECT_EQ(look("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----"),
              "ssh_key_pasted: convert it with: ssh-keygen -e -m PKCS8 -f <file>.pub");
    EXPECT_EQ(look(pem_of("RSA PUBLIC KEY", "x")),
              "bad_pem: convert it with: openssl rsa -RSAPublicKey_in -pubout -in <file>");
    const std::string pem = PrivateKey::generate(Algorithm::kEs256).public_pem();
    EXPECT_EQ(look(pem + pem), "several_pem_blocks: send an array with one text for each key");
}

TEST(AttackA10, PemIsReadStrictly) {
    const std::string pem = PrivateKey::generate(Algorithm::kEs256).public_pem();
    const std::string body = pem.substr(27, pem.size() - 27 - 25);
    const std::string begin = "-----BEGIN PUBLIC KEY-----\n";
    const std::string end = "-----END PUBLIC KEY-----\n";
    ASSERT_EQ(begin + body + end, pem);
    EXPECT_EQ(why(json::value(begin + body + end)), "accepted");
    for (const std::string& text :
         {""s, " \n"s, "rubbish"s, begin, begin + end, begin + body, body + end, "x" + pem,
          pem + "x", begin + "Proc-Type: 4,ENCRYPTED\n\n" + body + end,
          begin + body + "-----END EC KEY-----", "-----BEGIN PUBLIC KEY" + body,
          begin + "AA" + body, "-----BEGIN -----\n" + body + "-----END -----",
          begin + body.substr(2) + end, begin + "!" + body + end, begin + body + "=\n" + end}) {
        EXPECT_EQ(why(json::value(text)), "bad_pem") << text;
    }
    EXPECT_EQ(why(json::value(begin + body + end + "\0"s)), "bad_pem");
    for (const json::value& other : {json::value(1), json::value(nullptr), json::value(true)}) {
        EXPECT_EQ(why(other), "bad_jwk");
    }
    EXPECT_EQ(why(json::value("{\"kty\":")), "bad_jwk");
}

TEST(AttackA10, DerHasOneFormOnly) {
    const std::string der = PrivateKey::generate(Algorithm::kEs256).public_key().to_spki_der();
    ASSERT_EQ(why_pem(der), "accepted");
    EXPECT_EQ(why_pem(der + "x"), "bad_pem");
    for (std::size_t cut = 1; cut < der.size(); ++cut) {
        EXPECT_NE(why_pem(der.substr(0, cut)), "accepted") << cut;
    }
    // A length in two bytes where one is enough, and none at all.
    EXPECT_EQ(why_pem("\x30\x81"s + der.substr(1)), "bad_pem");
    EXPECT_EQ(why_pem("\x30\x80"s + der.substr(2) + "\0\0"s), "bad_pem");
    std::string spare_bits = der;
    spare_bits[der.size() - 66] = '\x01';
    EXPECT_EQ(why_pem(spare_bits), "bad_pem");
}

TEST(AttackA10, KeysOfOtherTypesAreRefused) {
    for (const char* type : {"X25519", "X448", "ED448"}) {
        EXPECT_EQ(why_pem(spki_of(testing::make_key(type))), "unsupported_key_type") << type;
    }
    const auto with_type = [](const std::string& identifier) {
        return element('\x30',
                       element('\x30', element('\x06', identifier)) + element('\x03', "\0key"s));
    };
    EXPECT_EQ(why_pem(with_type("\x2a\x86\x48\xce\x38\x04\x01")), "unsupported_key_type");  // DSA
    EXPECT_EQ(why_pem(with_type("\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01")),
              "unsupported_key_type");  // DH
    EXPECT_EQ(why_pem(with_type("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")),
              "unsupported_key_type");  // PSS
    EXPECT_EQ(why_pem(with_type("\x2a\x03")), "unsupported_key_type");
    json::object jwk = ec_jwk();
    jwk["kty"] = "oct";
    EXPECT_EQ(why(jwk), "unsupported_key_type");
    jwk["kty"] = "OKP";
    jwk["crv"] = "Ed448";
    EXPECT_EQ(why(jwk), "unsupported_key_type");
}

TEST(AttackA10, OtherCurvesAreRefused) {
    for (const char* curve : {"P-384", "P-224", "secp256k1", "brainpoolP256r1", "sect283k1"}) {
        EXPECT_EQ(why_pem(ec_spki(curve)), "unsupported_curve") << curve;
    }
    for (const char* curve : {"P-384", "secp256k1", "p-256", ""}) {
        json::object jwk = ec_jwk();
        jwk["crv"] = curve;
        EXPECT_EQ(why(jwk), "unsupported_curve") << curve;
    }
}

TEST(AttackA10, CurveParametersAreRefusedBeforeOpenSslSeesThem) {
    EXPECT_EQ(why_pem(testing::explicit_ec_spki()), "explicit_curve_parameters");
    // CVE-2022-0778: a modulus that is no prime made OpenSSL look for a square root forever.
    const std::string parameters =
        element('\x30', element('\x02', "\x01") +
                            element('\x30', element('\x06', "\x2a\x86\x48\xce\x3d\x01\x01") +
                                                element('\x02', "\x02\xb9")));
    EXPECT_EQ(
        why_pem(element(
            '\x30', element('\x30', element('\x06', "\x2a\x86\x48\xce\x3d\x02\x01") + parameters) +
                        element('\x03', "\0\x02key"s))),
        "explicit_curve_parameters");
}

TEST(AttackA10, PointsThatAreNoneAreRefused) {
    const std::string der = PrivateKey::generate(Algorithm::kEs256).public_key().to_spki_der();
    const std::string head = der.substr(0, der.size() - 68);  // up to the bit string
    const auto with_point = [&](const std::string& point) {
        const std::string bits = element('\x03', "\0"s + point);
        return element('\x30', head.substr(2) + bits);
    };
    EXPECT_EQ(why_pem(with_point(der.substr(der.size() - 65))), "accepted");
    EXPECT_EQ(why_pem(with_point("\0"s)), "point_not_on_curve");
    EXPECT_EQ(why_pem(with_point("\x04"s + std::string(64, '\0'))), "point_not_on_curve");
    std::string off = der.substr(der.size() - 65);
    off[64] = static_cast<char>(off[64] ^ 1);
    EXPECT_EQ(why_pem(with_point(off)), "point_not_on_curve");
    EXPECT_EQ(why_pem(with_point("\x04"s + std::string(64, '\xff'))), "point_not_on_curve");
    EXPECT_EQ(why_pem(with_point("\x02"s + der.substr(der.size() - 64, 32))), "bad_pem");
    EXPECT_EQ(why_pem(with_point(""s)), "bad_pem");
    EXPECT_EQ(why(json::object{{"kty", "OKP"},
                               {"crv", "Ed25519"},
                               {"x", base64url_encode("\x01"s + std::string(31, '\0'))}}),
              "point_not_on_curve");
}

TEST(AttackA10, RsaKeysOfOtherSizesAndExponentsAreRefused) {
    EXPECT_EQ(why(rsa_jwk(3072)), "accepted");
    for (const int bits : {1024, 2056, 2560}) {
        EXPECT_EQ(why(rsa_jwk(bits)), "rsa_bits") << bits;
        EXPECT_EQ(why(json::value(testing::rsa_pem(bits))), "rsa_bits") << bits;
    }
    json::object huge = rsa_jwk(2048);
    huge["n"] = base64url_encode("\xc1" + std::string(2046, '\x5a') + "\x01");
    EXPECT_EQ(why(huge), "rsa_bits");
    for (const std::string& exponent :
         {"\x01"s, "\x03"s, "\x11"s, "\x01\x00\x00"s, "\x01\x00\x02"s, std::string(256, '\x03')}) {
        json::object jwk = rsa_jwk(2048);
        jwk["e"] = base64url_encode(exponent);
        EXPECT_EQ(why(jwk), "rsa_exponent");
    }
}

TEST(AttackA10, KeysFromStandardsAndTutorialsAreRefused) {
    // RFC 7515 §A.3; its private half stands two lines below it.
    EXPECT_EQ(why(json::object{{"kty", "EC"},
                               {"crv", "P-256"},
                               {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
                               {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}),
              "known_leaked_key");
}

TEST(AttackA11, AKidIsBoundedAndPrintable) {
    json::object jwk = ec_jwk();
    const auto with_kid = [&](const json::value& kid) {
        jwk["kid"] = kid;
        return why(jwk);
    };
    EXPECT_EQ(with_kid(json::string(128, 'k')), "accepted");
    EXPECT_EQ(with_kid("../../dev/null"), "accepted");  // a name among this token's own keys
    EXPECT_EQ(with_kid(json::string(129, 'k')), "bad_jwk");
    EXPECT_EQ(with_kid("a\nb"), "bad_jwk");
    EXPECT_EQ(with_kid(json::value("a\0b"s)), "bad_jwk");
    EXPECT_EQ(with_kid(1), "bad_jwk");
}

TEST(KeyUpload, AKeyForAnotherPurposeIsRefused) {
    json::object jwk = ec_jwk();
    jwk["use"] = "enc";
    EXPECT_EQ(why(jwk), "not_for_signatures");
    jwk["use"] = "sig";
    jwk["key_ops"] = json::array{"encrypt"};
    EXPECT_EQ(why(jwk), "not_for_signatures");
    jwk["key_ops"] = json::array{"verify"};
    EXPECT_EQ(why(jwk), "accepted");
}

}  // namespace
}  // namespace latchkey
