// Wycheproof and RFC 7520 through our own verify call. What a strict verifier must answer unlike
// Wycheproof's marks stands in tests/vectors/wycheproof/EXCEPTIONS.md.
#include <cstdio>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/key_upload.h"
#include "support/vectors.h"
#include "token/jws.h"

namespace latchkey {
namespace {

using testing::read_vectors;

const std::set<std::int64_t> kMarkedValidButWrong{346, 347, 350, 351, 372, 373};
const std::set<std::int64_t> kMarkedInvalidButRight{367, 370};
// Algorithms we do not speak: their keys are refused when they are loaded.
const std::set<std::string> kForeignAlgorithms{"HS256", "HS384", "HS512",
                                               "RS384", "PS384", "PS512"};

struct Tally {
    int verified_as_marked{0};
    int verified_as_documented{0};
    int refused_at_key_load{0};        // the marks agree: the case is invalid
    int refused_foreign_algorithm{0};  // marked valid, for an algorithm we do not speak
    int form_as_marked{0};             // HS*: the compact form alone, as split_compact sees it
    int total{0};
};

const json::value& public_jwk(const json::object& group) {
    const auto* jwk = group.if_contains("public");
    return jwk != nullptr ? *jwk : group.at("private");
}

bool is_valid_for_us(std::int64_t id, bool marked_valid) {
    if (kMarkedValidButWrong.contains(id)) return false;
    return marked_valid || kMarkedInvalidButRight.contains(id);
}

// A group whose key we refuse: none of its tokens may pass the parser when it is HMAC's.
void run_refused_group(const json::object& group, const std::string& alg, Tally& tally) {
    for (const auto& each : group.at("tests").as_array()) {
        const auto id = each.at("tcId").as_int64();
        const bool marked_valid = each.at("result").as_string() == "valid";
        const std::string jws(each.at("jws").as_string());
        if (alg.starts_with("HS")) {
            EXPECT_FALSE(parse_unverified(jws).has_value()) << id;
        }
        if (group.at("comment").as_string() == "base64") {
            EXPECT_EQ(split_compact(jws).has_value(), is_valid_for_us(id, marked_valid)) << id;
            ++tally.form_as_marked;
        }
        if (marked_valid && !kMarkedValidButWrong.contains(id)) {
            EXPECT_TRUE(kForeignAlgorithms.contains(alg)) << id << ' ' << alg;
            ++tally.refused_foreign_algorithm;
        } else {
            ++tally.refused_at_key_load;
        }
        ++tally.total;
    }
}

void run_group(const json::object& group, Tally& tally) {
    const json::value& jwk = public_jwk(group);
    const auto* alg_member = jwk.as_object().if_contains("alg");
    const std::string alg = alg_member == nullptr ? "" : std::string(alg_member->as_string());
    const auto key = PublicKey::from_jwk(jwk);
    if (!key) {
        run_refused_group(group, alg, tally);
        return;
    }
    for (const auto& each : group.at("tests").as_array()) {
        const auto id = each.at("tcId").as_int64();
        const bool marked_valid = each.at("result").as_string() == "valid";
        const bool wanted = is_valid_for_us(id, marked_valid);
        const std::string jws(each.at("jws").as_string());
        EXPECT_EQ(verify_jws_payload(jws, *key).has_value(), wanted)
            << id << ' ' << each.at("comment").as_string().c_str();
        ++(wanted == marked_valid ? tally.verified_as_marked : tally.verified_as_documented);
        ++tally.total;
    }
}

TEST(JwsVectors, WycheproofSignaturesAnswerAsMarkedOrAsDocumented) {
    Tally tally;
    const json::value file = read_vectors("wycheproof/json_web_signature_test.json");
    for (const auto& group : file.at("testGroups").as_array()) {
        run_group(group.as_object(), tally);
    }
    std::printf(
        "wycheproof json_web_signature: %d cases: %d verified as marked, %d verified as "
        "documented, %d refused at key load as they should be, %d refused because we do not speak "
        "the algorithm, %d of the HS256 ones checked for form\n",
        tally.total, tally.verified_as_marked, tally.verified_as_documented,
        tally.refused_at_key_load, tally.refused_foreign_algorithm, tally.form_as_marked);
    EXPECT_EQ(tally.total, 401);
    EXPECT_EQ(tally.form_as_marked, 21);
    EXPECT_EQ(tally.verified_as_marked, 324);
    EXPECT_EQ(tally.verified_as_documented, 2);
    EXPECT_EQ(tally.refused_at_key_load, 55);
    EXPECT_EQ(tally.refused_foreign_algorithm, 20);
}

// The answer for each single-key case: whether the key loads, and whether its token verifies.
TEST(JwsVectors, WycheproofKeysAreRefusedWhenTheyAreLoaded) {
    int loaded = 0;
    int refused = 0;
    const json::value file = read_vectors("wycheproof/json_web_key_test.json");
    for (const auto& group : file.at("testGroups").as_array()) {
        const json::array& keys = public_jwk(group.as_object()).at("keys").as_array();
        const auto& test = group.at("tests").as_array().at(0);
        const auto id = test.at("tcId").as_int64();
        if (id <= 4) continue;  // key sets: for the loader of JWKS documents
        ASSERT_EQ(keys.size(), 1U) << id;
        const auto key = PublicKey::from_jwk(keys[0]);
        const std::string jws(test.at("jws").as_string());
        if (id == 5) {
            ASSERT_TRUE(key.has_value()) << key.error().message;
            EXPECT_TRUE(verify_jws_payload(jws, *key).has_value());
            ++loaded;
        } else if (id == 7) {
            // ROCA: the check belongs to the upload of a holder's key, not to parsing a JWK.
            EXPECT_TRUE(key.has_value());
            const auto upload = read_public_keys(keys[0], std::nullopt);
            ASSERT_FALSE(upload.has_value());
            EXPECT_EQ(upload.error().reason, "rsa_roca");
            ++loaded;
        } else {
            EXPECT_FALSE(key.has_value()) << id << ' ' << test.at("comment").as_string().c_str();
            EXPECT_FALSE(read_public_keys(keys[0], std::nullopt).has_value()) << id;
            ++refused;
        }
    }
    std::printf("wycheproof json_web_key: %d keys loaded (one of them ROCA's), %d refused\n",
                loaded, refused);
    EXPECT_EQ(loaded, 2);
    EXPECT_EQ(refused, 20);
}

Result<PublicKey> cookbook_key(const json::value& example) {
    json::object jwk = example.at("input").at("key").as_object();
    jwk.erase("d");
    for (const char* member : {"p", "q", "dp", "dq", "qi"}) {
        jwk.erase(member);
    }
    jwk["alg"] = example.at("input").at("alg");
    return PublicKey::from_jwk(jwk);
}

TEST(JwsVectors, Rfc7520SignaturesWeSpeakVerify) {
    for (const char* name : {"4_1.rsa_v15_signature", "4_3.ecdsa_signature"}) {
        const auto example = read_vectors("rfc7520/jws/" + std::string(name) + ".json");
        const auto key = cookbook_key(example);
        ASSERT_TRUE(key.has_value()) << name << key.error().message;
        const std::string compact(example.at("output").at("compact").as_string());
        const auto payload = verify_jws_payload(compact, *key);
        ASSERT_TRUE(payload.has_value()) << name;
        EXPECT_EQ(*payload, std::string(example.at("input").at("payload").as_string()));
        // The payload is a sentence, so it is no token of claims.
        EXPECT_FALSE(parse_unverified(compact).has_value());
    }
}

TEST(JwsVectors, Rfc7520FormsAndAlgorithmsWeDoNotSpeakAreRefused) {
    const auto rsa = cookbook_key(read_vectors("rfc7520/jws/4_1.rsa_v15_signature.json"));
    ASSERT_TRUE(rsa.has_value());
    int refused = 0;
    for (const char* name :
         {"4_2.rsa-pss_signature", "4_4.hmac-sha2_integrity_protection",
          "4_5.signature_with_detached_content", "4_6.protecting_specific_header_fields",
          "4_7.protecting_content_only", "4_8.multiple_signatures"}) {
        const auto example = read_vectors("rfc7520/jws/" + std::string(name) + ".json");
        for (const auto& [form, text] : example.at("output").as_object()) {
            const std::string token =
                text.is_string() ? std::string(text.as_string()) : to_json(text);
            EXPECT_FALSE(verify_jws_payload(token, *rsa).has_value()) << name;
            EXPECT_FALSE(parse_unverified(token).has_value()) << name;
            ++refused;
        }
    }
    EXPECT_EQ(refused, 14);
    std::printf("rfc7520 jws: 2 verified, 6 examples (%d texts) refused\n", refused);
}

TEST(JwsVectors, Rfc7520KeysLoadOnlyWhenTheyArePublic) {
    const std::map<std::string, std::pair<const char*, bool>> keys{
        {"3_1.ec_public_key", {"ES512", true}},
        {"3_2.ec_private_key", {"ES512", false}},
        {"3_3.rsa_public_key", {"RS256", true}},
        {"3_4.rsa_private_key", {"RS256", false}},
        {"3_5.symmetric_key_mac_computation", {"HS256", false}},
        {"3_6.symmetric_key_encryption", {"A256GCM", false}}};
    for (const auto& [name, expected] : keys) {
        auto jwk = read_vectors("rfc7520/jwk/" + name + ".json").as_object();
        jwk["alg"] = expected.first;
        EXPECT_EQ(PublicKey::from_jwk(jwk).has_value(), expected.second) << name;
        // Nobody uploads them: their private halves are printed next to them.
        const auto upload = read_public_keys(jwk, std::nullopt);
        ASSERT_FALSE(upload.has_value()) << name;
        EXPECT_EQ(upload.error().reason,
                  expected.second ? "known_leaked_key" : "private_key_pasted");
    }
}

TEST(JwsVectors, Rfc8037SignatureVerifiesUnderItsKeyButNotUnderItsOldName) {
    const auto example = read_vectors("rfc7520/curve25519/jws.json");
    auto jwk = example.at("input").at("key").as_object();
    jwk.erase("d");
    jwk["alg"] = "Ed25519";
    const auto key = PublicKey::from_jwk(jwk);
    ASSERT_TRUE(key.has_value()) << key.error().message;
    const std::string compact(example.at("output").at("compact").as_string());
    const auto parts = split_compact(compact);
    ASSERT_TRUE(parts.has_value());
    EXPECT_TRUE(key->verify(parts->signing_input, *base64url_decode(parts->signature)));
    EXPECT_FALSE(verify_jws_payload(compact, *key).has_value());  // "EdDSA": RFC 9864 §4.1.1
}

}  // namespace
}  // namespace latchkey
