// The attacks on signatures that other token systems had, one by one: the rows A1 to A15 of the
// catalogue. Each token here is what an attacker could send; where it says "insider", one who even
// has our key.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "token/jws.h"

namespace latchkey {
namespace {

using std::string_literals::operator""s;

const SigningKey& our_key() {
    static const SigningKey kKey = SigningKey::generate();
    return kKey;
}

std::string input_of(std::string_view header, std::string_view payload = "{}") {
    return base64url_encode(header) + '.' + base64url_encode(payload);
}

std::string signed_by(const SigningKey& key, std::string_view header,
                      std::string_view payload = "{}") {
    const std::string input = input_of(header, payload);
    return input + '.' + base64url_encode(key.sign(input));
}

bool is_accepted(std::string_view compact) {
    return verify_jws(compact, our_key().public_key(), TypPolicy::absent_or("JWT")).has_value();
}

TEST(AttackA1, NoSpellingOfNoneVerifies) {
    ASSERT_TRUE(is_accepted(signed_by(our_key(), R"({"alg":"ES256"})")));
    for (const char* alg :
         {R"("none")", R"("None")", R"("NONE")", R"("nOnE")", R"("")", R"(" none")", "null", "true",
          "0", R"(["none"])", R"(["ES256","none"])", R"({"alg":"ES256"})", R"("none\u0000ES256")",
          R"("ES256 ")", R"("es256")", R"("ES-256")"}) {
        const std::string header = std::string(R"({"alg":)") + alg + "}";
        EXPECT_FALSE(is_accepted(signed_by(our_key(), header))) << header;  // an insider
        EXPECT_FALSE(is_accepted(input_of(header) + ".")) << header;
        EXPECT_FALSE(is_accepted(input_of(header) + ".AA")) << header;
        EXPECT_FALSE(is_accepted(input_of(header))) << header;
    }
    EXPECT_FALSE(is_accepted(signed_by(our_key(), "{}")));
}

TEST(AttackA2, ThePublicKeyIsNeverASharedSecret) {
    const PublicKey& key = our_key().public_key();
    const std::string der = key.to_spki_der();
    const std::string body = base64_encode(der);
    const std::string pem = "-----BEGIN PUBLIC KEY-----\n" + body.substr(0, 64) + "\n" +
                            body.substr(64) + "\n-----END PUBLIC KEY-----";
    const std::vector<std::string> secrets{""s,
                                           std::string(32, '\0'),
                                           der,
                                           pem,
                                           pem + "\n",
                                           body,
                                           to_json(key.to_jwk()),
                                           canonical_json(key.to_jwk()),
                                           key.thumbprint(),
                                           std::string(key.to_jwk().at("x").as_string())};
    for (const auto& secret : secrets) {
        for (const char* header : {R"({"alg":"HS256"})", R"({"alg":"HS256","typ":"JWT"})",
                                   R"({"alg":"ES256"})", R"({"alg":"RS256"})"}) {
            const std::string input = input_of(header);
            const Digest mac = hmac_sha256(Secret(std::string(secret)), input);
            EXPECT_FALSE(is_accepted(input + '.' + base64url_encode(as_text(mac))));
        }
    }
}

TEST(AttackA3, AKeyInTheTokenIsNeverUsed) {
    const auto attacker = SigningKey::generate();
    const std::string jwk = to_json(attacker.public_key().to_jwk());
    for (const std::string& header : {R"({"alg":"ES256"})"s, R"({"alg":"ES256","jwk":)" + jwk + "}",
                                      R"({"alg":"ES256","kid":")" + our_key().kid() + "\"}",
                                      R"({"alg":"ES256","jku":"https://evil.example/jwks"})"s,
                                      R"({"alg":"ES256","x5u":"https://evil.example/cert"})"s,
                                      R"({"alg":"ES256","x5c":["MIIB"]})"s}) {
        EXPECT_FALSE(is_accepted(signed_by(attacker, header))) << header;
    }
    // Nor may our own tokens carry one.
    EXPECT_FALSE(is_accepted(signed_by(our_key(), R"({"alg":"ES256","jwk":)" + jwk + "}")));
}

TEST(AttackA4, TheJsonSerialisationIsNotRead) {
    const std::string header = R"({"alg":"ES256"})";
    const std::string input = input_of(header);
    const std::string signature = base64url_encode(our_key().sign(input));
    for (const json::value& form :
         {json::value{{"protected", base64url_encode(header)},
                      {"payload", base64url_encode("{}")},
                      {"signature", signature}},
          json::value{{"payload", base64url_encode("{}")},
                      {"signatures", json::array{json::value{{"header", {{"alg", "none"}}},
                                                             {"signature", signature}}}}}}) {
        EXPECT_FALSE(is_accepted(to_json(form)));
    }
}

TEST(AttackA5, WhatIsEncryptedIsNotOpened) {
    const std::string nested = signed_by(our_key(), R"({"alg":"ES256"})");
    for (const std::string& header :
         {R"({"alg":"dir","enc":"A128GCM"})"s, R"({"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"})"s,
          R"({"alg":"ES256","enc":"A128GCM"})"s}) {
        EXPECT_FALSE(is_accepted(base64url_encode(header) + "..AAAA." + nested + ".AAAA"));
        EXPECT_FALSE(is_accepted(base64url_encode(header) + ".AAAA.AAAA.AAAA.AAAA"));
        EXPECT_FALSE(is_accepted(signed_by(our_key(), header)));  // an insider
    }
}

TEST(AttackA6, PartsThatAreMissingOrTooManyAreRefused) {
    const std::string good = signed_by(our_key(), R"({"alg":"ES256"})");
    const auto last = good.rfind('.');
    for (const std::string& text :
         {good.substr(0, last), good.substr(0, last + 1), good + ".", good + ".AA", "." + good,
          good.substr(good.find('.')), good.substr(good.find('.') + 1), good + good,
          std::string(2'000'000, '.'), good + std::string(100'000, 'A')}) {
        EXPECT_FALSE(is_accepted(text));
    }
    EXPECT_FALSE(is_accepted(good.substr(0, last + 1) + std::string(86, 'A')));  // all zero
}

// The order of P-256.
const char* const kOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

TEST(AttackA7, EcdsaNumbersOutsideTheirRangeAreRefused) {
    const std::string input = input_of(R"({"alg":"ES256"})");
    const std::string good = our_key().sign(input);
    const auto with = [&](const std::string& signature) {
        return is_accepted(input + '.' + base64url_encode(signature));
    };
    ASSERT_TRUE(with(good));
    const std::string r = good.substr(0, 32);
    const std::string s = good.substr(32);
    const std::string zero(32, '\0');
    const std::string one = std::string(31, '\0') + '\x01';
    const std::string order = *hex_decode(kOrder);
    std::string above = order;
    ++above.back();
    const std::string all(32, '\xff');
    for (const std::string& bad : {zero, one, order, above, all}) {
        EXPECT_FALSE(with(bad + s));
        EXPECT_FALSE(with(r + bad));
        EXPECT_FALSE(with(bad + bad));
    }
    // As DER, cut, padded on either side, and as if for another curve.
    const std::string der = "\x30\x44\x02\x20"s + r + "\x02\x20"s + s;
    for (const std::string& text :
         {der, good.substr(1), good + '\0', '\0' + good, '\0' + r + '\0' + s, good + good,
          zero + good, ""s, std::string(34, '\0') + r + std::string(34, '\0') + s}) {
        EXPECT_FALSE(with(text)) << text.size();
    }
}

TEST(AttackA9, AnAlgorithmGoesWithItsOwnCurveOnly) {
    const auto p521 = PrivateKey::generate(Algorithm::kEs512);
    const auto p256 = PrivateKey::generate(Algorithm::kEs256);
    const auto typ = TypPolicy::exactly("JWT");
    const std::string by_p521 = sign_jws(p521, "JWT", "", json::object{});
    const std::string by_p256 = sign_jws(p256, "JWT", "", json::object{});
    EXPECT_TRUE(verify_jws(by_p521, p521.public_key(), typ).has_value());
    EXPECT_FALSE(verify_jws(by_p521, p256.public_key(), typ).has_value());
    EXPECT_FALSE(verify_jws(by_p256, p521.public_key(), typ).has_value());
    // A P-521 signature under the name ES256.
    const std::string input = input_of(R"({"alg":"ES256","typ":"JWT"})");
    const std::string forged = input + '.' + base64url_encode(p521.sign(input));
    EXPECT_FALSE(verify_jws(forged, p521.public_key(), typ).has_value());
    json::object jwk = p521.public_key().to_jwk();
    jwk["alg"] = "ES256";
    EXPECT_FALSE(PublicKey::from_jwk(jwk).has_value());
    jwk["crv"] = "P-256";
    EXPECT_FALSE(PublicKey::from_jwk(jwk).has_value());
}

TEST(AttackA11, AKidNamesNothingButTheKeyAtHand) {
    const auto published = PublicKey::from_jwk(our_key().public_key().to_jwk());
    ASSERT_TRUE(published.has_value());
    for (const std::string& kid :
         {R"(../../dev/null)"s, R"(' OR 1=1 --)"s, R"(\u0000)"s, R"(|whoami)"s,
          R"(https://evil.example)"s, std::string(129, 'k'), std::string(100'000, 'k')}) {
        const std::string header = R"({"alg":"ES256","kid":")" + kid + "\"}";
        const std::string compact = signed_by(our_key(), header);
        EXPECT_FALSE(verify_jws(compact, *published, TypPolicy::absent_or("JWT")).has_value())
            << header;
    }
    EXPECT_FALSE(is_accepted(signed_by(our_key(), R"({"alg":"ES256","kid":"a","kid":"b"})")));
}

TEST(AttackA13, BytesHaveOneTextOnly) {
    const std::string good = signed_by(our_key(), R"({"alg":"ES256"})");
    ASSERT_TRUE(is_accepted(good));
    const auto last = good.rfind('.');
    for (const std::string& put :
         {"="s, "=="s, "+"s, "/"s, " "s, "\n"s, "\r\n"s, "\t"s, "\0"s, "?"s, "%3D"s, "\xC2\xA0"s}) {
        EXPECT_FALSE(is_accepted(good + put));
        EXPECT_FALSE(is_accepted(put + good));
        EXPECT_FALSE(is_accepted(good.substr(0, last) + put + good.substr(last)));
        EXPECT_FALSE(is_accepted(good.substr(0, last + 5) + put + good.substr(last + 5)));
    }
    // 64 bytes leave four bits of the last character over: fifteen other texts mean the same.
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto value = kAlphabet.find(good.back());
    for (std::size_t spare = 1; spare < 16; ++spare) {
        std::string other = good;
        other.back() = kAlphabet[value + spare];
        EXPECT_FALSE(is_accepted(other));
    }
}

TEST(AttackA14, JsonHasOneMeaningOnly) {
    const std::vector<std::string> headers{R"({"alg":"ES256","alg":"none"})",
                                           R"({"alg":"none","alg":"ES256"})",
                                           R"({"alg":"ES256","\u0061lg":"ES256"})",
                                           "\xEF\xBB\xBF{\"alg\":\"ES256\"}",
                                           "\xFF\xFE{\0\"\0"s,
                                           R"({"alg":"ES256","a":"\ud800"})",
                                           "{\"alg\":\"ES256\",\"a\":\"\xC0\xAF\"}",
                                           "{\"alg\":\"ES256\"}\0"s,
                                           R"({"alg":"ES256"}{"alg":"none"})",
                                           R"({"alg":"ES256",})",
                                           R"({"alg":"ES256"/**/})",
                                           R"({'alg':'ES256'})"};
    for (const auto& header : headers) {
        EXPECT_FALSE(is_accepted(signed_by(our_key(), header))) << header;
    }
    for (const std::string& payload :
         {R"({"sub":"a","sub":"b"})"s, R"({"sub":"a","s\u0075b":"b"})"s, "\xEF\xBB\xBF{}"s,
          R"({"sub":"\udc00"})"s, "{\"sub\":\"\xFF\"}"s, "{}\0"s, R"({"exp":NaN})"s, "{} {}"s}) {
        EXPECT_FALSE(is_accepted(signed_by(our_key(), R"({"alg":"ES256"})", payload))) << payload;
    }
}

TEST(AttackA15, DepthNumbersAndMembersAreBounded) {
    const auto with = [](const std::string& payload) {
        return is_accepted(signed_by(our_key(), R"({"alg":"ES256"})", payload));
    };
    const auto nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    const auto members = [](int count) {
        std::string out = "{";
        for (int i = 0; i < count; ++i) {
            out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
        }
        return out + "}";
    };
    EXPECT_TRUE(with(nested(7)));
    EXPECT_FALSE(with(nested(8)));
    EXPECT_FALSE(with(nested(5'000)));
    EXPECT_TRUE(with(members(256)));
    EXPECT_FALSE(with(members(257)));
    EXPECT_FALSE(with(members(100'000)));
    EXPECT_FALSE(with(R"({"a":1e400})"));
    EXPECT_FALSE(with(R"({"a":)" + std::string(400, '9') + "}"));
    EXPECT_TRUE(with(R"({"a":-0})"));
}

}  // namespace
}  // namespace latchkey
