#include "token/client_assertion.h"

#include <gtest/gtest.h>

#include "crypto/key_pair.h"
#include "token/jws.h"

namespace latchkey {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kIssuer = "https://latchkey.example";
constexpr const char* kClient = "01930000-0000-7000-8000-000000000001";

json::object good() {
    return {{"iss", kClient}, {"sub", kClient},   {"aud", "https://latchkey.example"},
            {"jti", "one"},   {"exp", kNow + 60}, {"iat", kNow}};
}

std::string look(const json::object& claims, Timestamp now = Timestamp::from_seconds(kNow)) {
    const auto checked = check_assertion(claims, kIssuer, now);
    return checked ? "accepted" : checked.error().detail;
}

std::string with(const char* claim, const char* value) {
    json::object claims = good();
    claims[claim] = *parse_json(value);
    return look(claims);
}

bool is_accepted_at(const char* claim, std::int64_t value) {
    json::object claims = good();
    claims[claim] = value;
    return look(claims) == "accepted";
}

TEST(ClientAssertion, AGoodOneTellsItsClientItsIdAndItsEnd) {
    const auto checked = check_assertion(good(), kIssuer, Timestamp::from_seconds(kNow));
    ASSERT_TRUE(checked.has_value()) << checked.error().detail;
    EXPECT_EQ(checked->client.uuid(), kClient);
    EXPECT_EQ(checked->id, "one");
    EXPECT_EQ(checked->expires_at.seconds(), kNow + 60);
    json::object short_ids = good();
    short_ids["iss"] = checked->client.shortuuid();
    short_ids["sub"] = checked->client.shortuuid();
    EXPECT_EQ(look(short_ids), "accepted");
    json::object bare = good();
    bare.erase("iat");
    EXPECT_EQ(look(bare), "accepted");
}

TEST(ClientAssertion, EveryCauseHasOneTextForTheClient) {
    for (const char* claim : {"iss", "sub", "aud", "jti", "exp"}) {
        json::object claims = good();
        claims.erase(claim);
        const auto checked = check_assertion(claims, kIssuer, Timestamp::from_seconds(kNow));
        ASSERT_FALSE(checked.has_value()) << claim;
        EXPECT_EQ(checked.error().message, "The client assertion is not valid.");
        EXPECT_EQ(checked.error().reason, "bad_assertion");
        EXPECT_EQ(checked.error().code, ErrorCode::kUnauthenticated);
        EXPECT_FALSE(checked.error().detail.empty());
        EXPECT_TRUE(checked.error().field.empty());
    }
}

TEST(ClientAssertion, IssuerAndSubjectAreOneTokenId) {
    EXPECT_EQ(with("iss", R"("01930000-0000-7000-8000-000000000002")"), "iss is not sub");
    json::object claims = good();
    claims["iss"] = claims["sub"] = "somebody";
    EXPECT_EQ(look(claims), "sub is no id");
    EXPECT_NE(with("iss", R"(["01930000-0000-7000-8000-000000000001"])"), "accepted");
    EXPECT_NE(with("sub", "1"), "accepted");
}

TEST(ClientAssertion, TheIdIsAnyTextOfBoundedLength) {
    EXPECT_EQ(with("jti", R"("\u0000\n")"), "accepted");
    json::object claims = good();
    claims["jti"] = std::string(256, 'j');
    EXPECT_EQ(look(claims), "accepted");
    claims["jti"] = std::string(257, 'j');
    EXPECT_NE(look(claims), "accepted");
    EXPECT_NE(with("jti", R"("")"), "accepted");
    EXPECT_NE(with("jti", "1"), "accepted");
}

TEST(AttackA16, TimesAreWholeSecondsInRange) {
    for (const char* claim : {"exp", "iat", "nbf"}) {
        for (const char* value : {R"("1800000060")", "1800000060.0", "1.8e9", "-1", "null", "[]",
                                  "9223372036854775808", "9223372036854775807", "true"}) {
            EXPECT_NE(with(claim, value), "accepted") << claim << " " << value;
        }
    }
}

TEST(AttackA16, AnExpiredAssertionIsRefusedAtItsLastMoment) {
    EXPECT_TRUE(is_accepted_at("exp", kNow + 1));
    EXPECT_FALSE(is_accepted_at("exp", kNow));
    EXPECT_FALSE(is_accepted_at("exp", kNow - 1));
    const auto last = Timestamp::from_microseconds((kNow + 60) * 1'000'000 - 1);
    EXPECT_EQ(look(good(), last), "accepted");
    EXPECT_NE(look(good(), last + Microseconds(1)), "accepted");
}

TEST(AttackA16, AnAssertionLivesFiveMinutesAtMost) {
    EXPECT_TRUE(is_accepted_at("exp", kNow + 300));
    EXPECT_FALSE(is_accepted_at("exp", kNow + 301));
    json::object claims = good();
    claims.erase("iat");
    claims["exp"] = kNow + 300;
    EXPECT_EQ(look(claims), "accepted");
    claims["exp"] = kNow + 301;
    EXPECT_NE(look(claims), "accepted");
    // Made long ago for a time that is yet to come.
    claims = good();
    claims["iat"] = kNow - 250;
    claims["exp"] = kNow + 60;
    EXPECT_NE(look(claims), "accepted");
}

TEST(AttackA18, AClockMayBeTenSecondsAhead) {
    for (const char* claim : {"iat", "nbf"}) {
        EXPECT_TRUE(is_accepted_at(claim, kNow + 10)) << claim;
        EXPECT_FALSE(is_accepted_at(claim, kNow + 11)) << claim;
        EXPECT_FALSE(is_accepted_at(claim, kNow + 60)) << claim;
    }
    EXPECT_TRUE(is_accepted_at("nbf", kNow - 3'600));
    EXPECT_TRUE(is_accepted_at("iat", kNow - 240));
}

TEST(AttackA19, TheAudienceIsOurIssuerAsATextAndNothingElse) {
    EXPECT_EQ(with("aud", R"("https://latchkey.example")"), "accepted");
    for (const char* audience :
         {R"(["https://latchkey.example"])",
          R"(["https://latchkey.example","https://evil.example"])",
          R"("https://latchkey.example/")", R"("https://latchkey.example/oauth2/token")",
          R"("https://LATCHKEY.example")", R"("https://latchkey.exampl")", R"("")", "null", "{}"}) {
        EXPECT_NE(with("aud", audience), "accepted") << audience;
    }
    // A server without an issuer takes nobody's assertion.
    json::object claims = good();
    claims["aud"] = "";
    EXPECT_FALSE(check_assertion(claims, "", Timestamp::from_seconds(kNow)).has_value());
}

TEST(AttackA12, OnlyAssertionsHaveTheTypOfOne) {
    for (const char* typ : {"", "JWT", "jwt", "application/jwt", "client-authentication+jwt",
                            "application/client-authentication+jwt"}) {
        EXPECT_TRUE(is_assertion_typ(typ)) << typ;
    }
    for (const char* typ : {"at+jwt", "statuslist+jwt", "dpop+jwt", "logout+jwt", "JWT ", "JOSE",
                            "latchkey-checkpoint+jwt"}) {
        EXPECT_FALSE(is_assertion_typ(typ)) << typ;
    }
}

// ECDSA has many signatures of one text; whoever sees one can even make a second, with n - s.
TEST(AttackA8, ASecondSignatureIsNoSecondAssertion) {
    const auto at = Timestamp::from_seconds(kNow);
    const auto key = PrivateKey::generate(Algorithm::kEs256);
    const std::string once = sign_jws(key, "JWT", "", good());
    const std::string twice = sign_jws(key, "JWT", "", good());
    ASSERT_NE(once, twice);
    const auto digest_of = [&](const std::string& compact) {
        const auto claims = verify_jws(compact, key.public_key(), TypPolicy::exactly("JWT"));
        return assertion_digest(*check_assertion(*claims, kIssuer, at));
    };
    EXPECT_EQ(digest_of(once), digest_of(twice));
}

TEST(AttackA17, ADigestNamesWhoAndWhich) {
    const AssertionClaims one{*TokenId::parse(kClient), "one", {}};
    AssertionClaims other = one;
    EXPECT_EQ(assertion_digest(one), assertion_digest(other));
    other.expires_at = Timestamp::from_seconds(kNow);
    EXPECT_EQ(assertion_digest(one), assertion_digest(other));
    other.id = "two";
    EXPECT_NE(assertion_digest(one), assertion_digest(other));
    other = one;
    other.client = *TokenId::parse("01930000-0000-7000-8000-000000000002");
    EXPECT_NE(assertion_digest(one), assertion_digest(other));
}

TEST(ClientAssertion, ADialectTakesItsOwnAddressesTooAndAListOfOneAlone) {
    const std::vector<std::string> names = {"http://localhost:2777/auth/oauth2/token",
                                            std::string(kIssuer)};
    const auto reason_for = [&](const json::value& audience, bool may_be_list) {
        auto claims = good();
        claims["aud"] = audience;
        const auto checked =
            check_assertion(claims, {names, may_be_list}, Timestamp::from_seconds(kNow));
        return checked ? std::string() : checked.error().detail;
    };
    EXPECT_EQ(reason_for(json::value(names[0]), true), "");
    EXPECT_EQ(reason_for(json::value(names[1]), true), "");
    EXPECT_EQ(reason_for(json::array{json::value(names[0])}, true), "");
    EXPECT_NE(reason_for(json::array{json::value(names[0])}, false), "");
    // Two names: one of them could be another server's.
    EXPECT_NE(reason_for(json::array{json::value(names[0]), json::value(names[1])}, true), "");
    EXPECT_NE(reason_for(json::array{}, true), "");
    EXPECT_NE(reason_for(json::array{json::value(1)}, true), "");
    EXPECT_NE(reason_for(json::value("http://localhost:2777/auth/oauth2/token/"), true), "");
    EXPECT_NE(reason_for(json::value(""), true), "");
    EXPECT_NE(reason_for(json::value(nullptr), true), "");
}

}  // namespace
}  // namespace latchkey
