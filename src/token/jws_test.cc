#include "token/jws.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

const SigningKey& our_key() {
    static const SigningKey kKey = SigningKey::generate();
    return kKey;
}

// Any header and payload text, signed by our key: what only an insider could make.
std::string signed_text(std::string_view header, std::string_view payload) {
    const std::string input = base64url_encode(header) + '.' + base64url_encode(payload);
    return input + '.' + base64url_encode(our_key().sign(input));
}

std::string good() {
    return sign_jws(our_key(), "JWT", our_key().kid(), {{"sub", "somebody"}, {"iat", 1}});
}

std::string_view why(const Result<json::object>& result) {
    return result ? std::string_view("accepted") : result.error().reason;
}

TEST(Jws, WhatWasSignedVerifiesAndKeepsItsClaims) {
    const auto claims = verify_jws(good(), our_key().public_key(), TypPolicy::exactly("JWT"));
    ASSERT_TRUE(claims.has_value()) << claims.error().message;
    EXPECT_EQ(to_json(*claims), R"({"sub":"somebody","iat":1})");
    const std::string compact = good();
    const auto parsed = parse_unverified(compact);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->alg, "ES256");
    EXPECT_EQ(parsed->typ, "JWT");
    EXPECT_EQ(parsed->kid, our_key().kid());
    EXPECT_EQ(parsed->signature.size(), 64U);
}

TEST(Jws, ASignersPreparedHeaderIsTheSameHeader) {
    const JwsSigner signer(our_key(), "JWT");
    const std::string a = signer.sign({{"sub", "x"}});
    const std::string b = sign_jws(our_key(), "JWT", our_key().kid(), {{"sub", "x"}});
    EXPECT_EQ(a.substr(0, a.rfind('.')), b.substr(0, b.rfind('.')));
    EXPECT_TRUE(verify_jws(a, our_key().public_key(), TypPolicy::exactly("JWT")).has_value());
}

TEST(Jws, HeadersWeNeverAcceptAreRefusedThoughTheSignatureIsRight) {
    const std::string kid = our_key().kid();
    for (const std::string header : {R"({"alg":"none"})",
                                     R"({"alg":"None"})",
                                     R"({"alg":"nOnE"})",
                                     R"({"alg":""})",
                                     R"({"alg":null})",
                                     R"({"alg":["ES256"]})",
                                     R"({"alg":256})",
                                     R"({})",
                                     R"([])",
                                     R"({"alg":"HS256"})",
                                     R"({"alg":"ES256K"})",
                                     R"({"alg":"es256"})",
                                     R"({"alg":"ES256","alg":"ES256"})",
                                     R"({"alg":"ES256","\u0061lg":"none"})",
                                     R"({"alg":"ES256","crit":[]})",
                                     R"({"alg":"ES256","crit":["exp"],"exp":1})",
                                     R"({"alg":"ES256","b64":true})",
                                     R"({"alg":"ES256","zip":"DEF"})",
                                     R"({"alg":"ES256","jwk":{}})",
                                     R"({"alg":"ES256","jku":"https://evil.example"})",
                                     R"({"alg":"ES256","x5u":"https://evil.example"})",
                                     R"({"alg":"ES256","x5c":[]})",
                                     R"({"alg":"ES256","enc":"A256GCM"})",
                                     R"({"alg":"ES256","kid":1})",
                                     R"({"alg":"ES256","kid":""})",
                                     R"({"alg":"ES256","typ":["JWT"]})",
                                     R"({"alg":"ES256","x":[[[[[[[[[1]]]]]]]]]})",
                                     "\xEF\xBB\xBF{\"alg\":\"ES256\"}",
                                     R"({"alg":"ES256"} x)"}) {
        const auto result = verify_jws(signed_text(header, "{}"), our_key().public_key(),
                                       TypPolicy::absent_or("JWT"));
        EXPECT_EQ(why(result), "malformed_token") << header;
    }
    const std::string long_kid = R"({"alg":"ES256","kid":")" + std::string(129, 'k') + "\"}";
    EXPECT_FALSE(parse_unverified(signed_text(long_kid, "{}")).has_value());
    const std::string long_header = R"({"alg":"ES256","a":")" + std::string(2048, 'a') + "\"}";
    EXPECT_FALSE(parse_unverified(signed_text(long_header, "{}")).has_value());
}

TEST(Jws, TheAlgorithmIsTheKeysAndNotTheHeaders) {
    for (const char* alg : {"RS256", "ES512", "PS256", "Ed25519", "RS512"}) {
        const std::string header = std::string(R"({"alg":")") + alg + "\"}";
        const auto result = verify_jws(signed_text(header, "{}"), our_key().public_key(),
                                       TypPolicy::absent_or("JWT"));
        EXPECT_EQ(why(result), "bad_signature") << alg;
    }
}

TEST(Jws, AKidThatNamesAnotherKeyIsRefused) {
    const auto published = PublicKey::from_jwk(our_key().public_key().to_jwk());
    ASSERT_TRUE(published.has_value());
    const auto with_kid = [&](std::string_view kid) {
        return sign_jws(our_key(), "JWT", kid, json::object{});
    };
    EXPECT_TRUE(verify_jws(with_kid(our_key().kid()), *published, TypPolicy::exactly("JWT")));
    EXPECT_TRUE(verify_jws(with_kid(""), *published, TypPolicy::exactly("JWT")));
    EXPECT_EQ(why(verify_jws(with_kid("../../dev/null"), *published, TypPolicy::exactly("JWT"))),
              "bad_signature");
}

TEST(Jws, ATokenOfAnotherTypIsRefused) {
    const auto with = [](std::string_view typ, TypPolicy policy) {
        const std::string header = typ.empty()
                                       ? R"({"alg":"ES256"})"
                                       : R"({"alg":"ES256","typ":")" + std::string(typ) + "\"}";
        return verify_jws(signed_text(header, "{}"), our_key().public_key(), policy).has_value();
    };
    EXPECT_TRUE(with("JWT", TypPolicy::exactly("JWT")));
    EXPECT_TRUE(with("jwt", TypPolicy::exactly("JWT")));
    EXPECT_TRUE(with("application/jwt", TypPolicy::exactly("JWT")));
    EXPECT_FALSE(with("", TypPolicy::exactly("JWT")));
    EXPECT_TRUE(with("", TypPolicy::absent_or("JWT")));
    EXPECT_FALSE(with("statuslist+jwt", TypPolicy::absent_or("JWT")));
    EXPECT_FALSE(with("logout+jwt", TypPolicy::exactly("JWT")));
    EXPECT_FALSE(with("application/a/jwt", TypPolicy::exactly("a/jwt")));
}

TEST(Jws, OnlyThreeCanonicalPartsAreSplit) {
    EXPECT_TRUE(split_compact("e30.e30.AA").has_value());
    EXPECT_TRUE(split_compact("e30..AA").has_value());
    for (const char* text : {"",
                             ".",
                             "..",
                             "...",
                             "e30",
                             "e30.e30",
                             "e30.e30.",
                             ".e30.AA",
                             "e30.e30.AA.",
                             "a.b.c.d.e",
                             "e30.e30.A",
                             "e30.e30.AB",
                             "e30.e30.AA=",
                             "e30.e30.A+",
                             "e30.e30.A/",
                             "e30.e30. AA",
                             "e30.e30.AA\n",
                             "e3 0.e30.AA",
                             "e30.e31.AA",
                             "e30.e?30.AA"}) {
        const auto parts = split_compact(text);
        ASSERT_FALSE(parts.has_value()) << text;
        EXPECT_EQ(parts.error().reason, "malformed_token");
    }
    EXPECT_FALSE(split_compact(std::string("e30.e30.A\0", 10)).has_value());
    EXPECT_FALSE(split_compact(std::string(2'000'000, '.')).has_value());
    EXPECT_FALSE(split_compact("e30." + std::string(16'384, 'A') + ".AA").has_value());
}

TEST(Jws, ClaimsThatAreNoObjectAreRefused) {
    for (const char* payload : {"", "null", "[]", "\"x\"", "1", "{\"a\":1,\"a\":2}",
                                "{\"a\":\"\xff\"}", "{\"a\":[[[[[[[[1]]]]]]]]}"}) {
        EXPECT_FALSE(parse_unverified(signed_text(R"({"alg":"ES256"})", payload)).has_value())
            << payload;
    }
}

TEST(Jws, NoChangedCharacterVerifies) {
    const std::string compact = good();
    EXPECT_TRUE(rc::check([&] {
        const auto at = *rc::gen::inRange<std::size_t>(0, compact.size());
        const char put = *rc::gen::arbitrary<char>();
        RC_PRE(put != compact[at]);
        std::string changed = compact;
        changed[at] = put;
        RC_ASSERT(!verify_jws(changed, our_key().public_key(), TypPolicy::exactly("JWT")));
    }));
}

TEST(Jws, NoErrorRepeatsTheToken) {
    const std::string compact = good() + "x";
    const auto result = verify_jws(compact, our_key().public_key(), TypPolicy::exactly("JWT"));
    ASSERT_FALSE(result.has_value());
    const std::string all = result.error().message + result.error().detail + result.error().hint;
    for (std::size_t i = 0; i + 12 <= compact.size(); i += 12) {
        EXPECT_EQ(all.find(compact.substr(i, 12)), std::string::npos);
    }
}

}  // namespace
}  // namespace latchkey
