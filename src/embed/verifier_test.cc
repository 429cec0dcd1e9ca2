// What the vectors do not say: bound and derived access tokens, long lists, and where a stream that
// broke goes on.
#include "latchkey/verifier.h"

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/keys.h"
#include "token/jws.h"
#include "token/status_list.h"

namespace latchkey {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kIssuer = "https://auth.example.com";
const std::string kToken = "01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24";
const std::string kOwner = "01a3b6b0-1111-7222-8333-944455566677";

std::string thirty_two(char octet) {
    return base64url_encode(std::string(32, octet));
}

std::string head(int revision) {
    return to_json(json::object{
        {"from", revision + 1}, {"to", revision}, {"epoch", 1}, {"revision", revision}});
}

std::string change(int revision, json::object fact) {
    json::object event{{"epoch", 1},
                       {"revision", revision},
                       {"at", "2027-01-15T08:00:00.000Z"},
                       {"type", "token.changed"},
                       {"data", json::object{{"facts", json::array{std::move(fact)}}}}};
    return to_json(json::object{{"from", revision}, {"to", revision}, {"event", std::move(event)}});
}

class EmbeddedVerifier : public ::testing::Test {
protected:
    EmbeddedVerifier() {
        json::object jwk = key_.public_key().to_jwk();
        documents_[kIssuer + "/.well-known/jwks.json"] =
            to_json(json::object{{"keys", json::array{std::move(jwk)}}});
        publish(StatusList(kStatusBits, 1024));
    }

    void publish(const StatusList& list) {
        StatusListInfo info;
        info.issuer = kIssuer;
        info.uri = kIssuer + "/status/0";
        info.issued_at = Timestamp::from_seconds(kNow);
        info.expires_at = Timestamp::from_seconds(kNow + 300);
        documents_[info.uri] =
            sign_jws(key_, kStatusListTyp, key_.kid(), status_list_claims(info, list));
    }

    VerifierOptions options() {
        VerifierOptions options;
        options.issuer = kIssuer;
        options.audience = "licensing-api";
        options.wall_clock = options.steady_clock = [this] { return now_ * 1'000'000; };
        options.fetch = [this](const std::string& url, const std::string* posted) {
            ++fetches_[url];
            const auto found = documents_.find(url);
            if (posted != nullptr || found == documents_.end()) return FetchAnswer{};
            return FetchAnswer{200, found->second};
        };
        return options;
    }

    [[nodiscard]] std::string jwt() const {
        return sign_jws(
            key_, "JWT", key_.kid(),
            {{"aud", json::array{"licensing-api"}},
             {"iat", kNow - 60},
             {"nbf", kNow - 60},
             {"iss", kIssuer},
             {"jti", kToken},
             {"sub", kOwner},
             {"status", json::object{{"status_list",
                                      json::object{{"idx", 7}, {"uri", kIssuer + "/status/0"}}}}}});
    }

    [[nodiscard]] std::string access(const json::object& more = {}) const {
        json::object claims{{"aud", json::array{"licensing-api"}},
                            {"client_id", kToken},
                            {"sub", kToken},
                            {"iat", kNow - 60},
                            {"exp", kNow + 600},
                            {"iss", kIssuer},
                            {"jti", base64url_encode(std::string(16, 'a'))},
                            {"client_key", thirty_two('k')}};
        for (const auto& [name, value] : more) {
            claims[name] = value;
        }
        return sign_jws(key_, "at+jwt", key_.kid(), claims);
    }

    static std::string verdict(Verifier& verifier, const std::string& token) {
        return verifier.verify({token, {}, {}, {}, {}}).verdict;
    }

    SigningKey key_{SigningKey::generate()};
    std::map<std::string, std::string> documents_;
    std::map<std::string, int> fetches_;
    std::int64_t now_{kNow};
};

TEST_F(EmbeddedVerifier, AFloodOfUnknownKeysIsCooledDown) {
    const std::string keys = kIssuer + "/.well-known/jwks.json";
    Verifier verifier(options());
    EXPECT_EQ(verdict(verifier, jwt()), "active");
    for (int i = 0; i < 1000; ++i) {
        const json::object claims{{"iss", kIssuer}, {"iat", kNow - 60}};
        const std::string token = sign_jws(key_, "JWT", "k-" + std::to_string(i), claims);
        EXPECT_EQ(verdict(verifier, token), "unknown");
    }
    EXPECT_LE(fetches_[keys], 4);
    const json::object claims{{"iss", kIssuer}, {"iat", kNow}};
    EXPECT_EQ(verdict(verifier, sign_jws(key_, "JWT", "new", claims)), "not_current");
    now_ += 5;
    EXPECT_EQ(verdict(verifier, sign_jws(key_, "JWT", "new", claims)), "unknown");
    EXPECT_LE(fetches_[keys], 5);
}

TEST_F(EmbeddedVerifier, AnOutageHoldsUpOneQuestionASecondAndNotEach) {
    const auto documents = std::exchange(documents_, {});
    VerifierOptions asking = options();
    asking.may_ask = true;
    Verifier verifier(asking);
    const std::string opaque = "lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD";
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(verdict(verifier, jwt()), "not_current");
        EXPECT_EQ(verdict(verifier, opaque), "not_current");
    }
    EXPECT_EQ(fetches_[kIssuer + "/.well-known/jwks.json"], 1);
    EXPECT_EQ(fetches_[kIssuer + "/v1/tokens/verify"], 1);
    documents_ = documents;
    now_ += 1;
    EXPECT_EQ(verdict(verifier, jwt()), "active");
    documents_.erase(kIssuer + "/status/0");
    now_ += 31;
    const int before = fetches_[kIssuer + "/status/0"];
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(verdict(verifier, jwt()), "not_current");
    }
    EXPECT_EQ(fetches_[kIssuer + "/status/0"], before + 1);
}

TEST_F(EmbeddedVerifier, MoreFactsThanCanBeKeptAreForgottenAndListsReadAnew) {
    Verifier verifier(options());
    ASSERT_TRUE(verifier.hear("head", head(40)));
    ASSERT_TRUE(verifier.hear(
        "change", change(41, {{"kind", "token"}, {"id", kToken}, {"state", "revoked"}})));
    EXPECT_EQ(verdict(verifier, jwt()), "revoked");
    for (int revision = 42; revision < 48; ++revision) {
        json::array others;
        for (int i = 0; i < 20'000; ++i) {
            const std::string number = std::to_string(revision * 100'000 + i);
            others.emplace_back("01a3b6c0-54a7-7c2e-8f0a-" + std::string(12 - number.size(), '0') +
                                number);
        }
        const json::object fact{
            {"kind", "token_states"}, {"state", "revoked"}, {"tokens", std::move(others)}};
        ASSERT_TRUE(verifier.hear("change", change(revision, fact)));
    }
    // Only the lists know it still, and this one says that the token was never revoked.
    EXPECT_EQ(verdict(verifier, jwt()), "active");
    EXPECT_GE(fetches_[kIssuer + "/status/0"], 1);
}

TEST_F(EmbeddedVerifier, AnAccessTokenThatIsBoundToAKeyNeedsAProof) {
    Verifier verifier(options());
    EXPECT_EQ(verdict(verifier, access()), "active");
    const json::object bound{{"cnf", json::object{{"jkt", thirty_two('h')}}}};
    EXPECT_EQ(verdict(verifier, access(bound)), "proof_needed");
    EXPECT_EQ(verdict(verifier, access({{"cnf", "nothing"}})), "malformed");
}

TEST_F(EmbeddedVerifier, WhatWasDerivedFromARevokedAccessTokenIsRevoked) {
    Verifier verifier(options());
    const std::string parent = base64url_encode(std::string(16, 'p'));
    const std::string derived = access({{"derived_from", json::array{json::value(parent)}}});
    ASSERT_TRUE(verifier.hear("head", head(40)));
    EXPECT_EQ(verdict(verifier, derived), "active");
    ASSERT_TRUE(verifier.hear("change", change(41, {{"kind", "access"}, {"jti", parent}})));
    EXPECT_EQ(verdict(verifier, derived), "revoked");
    EXPECT_EQ(verdict(verifier, access()), "active");
}

TEST_F(EmbeddedVerifier, ManyTokensAreStoppedByOneFact) {
    Verifier verifier(options());
    ASSERT_TRUE(verifier.hear("head", head(40)));
    EXPECT_EQ(verdict(verifier, jwt()), "active");
    const json::object fact{{"kind", "token_states"},
                            {"state", "revoked"},
                            {"tokens", json::array{json::value(kOwner), json::value(kToken)}}};
    ASSERT_TRUE(verifier.hear("change", change(41, fact)));
    EXPECT_EQ(verdict(verifier, jwt()), "revoked");
}

TEST_F(EmbeddedVerifier, AListThatIsLongerThanATokenMayBeIsRead) {
    StatusList list(kStatusBits, 1U << 20);
    std::uint64_t noise = 7;  // what does not compress
    for (std::size_t index = 8; index < list.size(); ++index) {
        noise = noise * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        list.set(index, static_cast<std::uint8_t>(noise >> 62U));
    }
    publish(list);
    ASSERT_GT(documents_[kIssuer + "/status/0"].size(), kJwsBytesMax);
    Verifier verifier(options());
    EXPECT_EQ(verdict(verifier, jwt()), "active");
}

TEST_F(EmbeddedVerifier, AGapIsFilledFromWhereItBeganAndWhoLiesAgainIsReadAnew) {
    Verifier verifier(options());
    EXPECT_EQ(verifier.last_event_id(), "");
    ASSERT_TRUE(verifier.hear("head", head(40)));
    EXPECT_FALSE(verifier.hear("head", head(50)));
    verifier.stream_ended();
    EXPECT_EQ(verifier.last_event_id(), "1.40");
    EXPECT_FALSE(verifier.hear("head", "{}"));
    verifier.stream_ended();
    EXPECT_EQ(verifier.last_event_id(), "");
    EXPECT_TRUE(verifier.hear("head", head(7)));
    verifier.stream_ended();
    EXPECT_EQ(verifier.last_event_id(), "1.7");
}

TEST_F(EmbeddedVerifier, MoreScopesThanCanBeAskedForAreNoYes) {
    Verifier verifier(options());
    const std::vector<std::string> scopes(17, "license:read");
    EXPECT_EQ(verifier.verify({jwt(), scopes, {}, {}, {}}).verdict, "not_current");
}

TEST_F(EmbeddedVerifier, AFetchThatThrowsIsAServerThatWasNotReached) {
    VerifierOptions throwing = options();
    throwing.fetch = [](const std::string&, const std::string*) -> FetchAnswer {
        throw std::runtime_error("no route to host");
    };
    Verifier verifier(throwing);
    EXPECT_EQ(verdict(verifier, jwt()), "not_current");
}

TEST_F(EmbeddedVerifier, WhatItCannotDoWithoutIsAskedForAtOnce) {
    for (const auto& spoil : {+[](VerifierOptions& o) { o.issuer.clear(); },
                              +[](VerifierOptions& o) { o.audience.clear(); },
                              +[](VerifierOptions& o) { o.fetch = nullptr; }}) {
        VerifierOptions spoilt = options();
        spoil(spoilt);
        EXPECT_THROW(Verifier{spoilt}, std::invalid_argument);
    }
}

}  // namespace
}  // namespace latchkey
