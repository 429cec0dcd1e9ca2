// Attacks on client assertions, over HTTP, named after the rows of the attack catalogue.
#include <atomic>
#include <thread>

#include "api/oauth_testing.h"
#include "authority/facts_of_records.h"
#include "authority/token_keys.h"

namespace latchkey::api {
namespace {

using authority::testing::encoded;
using authority::testing::KeyHolder;
using testing::Client;
using testing::Fields;
using testing::form_of;
using testing::kAssertionType;
using testing::OAuthTest;
using testing::Parameters;
using testing::Reply;

using AttackA1 = OAuthTest;
TEST_F(AttackA1, NoneAndItsSpellingsAreNoAlgorithm) {
    for (const json::value& alg : std::initializer_list<json::value>{
             "none", "None", "NONE", "nOnE", "", nullptr, json::array{"ES256"}, 0, "es256",
             "ES256 ", "ES384", "ES256K", "PS256", "EdDSA"}) {
        auto header = holder_->header();
        header["alg"] = alg;
        const auto text = holder_->sign(header, claims());
        expect_invalid_client(text, to_json(alg));
        expect_invalid_client(text.substr(0, text.rfind('.') + 1), to_json(alg) + " unsigned");
    }
    auto header = holder_->header();
    header.erase("alg");
    expect_invalid_client(holder_->sign(header, claims()), "no alg");
}

using AttackA2 = OAuthTest;
TEST_F(AttackA2, APublicKeyIsNoSharedSecret) {
    const auto& key = holder_->key.public_key();
    const std::string pem = holder_->key.public_pem();
    for (const auto& secret : {pem, pem.substr(0, pem.size() - 1), key.to_spki_der(),
                               to_json(key.to_jwk()), std::string()}) {
        for (const char* alg : {"HS256", "HS384", "HS512", "ES256"}) {
            auto header = holder_->header();
            header["alg"] = alg;
            const auto input = encoded(header) + "." + encoded(claims());
            const auto mac = hmac_sha256(Secret(std::string(secret)), input);
            expect_invalid_client(input + "." + base64url_encode(as_text(mac)), alg);
        }
    }
}

using AttackA3 = OAuthTest;
TEST_F(AttackA3, TheAssertionDoesNotBringItsKey) {
    auto thief = *holder_;
    thief.key = PrivateKey::generate(Algorithm::kEs256);
    const auto jwk = thief.key.public_key().to_jwk();
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, json::value>>{
             {"jwk", jwk},
             {"jku", "http://127.0.0.1:1/keys"},
             {"x5u", "http://127.0.0.1:1/certificate"},
             {"x5c", json::array{"MIIB"}}}) {
        auto header = thief.header();
        header[name] = value;
        expect_invalid_client(thief.sign(header, claims()), name);
        expect_invalid_client(holder_->sign(header, claims()),
                              std::string(name) + " rightly signed");
    }
}

using AttackA4 = OAuthTest;
TEST_F(AttackA4, JsonSerialisationIsNoAssertion) {
    const auto text = holder_->assertion(clock.now());
    const auto first = text.find('.');
    const auto last = text.rfind('.');
    const json::object flat{{"protected", text.substr(0, first)},
                            {"payload", text.substr(first + 1, last - first - 1)},
                            {"signature", text.substr(last + 1)},
                            {"header", {{"alg", "none"}}}};
    expect_invalid_client(to_json(flat), "flattened");
    expect_invalid_client(
        to_json(json::object{{"payload", flat.at("payload")}, {"signatures", json::array{flat}}}),
        "general");
}

using AttackA5 = OAuthTest;
TEST_F(AttackA5, EncryptedAndNestedTokensAreRefusedUnread) {
    const auto inner = holder_->assertion(clock.now());
    expect_invalid_client(
        encoded(json::object{{"alg", "dir"}, {"enc", "A256GCM"}}) + "..AAAA.AAAA.AAAA",
        "five parts");
    auto header = holder_->header();
    header["cty"] = "JWT";
    expect_invalid_client(holder_->sign_text(encoded(header) + "." + base64url_encode(inner)),
                          "nested");
}

using AttackA6 = OAuthTest;
TEST_F(AttackA6, ATextWithTooFewOrTooManyPartsIsRefused) {
    const auto text = holder_->assertion(clock.now());
    const auto unsigned_text = text.substr(0, text.rfind('.'));
    for (const auto& wrong : {unsigned_text, unsigned_text + ".", text + ".", "." + text,
                              std::string("."), std::string(".."), std::string(15'000, '.'),
                              std::string("a"), unsigned_text + "." + std::string(86, 'A'),
                              text.substr(0, text.size() - 1), text + "A"}) {
        expect_invalid_client(wrong, wrong.substr(0, 20));
    }
}

using AttackA7 = OAuthTest;
TEST_F(AttackA7, SignaturesOfTheWrongFormOrSizeAreRefused) {
    const auto text = holder_->assertion(clock.now());
    const auto input = text.substr(0, text.rfind('.'));
    const auto right = base64url_decode(text.substr(input.size() + 1)).value();
    ASSERT_EQ(right.size(), 64U);
    const std::string zero(32, '\0');
    const std::string ones(32, '\xff');
    for (const auto& wrong :
         {std::string(64, '\0'), right.substr(0, 32) + zero, zero + right.substr(32), ones + ones,
          right.substr(0, 63), right + std::string(1, '\0'), std::string(1, '\0') + right,
          std::string(132, '\x01'),
          "\x30\x44\x02\x20" + right.substr(0, 32) + "\x02\x20" + right.substr(32)}) {
        expect_invalid_client(input + "." + base64url_encode(wrong), std::to_string(wrong.size()));
    }
}

using AttackA8 = OAuthTest;
TEST_F(AttackA8, AnotherFormOfTheSameSignatureIsTheSameAssertion) {
    const auto text = holder_->assertion(clock.now());
    ASSERT_EQ(present(text).status, 200);
    expect_invalid_client(text, "the same bytes");
    auto again = parse_unverified(text).value().claims;
    expect_invalid_client(signed_claims(again), "signed again: another signature, the same jti");
    again["exp"] = clock.now().seconds() + 200;
    expect_invalid_client(signed_claims(again), "the same jti with another end");
}

using AttackA9 = OAuthTest;
TEST_F(AttackA9, AnAlgorithmOfAnotherCurveIsRefused) {
    for (const char* alg : {"ES512", "ES384", "ES256K", "RS256", "Ed25519"}) {
        auto header = holder_->header();
        header["alg"] = alg;
        expect_invalid_client(holder_->sign(header, claims()), alg);
    }
    auto other = *holder_;
    other.key = PrivateKey::generate(Algorithm::kEs512);
    auto header = other.header();
    header["alg"] = "ES256";
    expect_invalid_client(other.sign(header, claims()), "P-521 says ES256");
}

using AttackA11 = OAuthTest;
TEST_F(AttackA11, AKidIsOnlyComparedWithTheNamedTokensOwnKeys) {
    const auto mallory = authority::testing::key_token(*this, as_bob_);
    for (const json::value& kid : std::initializer_list<json::value>{
             "../../dev/null", "' OR 1=1 --", json::value(std::string("a\0b", 3)),
             json::value(std::string(2'000, 'k')), json::value(mallory.kid),
             json::value(authority->keys().keys()->active->kid()), 7, nullptr,
             json::array{holder_->kid}}) {
        auto header = holder_->header();
        header["kid"] = kid;
        expect_invalid_client(holder_->sign(header, claims()), to_json(kid).substr(0, 40));
    }
    // Another's key with another's kid, but for this token.
    auto said = mallory.claims(clock.now());
    said["iss"] = said["sub"] = holder_->token.uuid();
    expect_invalid_client(mallory.sign(mallory.header(), said), "another tenant's key");
    // With two keys there is a choice, and somebody must make it.
    ASSERT_TRUE(write<authority::TokenDetails>([&](store::Transaction& tx) {
        return authority::add_keys(tx, as_alice_, holder_->token.uuid(),
                                   {mallory.key.public_key()});
    }));
    auto header = holder_->header();
    header.erase("kid");
    expect_invalid_client(holder_->sign(header, claims()), "two keys and no kid");
    EXPECT_EQ(exchange().status, 200);
}

using AttackA12 = OAuthTest;
TEST_F(AttackA12, CritB64ZipAndOtherKindsOfTokensAreRefused) {
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, json::value>>{{"crit", json::array{"exp"}},
                                                                    {"crit", json::array{}},
                                                                    {"b64", false},
                                                                    {"zip", "DEF"},
                                                                    {"typ", "at+jwt"},
                                                                    {"typ", "logout+jwt"},
                                                                    {"typ", "statuslist+jwt"},
                                                                    {"typ", "id_token"}}) {
        auto header = holder_->header();
        header[name] = value;
        expect_invalid_client(holder_->sign(header, claims()), name + to_json(value));
    }
    // What we sign ourselves is no assertion, and an assertion is no access token.
    expect_invalid_client(access_token(), "an access token");
    EXPECT_EQ(check("/check", holder_->assertion(clock.now())), "unknown");
}

using AttackA13 = OAuthTest;
TEST_F(AttackA13, Base64UrlHasOneSpelling) {
    const auto text = holder_->assertion(clock.now());
    const auto dot = text.find('.');
    for (const auto& wrong : {text + "=", text + "==", text.substr(0, dot) + "=" + text.substr(dot),
                              text.substr(0, dot) + "+" + text.substr(dot), " " + text, text + " ",
                              text.substr(0, dot) + "?" + text.substr(dot),
                              text.substr(0, dot) + "%" + text.substr(dot)}) {
        expect_invalid_client(wrong, wrong.substr(0, 30));
    }
    std::string spare = text;  // 86 characters carry 516 bits: four are spare and zero
    spare.back() = spare.back() == 'B' ? 'C' : 'B';
    expect_invalid_client(spare, "spare bits");
}

using AttackA14 = OAuthTest;
TEST_F(AttackA14, DuplicateMembersAndBrokenTextAreRefused) {
    const auto header = to_json(holder_->header());
    const auto body = to_json(claims());
    const auto with = [](const std::string& object, const std::string& more) {
        return "{" + more + "," + object.substr(1);
    };
    const auto text = [&](const std::string& first, const std::string& second) {
        return holder_->sign_text(base64url_encode(first) + "." + base64url_encode(second));
    };
    ASSERT_EQ(present(text(header, body)).status, 200);
    expect_invalid_client(text(with(header, R"("alg":"none")"), body), "alg twice");
    expect_invalid_client(text(with(header, R"("\u0061lg":"none")"), body), "alg twice, escaped");
    expect_invalid_client(text(header, with(body, R"("sub":"x")")), "sub twice");
    expect_invalid_client(text(header, with(body, R"("x":"\ud800")")), "a lone surrogate");
    expect_invalid_client(text(header, with(body, "\"x\":\"\xff\"")), "no UTF-8");
    expect_invalid_client(text("\xef\xbb\xbf" + header, body), "a byte order mark");
    expect_invalid_client(text(header, body + std::string(1, '\0')), "a NUL behind it");
}

using AttackA15 = OAuthTest;
TEST_F(AttackA15, DeepAndHugeDocumentsAreRefused) {
    const auto text = [&](const std::string& body) {
        return holder_->sign_text(encoded(holder_->header()) + "." + base64url_encode(body));
    };
    std::string members;
    for (int i = 0; i < 600; ++i) {
        members += "\"m" + std::to_string(i) + "\":1,";
    }
    const auto body = to_json(claims());
    expect_invalid_client(
        text("{\"x\":" + std::string(2'000, '[') + std::string(2'000, ']') + "," + body.substr(1)),
        "deep");
    expect_invalid_client(text("{" + members + body.substr(1)), "600 members");
    expect_invalid_client(text("{\"exp\":1e400," + body.substr(1)), "1e400");
    expect_invalid_client(text("[" + body + "]"), "an array");
}

using AttackA16 = OAuthTest;
TEST_F(AttackA16, ClaimsAreExactlyAsTheyMustBe) {
    const std::int64_t now = clock.now().seconds();
    const std::string issuer = authority->settings().issuer;
    const auto id = holder_->token.uuid();
    struct Row {
        const char* name;
        json::object said;
    };
    const std::vector<Row> rows = {
        {"exp is a text", {{"exp", std::to_string(now + 100)}}},
        {"exp is a fraction", {{"exp", static_cast<double>(now) + 100.5}}},
        {"exp is negative", {{"exp", -1}}},
        {"exp is 2^63", {{"exp", std::uint64_t{1} << 63}}},
        {"exp is null", {{"exp", nullptr}}},
        {"exp is past", {{"exp", now}}},
        {"exp is far", {{"exp", now + 301}}},
        {"nbf is ahead", {{"nbf", now + 60}}},
        {"nbf is a text", {{"nbf", std::to_string(now)}}},
        {"iat is ahead", {{"iat", now + 60}}},
        {"iat is long ago", {{"iat", now - 300}}},
        {"iat is a text", {{"iat", std::to_string(now)}}},
        {"aud is a list of one", {{"aud", json::array{issuer}}}},
        {"aud is a list with more", {{"aud", json::array{issuer, "https://other.example.com"}}}},
        {"aud has a slash more", {{"aud", issuer + "/"}}},
        {"aud is a prefix", {{"aud", issuer.substr(0, issuer.size() - 1)}}},
        {"aud is longer", {{"aud", issuer + ".example.com"}}},
        {"aud in other case", {{"aud", "HTTP://127.0.0.1:8080"}}},
        {"aud is null", {{"aud", nullptr}}},
        {"aud is empty", {{"aud", ""}}},
        {"iss is a list", {{"iss", json::array{id}}}},
        {"iss is another", {{"iss", TokenId{}.uuid()}}},
        {"sub is another", {{"sub", TokenId{}.uuid()}}},
        {"sub has a slash", {{"sub", id + "/"}}},
        {"sub is a number", {{"sub", 7}}},
        {"jti is empty", {{"jti", ""}}},
        {"jti is a number", {{"jti", 7}}},
        {"jti is long", {{"jti", std::string(300, 'j')}}},
    };
    for (const auto& row : rows) {
        auto said = claims();
        for (const auto& member : row.said) {
            said[member.key()] = member.value();
        }
        expect_invalid_client(signed_claims(said), row.name);
    }
    for (const char* claim : {"iss", "sub", "aud", "exp", "jti"}) {
        auto said = claims();
        said.erase(claim);
        expect_invalid_client(signed_claims(said), std::string("without ") + claim);
    }
    expect_error(exchange({{"client_id", TokenId{}.uuid()}}), "invalid_client");
    expect_error(exchange({{"client_id", "nonsense"}}), "invalid_client");
}

using AttackA17 = OAuthTest;
TEST_F(AttackA17, OfConcurrentUsesOfOneAssertionExactlyOneSucceeds) {
    const auto body = form_of(parameters(holder_->assertion(clock.now())));
    std::atomic<int> granted{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            Client client(server_->port(0));
            for (int i = 0; i < 25; ++i) {
                const int status = post(client, body).status;
                granted += status == 200 ? 1 : 0;
                // Who shows what was used too often waits, like a forger.
                refused += status == 401 || status == 429 ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(refused, 199);
}

TEST_F(AttackA17, AMarkOutlivesARestart) {
    const auto client = authority::prove_client(*authority, holder_->assertion(clock.now()));
    ASSERT_TRUE(client) << client.error().detail;
    const auto use = [&] {
        const auto decided = authority::decide_access(*authority, *reader, *client, {});
        EXPECT_TRUE(decided) << decided.error().detail;
        return authority->store().mutate(
            [&](store::Transaction& tx) { return authority::use_assertion(tx, *decided); });
    };
    EXPECT_TRUE(use());
    EXPECT_FALSE(use());
    TearDown();
    reopen();
    EXPECT_EQ(testing::reason_of(use()), "invalid_client");
}

using AttackA18 = OAuthTest;
TEST_F(AttackA18, AClockMayBeTenSecondsAheadAndNotAMinute) {
    struct Row {
        int ahead;
        bool is_fine;
    };
    for (const auto& row : {Row{0, true},
                            {5, true},
                            {10, true},
                            {-5, true},
                            {-70, true},
                            {60, false},
                            {70, false},
                            {3600, false},
                            {-3600, false}}) {
        const auto text = holder_->assertion(clock.now() + std::chrono::seconds(row.ahead));
        EXPECT_EQ(present(text).status, row.is_fine ? 200 : 401) << row.ahead;
    }
    const auto text = holder_->assertion(clock.now());
    clock.jump_to(clock.now() + std::chrono::hours(2));
    expect_invalid_client(text, "the server's clock jumped ahead");
}

using AttackA19 = OAuthTest;
TEST_F(AttackA19, AnAssertionForAnotherAudienceIsRefused) {
    const std::string issuer = authority->settings().issuer;
    for (const json::value& aud : std::initializer_list<json::value>{
             json::value(issuer + "/oauth2/token"), json::array{issuer + "/oauth2/token"},
             json::array{issuer}, "https://as.example.com",
             json::array{"https://as.example.com", issuer}}) {
        auto said = claims();
        said["aud"] = aud;
        expect_invalid_client(signed_claims(said), to_json(aud));
    }
}

}  // namespace
}  // namespace latchkey::api
