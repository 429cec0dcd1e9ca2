#include "token/dpop.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "support/vectors.h"
#include "token/testing_proofs.h"

namespace latchkey {
namespace {

using testing::ProofHolder;

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);
constexpr const char* kUrl = "https://api.example/licenses/1";

ProofDemand demand() {
    ProofDemand wanted;
    wanted.method = "GET";
    wanted.url = kUrl;
    wanted.now = kNow;
    return wanted;
}

json::object good_claims() {
    return ProofHolder::claims("GET", kUrl, kNow);
}

// Everything that can be said without a nonce.
bool is_accepted(const std::string& compact, const ProofDemand& wanted = demand()) {
    const auto proof = parse_proof(compact);
    if (!proof) {
        EXPECT_EQ(proof.error().reason, "invalid_dpop_proof");
        return false;
    }
    const auto checked = check_proof(*proof, wanted);
    if (!checked) {
        EXPECT_EQ(checked.error().reason, "invalid_dpop_proof");
        return false;
    }
    return is_signed(*proof);
}

TEST(Dpop, AProofOfEachAlgorithmNamesItsKey) {
    for (const auto algorithm :
         {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519, Algorithm::kRs256}) {
        const ProofHolder holder{PrivateKey::generate(algorithm)};
        const auto compact = holder.sign(good_claims());
        EXPECT_TRUE(is_accepted(compact)) << algorithm_name(algorithm);
        const auto proof = parse_proof(compact).value();
        EXPECT_EQ(base64url_encode(as_text(proof.thumbprint)),
                  holder.key.public_key().thumbprint());
        EXPECT_FALSE(proof.nonce);
        EXPECT_FALSE(proof.token);
    }
}

TEST(Dpop, TheExamplesOfRfc9449AreVerified) {
    const auto vectors = testing::read_vectors("dpop/rfc9449_examples.json").as_object();
    const std::string access_token(vectors.at("access_token").as_string());
    int proofs = 0;
    for (const auto& each : vectors.at("jwts").as_array()) {
        const std::string compact(each.as_string());
        const auto proof = parse_proof(compact);
        if (!proof) continue;  // the access token among them, which is no proof
        ++proofs;
        EXPECT_TRUE(is_signed(*proof));
        EXPECT_EQ(base64url_encode(as_text(proof->thumbprint)), vectors.at("jkt").as_string());
        ProofDemand wanted;
        wanted.method = proof->method;
        wanted.url = proof->url;
        wanted.now = proof->issued_at;
        if (proof->method == "GET") wanted.token = sha256(access_token);
        EXPECT_TRUE(check_proof(*proof, wanted));
    }
    EXPECT_EQ(proofs, 3);
}

// RFC 9449 §4.3, number by number; 1, 10 and the cache are the caller's.
TEST(Dpop, OneChangedThingMakesAProofWorthless) {
    const ProofHolder holder;
    struct Case {
        const char* what;
        json::object header;
        json::object claims;
    };
    const auto header = [&](const char* name, const json::value& value) {
        auto changed = holder.header();
        if (value.is_null()) {
            changed.erase(name);
        } else {
            changed[name] = value;
        }
        return changed;
    };
    const auto claims = [&](const char* name, const json::value& value) {
        auto changed = good_claims();
        if (value.is_null()) {
            changed.erase(name);
        } else {
            changed[name] = value;
        }
        return changed;
    };
    const ProofHolder other;
    auto private_jwk = holder.jwk();
    private_jwk["d"] = base64url_encode(std::string(32, 'd'));
    auto with_alg = holder.jwk();
    with_alg["alg"] = "ES512";
    auto with_own_alg = holder.jwk();
    with_own_alg["alg"] = "ES256";
    auto symmetric = json::object{{"kty", "oct"}, {"k", base64url_encode("secret")}};
    const std::vector<Case> cases = {
        {"3 jti missing", holder.header(), claims("jti", nullptr)},
        {"3 jti empty", holder.header(), claims("jti", "")},
        {"3 jti a number", holder.header(), claims("jti", 7)},
        {"3 jti long", holder.header(), claims("jti", std::string(300, 'j').c_str())},
        {"3 htm missing", holder.header(), claims("htm", nullptr)},
        {"3 htu missing", holder.header(), claims("htu", nullptr)},
        {"3 iat missing", holder.header(), claims("iat", nullptr)},
        {"3 iat a text", holder.header(), claims("iat", "1800000000")},
        {"4 typ missing", header("typ", nullptr), good_claims()},
        {"4 typ JWT", header("typ", "JWT"), good_claims()},
        {"4 typ at+jwt", header("typ", "at+jwt"), good_claims()},
        {"5 alg none", header("alg", "none"), good_claims()},
        {"5 alg HS256", header("alg", "HS256"), good_claims()},
        {"5 alg of another curve", header("alg", "ES512"), good_claims()},
        {"5 alg that the jwk contradicts",
         json::object{{"typ", "dpop+jwt"}, {"alg", "ES512"}, {"jwk", with_own_alg}}, good_claims()},
        {"6 another's key", header("jwk", other.jwk()), good_claims()},
        {"6 jwk missing", header("jwk", nullptr), good_claims()},
        {"6 jwk a text", header("jwk", "key"), good_claims()},
        {"6 jwk of another algorithm", header("jwk", with_alg), good_claims()},
        {"7 jwk private", header("jwk", private_jwk), good_claims()},
        {"7 jwk symmetric", header("jwk", symmetric), good_claims()},
        {"8 another method", holder.header(), claims("htm", "POST")},
        {"8 small letters", holder.header(), claims("htm", "get")},
        {"9 another path", holder.header(), claims("htu", "https://api.example/licenses/2")},
        {"9 another host", holder.header(), claims("htu", "https://api.example.org/licenses/1")},
        {"9 another scheme", holder.header(), claims("htu", "http://api.example/licenses/1")},
        {"9 another port", holder.header(), claims("htu", "https://api.example:444/licenses/1")},
        {"9 no URL", holder.header(), claims("htu", "/licenses/1")},
        {"9 user in the URL", holder.header(), claims("htu", "https://a@api.example/licenses/1")},
        {"11 long ago", holder.header(), claims("iat", kNow.seconds() - 301)},
        {"11 to come", holder.header(), claims("iat", kNow.seconds() + 301)},
        {"crit", header("crit", json::array{"b64"}), good_claims()},
        {"jku", header("jku", "https://elsewhere.example/keys"), good_claims()},
        {"x5c", header("x5c", json::array{"MII"}), good_claims()},
    };
    EXPECT_TRUE(is_accepted(holder.sign(good_claims())));
    for (const auto& each : cases) {
        EXPECT_FALSE(is_accepted(holder.sign(each.header, each.claims))) << each.what;
    }
}

TEST(Dpop, ItIsForOneTokenOnly) {
    const ProofHolder holder;
    auto wanted = demand();
    wanted.token = sha256("the token");
    EXPECT_FALSE(is_accepted(holder.sign(good_claims()), wanted));
    auto claims = good_claims();
    claims["ath"] = base64url_encode(as_text(sha256("another token")));
    EXPECT_FALSE(is_accepted(holder.sign(claims), wanted));
    for (const char* text : {"", "short", "not base64url!"}) {
        claims["ath"] = text;
        EXPECT_FALSE(is_accepted(holder.sign(claims), wanted)) << text;
    }
    claims["ath"] = base64url_encode(as_text(sha256("the token")));
    EXPECT_TRUE(is_accepted(holder.sign(claims), wanted));
}

TEST(Dpop, ASignatureThatWasTouchedIsNone) {
    const ProofHolder holder;
    auto compact = holder.sign(good_claims());
    const auto last_dot = compact.rfind('.');
    compact[last_dot + 5] = compact[last_dot + 5] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(is_accepted(compact));
    for (const std::string text : {"", ".", "..", "a.b.c", "a.b.c.d"}) {
        EXPECT_FALSE(is_accepted(text)) << text;
    }
    EXPECT_FALSE(is_accepted(holder.sign(good_claims()) + "." + holder.sign(good_claims())));
    auto claims = good_claims();
    claims["filler"] = std::string(9'000, 'x');
    EXPECT_FALSE(is_accepted(holder.sign(claims)));
}

// What a key in a header is good for ends here: no other kind of token may carry one.
TEST(AttackA3, AKeyInTheHeaderIsTakenForProofsAlone) {
    const ProofHolder holder;
    const auto compact = holder.sign(good_claims());
    EXPECT_TRUE(parse_with_key(compact));
    EXPECT_FALSE(parse_unverified(compact));
    auto header = holder.header();
    header.erase("jwk");
    EXPECT_FALSE(parse_with_key(holder.sign(header, good_claims())));
}

TEST(Dpop, UrlsAreComparedInTheirOneForm) {
    struct Case {
        const char* from;
        const char* to;
    };
    for (const auto& each : std::vector<Case>{
             {"https://a.example", "https://a.example/"},
             {"HTTPS://A.Example:443/x", "https://a.example/x"},
             {"http://a.example:80/x", "http://a.example/x"},
             {"http://a.example:443/x", "http://a.example:443/x"},
             {"https://a.example:/x", "https://a.example/x"},
             {"https://a.example/x?y=1#z", "https://a.example/x"},
             {"https://a.example?y=1", "https://a.example/"},
             {"https://a.example/a/./b/../c", "https://a.example/a/c"},
             {"https://a.example/../../c", "https://a.example/c"},
             {"https://a.example/a/..", "https://a.example/"},
             {"https://a.example/a/.", "https://a.example/a/"},
             {"https://a.example/%7e%41/%2f", "https://a.example/~A/%2F"},
             {"https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"},
             {"http://127.0.0.1:8080/oauth2/token", "http://127.0.0.1:8080/oauth2/token"},
         }) {
        EXPECT_EQ(normalised_url(each.from), each.to) << each.from;
    }
    for (const char* text : {"",
                             "a.example/x",
                             "//a.example/x",
                             "ftp://a.example/x",
                             "https://",
                             "https:///x",
                             "https://a@b.example/",
                             "https://a.example/%",
                             "https://a.example/%4",
                             "https://a.example/%zz",
                             "https://a.example/a b",
                             "https://a.example/a\\b",
                             "https://a\"b.example/",
                             "https://[2001::",
                             "https://[::1]x/",
                             "https://[]/",
                             "https://a.example:x/",
                             "https://a.example::/",
                             "https://:80/",
                             "https://a]/"}) {
        EXPECT_FALSE(normalised_url(text)) << text;
    }
    EXPECT_FALSE(normalised_url("https://a.example/" + std::string(3'000, 'x')));
}

}  // namespace
}  // namespace latchkey
