// The token endpoint, over HTTP: what it grants, and what it refuses. Attacks are named after the
// rows of the attack catalogue.
#include <atomic>
#include <thread>

#include "api/testing.h"
#include "authority/exchange_assertion.h"
#include "authority/facts_of_records.h"
#include "authority/testing_keys.h"
#include "authority/token_keys.h"
#include "token/jws.h"

namespace latchkey::api {
namespace {

using authority::testing::encoded;
using authority::testing::KeyHolder;
using testing::Fields;
using testing::Reply;
using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string form_of(const Parameters& parameters) {
    std::string body;
    for (const auto& [name, value] : parameters) {
        body += (body.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
    }
    return body;
}

using testing::Client;

class OAuthTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        project_ = authority::testing::project_of(*this, as_alice_, "shop");
        holder_.emplace(authority::testing::key_token(*this, as_alice_, {project_}));
    }
    Reply post(Client& client, const std::string& body) {
        return client.ask("POST", "/oauth2/token",
                          {{"Content-Type", "application/x-www-form-urlencoded"}}, body);
    }
    Reply post(const std::string& body) { return post(*form_client(), body); }
    static Parameters parameters(const std::string& assertion, const Parameters& more = {}) {
        Parameters all = {{"grant_type", "client_credentials"},
                          {"client_assertion_type", kAssertionType},
                          {"client_assertion", assertion}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Reply present(const std::string& assertion, const Parameters& more = {}) {
        return post(form_of(parameters(assertion, more)));
    }
    Reply exchange(const Parameters& more = {}) {
        return present(holder_->assertion(clock.now()), more);
    }
    // The only text that a wrong assertion ever gets. Time goes on, so that a long list of wrong
    // ones is not held up by the budget.
    void expect_invalid_client(const std::string& assertion, const std::string& what) {
        const auto reply = present(assertion);
        EXPECT_EQ(reply.status, 401) << what << reply.body;
        EXPECT_EQ(
            reply.body,
            R"({"error":"invalid_client","error_description":"The client assertion is not valid."})")
            << what;
        clock_step_ += 1;
        if (clock_step_ % 50 == 0) clock.advance(std::chrono::seconds(20));
    }
    void expect_error(const Reply& reply, const std::string& error) {
        EXPECT_EQ(reply.status, error == "invalid_client" ? 401 : 400) << reply.body;
        EXPECT_EQ(reply.text("error"), error) << reply.body;
        EXPECT_EQ(reply.field("Cache-Control"), "no-store");
        EXPECT_EQ(reply.field("Pragma"), "no-cache");
    }
    // What is logged of a refusal, which must name the cause and repeat nothing that was sent.
    void expect_logged(const std::string& assertion, const std::string& cause,
                       const Parameters& more = {}) {
        ::testing::internal::CaptureStderr();
        present(assertion, more);
        const auto logged = ::testing::internal::GetCapturedStderr();
        EXPECT_NE(logged.find("a client assertion was refused"), std::string::npos) << cause;
        EXPECT_NE(logged.find(cause), std::string::npos) << cause << ": " << logged;
        for (std::size_t at = 0; at + 16 <= assertion.size(); at += 16) {
            EXPECT_EQ(logged.find(assertion.substr(at, 16)), std::string::npos) << logged;
        }
    }
    json::object claims() { return holder_->claims(clock.now()); }
    std::string signed_claims(const json::object& claims) {
        return holder_->sign(holder_->header(), claims);
    }
    std::string access_token(const Parameters& more = {}) {
        const auto reply = exchange(more);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.text("access_token");
    }
    json::object claims_of(const std::string& access_token) {
        const auto parsed = parse_unverified(access_token).value();
        const auto keys = authority->keys().keys();
        const auto claims =
            verify_jws(access_token, *keys->find(parsed.kid), TypPolicy::exactly("at+jwt"));
        EXPECT_TRUE(claims);
        return claims ? *claims : json::object{};
    }
    std::string check(const std::string& path, const std::string& secret) {
        return ask("GET", path, testing::bearer(secret)).field("Latchkey-Verdict");
    }
    Client* form_client() {
        if (!form_client_) form_client_ = std::make_unique<Client>(server_->port(0));
        return form_client_.get();
    }
    void TearDown() override {
        form_client_.reset();
        ApiTest::TearDown();
    }

    std::string project_;
    std::optional<KeyHolder> holder_;
    std::unique_ptr<Client> form_client_;
    int clock_step_{0};
};

TEST_F(OAuthTest, AnAssertionBecomesAnAccessTokenForItsOnlyProject) {
    const auto reply = exchange();
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.text("token_type"), "Bearer");
    EXPECT_EQ(reply.json().at("expires_in").as_int64(), 3600);
    EXPECT_EQ(reply.text("scope"), "*");
    EXPECT_EQ(reply.field("Cache-Control"), "no-store");
    EXPECT_EQ(reply.field("Pragma"), "no-cache");
    const auto claims = claims_of(reply.text("access_token"));
    EXPECT_EQ(claims.at("iss").as_string(), authority->settings().issuer);
    EXPECT_EQ(claims.at("sub").as_string(), holder_->token.uuid());
    EXPECT_EQ(claims.at("client_id").as_string(), holder_->token.uuid());
    EXPECT_EQ(claims.at("aud").as_array().at(0).as_string(), "https://billing.example.com");
    EXPECT_EQ(claims.at("project_id").as_string(), project_);
    EXPECT_EQ(claims.at("client_key").as_string(), holder_->key.public_key().thumbprint());
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 3600);
    EXPECT_FALSE(claims.contains("requested_scope"));
}

TEST_F(OAuthTest, EveryAlgorithmThatIsOfferedWorks) {
    for (const auto algorithm : {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        *holder_ =
            authority::testing::key_token(*this, as_alice_, {project_}, std::nullopt, algorithm);
        EXPECT_EQ(exchange().status, 200) << algorithm_name(algorithm);
    }
}

TEST_F(OAuthTest, EitherFormOfTheIdNamesTheTokenAndTheTypMayBeSaid) {
    auto said = claims();
    said["iss"] = said["sub"] = holder_->token.shortuuid();
    EXPECT_EQ(present(signed_claims(said)).status, 200);
    for (const char* typ : {"JWT", "client-authentication+jwt"}) {
        auto header = holder_->header();
        header["typ"] = typ;
        EXPECT_EQ(present(holder_->sign(header, claims())).status, 200) << typ;
    }
    auto header = holder_->header();
    header.erase("kid");  // there is one key only
    EXPECT_EQ(present(holder_->sign(header, claims())).status, 200);
    EXPECT_EQ(exchange({{"client_id", holder_->token.uuid()}, {"unknown", "ignored"}}).status, 200);
}

TEST_F(OAuthTest, TheProjectIsNamedAsOneLikesAndMustBeOneOfTheTokens) {
    const auto other = authority::testing::project_of(*this, as_alice_, "other");
    const auto foreign = authority::testing::project_of(*this, as_bob_, "foreign");
    const auto urn = [](const std::string& id) { return "urn:latchkey:project:" + id; };
    EXPECT_EQ(exchange({{"project_id", project_}}).status, 200);
    EXPECT_EQ(exchange({{"resource", urn(project_)}}).status, 200);
    EXPECT_EQ(exchange({{"resource", urn(project_)}, {"project_id", project_}}).status, 200);
    expect_error(exchange({{"resource", urn(project_)}, {"project_id", other}}), "invalid_target");
    const auto not_granted = exchange({{"project_id", other}});
    const auto not_mine = exchange({{"project_id", foreign}});
    const auto unknown = exchange({{"project_id", ProjectId{}.uuid()}});
    expect_error(unknown, "invalid_target");
    EXPECT_EQ(not_granted.body, unknown.body);
    EXPECT_EQ(not_mine.body, unknown.body);
    expect_error(exchange({{"project_id", "nonsense"}}), "invalid_target");
    expect_error(exchange({{"resource", "https://billing.example.com"}}), "invalid_target");
    *holder_ = authority::testing::key_token(*this, as_alice_, {project_, other});
    expect_error(exchange(), "invalid_target");
    EXPECT_EQ(exchange({{"project_id", other}}).status, 200);
    *holder_ = authority::testing::key_token(*this, as_alice_);
    expect_error(exchange(), "invalid_target");
}

TEST_F(OAuthTest, ATokenInNoProjectThatDeclaresScopesGetsAnAccessTokenWithoutOne) {
    *holder_ = authority::testing::key_token(*this, as_alice_, {}, {{"license:read"}});
    const auto reply = exchange();
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.text("scope"), "license:read");
    EXPECT_FALSE(claims_of(reply.text("access_token")).contains("project_id"));
    EXPECT_EQ(check("/check/scope/license:read", reply.text("access_token")), "active");
    EXPECT_EQ(check("/check/scope/license:read/project/" + project_, reply.text("access_token")),
              "insufficient_scope");
}

TEST_F(OAuthTest, WhatIsAskedForIsACeilingOnLineToo) {
    const auto reply = exchange({{"scope", "license:read log:write"}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.text("scope"), "license:read log:write");
    const auto token = reply.text("access_token");
    EXPECT_EQ(check("/check/scope/license:read", token), "active");
    EXPECT_EQ(check("/check/scope/license:write", token), "insufficient_scope");
    expect_error(exchange({{"scope", "licence:read"}}), "invalid_scope");
    expect_error(exchange({{"scope", "license:read \"quoted\""}}), "invalid_scope");
    EXPECT_EQ(exchange({{"scope", "temaplate:write"}}).text("scope"), "template:write");
    *holder_ = authority::testing::key_token(*this, as_alice_, {project_}, {{"license:read"}});
    EXPECT_EQ(exchange({{"scope", "license:read license:write"}}).text("scope"), "license:read");
    expect_error(exchange({{"scope", "license:write"}}), "invalid_scope");
}

TEST_F(OAuthTest, TheScopeClaimNeverSaysMoreThanThePolicy) {
    const auto policy = [&](const char* text) {
        ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
            store::GrantRecord grant;
            grant.project = *ProjectId::parse(project_);
            grant.principal = holder_->token.bytes;
            grant.policy_json = text;
            TRY(store::put_grant(tx.connection(), grant));
            store::EventDraft event;
            event.type = "policy.updated";
            event.actor = "system";
            event.data =
                json::object{{"facts", json::array{verify::to_json(authority::fact_of(grant))}}};
            TRY(tx.append_event(std::move(event)));
            return {};
        }));
    };
    policy(R"({"version":"2022-12-15","statement":[)"
           R"({"effect":"Allow","action":["*"],"resource":["*"]},)"
           R"({"effect":"Deny","action":["license:write"],"resource":["*"]}]})");
    EXPECT_EQ(exchange().text("scope"), "license:read template:write");
    policy(R"({"version":"2022-12-15","statement":[)"
           R"({"effect":"Allow","action":["license:*"],"resource":["shop/1"]},)"
           R"({"effect":"Allow","action":["log:*"],"resource":["*"]}]})");
    const auto token = access_token();
    EXPECT_EQ(claims_of(token).at("scope").as_string(), "log:*");
    EXPECT_EQ(check("/check/scope/license:read/resource/shop%2F1", token), "active");
    EXPECT_EQ(check("/check/scope/license:read", token), "insufficient_scope");
    EXPECT_EQ(exchange({{"scope", "license:read"}}).status, 200);  // on some resource it may
    expect_error(exchange({{"scope", "template:write"}}), "invalid_scope");
}

TEST_F(OAuthTest, AnAccessTokenLivesNoLongerThanItsToken) {
    authority::CreateToken wanted;
    wanted.name = "for ten minutes";
    wanted.kind = store::TokenKind::kKey;
    wanted.api = "billing";
    wanted.keys = {holder_->key.public_key()};
    wanted.projects = {project_};
    wanted.expires_at = clock.now() + std::chrono::minutes(10);
    const auto made = create(as_alice_, wanted).value();
    holder_->token = made.token.id;
    holder_->kid = made.secret.kid;
    const auto reply = exchange();
    EXPECT_EQ(reply.json().at("expires_in").as_int64(), 600);
    EXPECT_EQ(check("/check", reply.text("access_token")), "active");
    clock.advance(std::chrono::minutes(10));
    EXPECT_EQ(check("/check", reply.text("access_token")), "expired");
    expect_invalid_client(holder_->assertion(clock.now()), "an expired token");
}

TEST_F(OAuthTest, ATokenBoundToAddressesIsExchangedOnlyFromThere) {
    authority::CreateToken wanted;
    wanted.name = "from the office";
    wanted.kind = store::TokenKind::kKey;
    wanted.api = "billing";
    wanted.keys = {holder_->key.public_key()};
    wanted.projects = {project_};
    wanted.allowed_ips = {"192.0.2.0/24"};
    const auto made = create(as_alice_, wanted).value();
    holder_->token = made.token.id;
    holder_->kid = made.secret.kid;
    expect_invalid_client(holder_->assertion(clock.now()), "another address");
}

TEST_F(OAuthTest, RequestsThatAreNotAsRfc6749HasThemAreRefused) {
    const auto good = [&] { return form_of(parameters(holder_->assertion(clock.now()))); };
    expect_error(post(""), "invalid_request");
    expect_error(post("grant_type=password"), "unsupported_grant_type");
    expect_error(post("grant_type=client_credentials"), "invalid_request");
    expect_error(post(good() + "&grant_type=client_credentials"), "invalid_request");
    expect_error(post(good() + "&x=1&x=2"), "invalid_request");
    expect_error(post(good() + "&x=%zz"), "invalid_request");
    expect_error(post(good() + "&x=%ff"), "invalid_request");
    expect_error(post(good() + "&x=" + std::string(17'000, 'a')), "invalid_request");
    expect_error(ask("POST", "/oauth2/token", {}, good()), "invalid_request");  // sent as JSON
    expect_error(
        form_client()->ask("POST", "/oauth2/token?grant_type=client_credentials",
                           {{"Content-Type", "application/x-www-form-urlencoded"}}, good()),
        "invalid_request");
    EXPECT_EQ(ask("GET", "/oauth2/token").status, 405);
    EXPECT_EQ(post(good()).status, 200);
}

TEST_F(OAuthTest, WhoCannotSignIsHeldUpAndWhoCanIsNotCounted) {
    for (int i = 0; i < 150; ++i) {
        ASSERT_EQ(exchange().status, 200);
    }
    auto wrong = *holder_;
    wrong.key = PrivateKey::generate(Algorithm::kEs256);
    Reply reply;
    for (int i = 0; i < 101; ++i) {
        reply = present(wrong.assertion(clock.now()));
    }
    EXPECT_EQ(reply.status, 429);
    EXPECT_EQ(reply.field("Retry-After"), "1");
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(exchange().status, 200);
}

TEST_F(OAuthTest, WhoForgesOnesAssertionsHoldsUpNobodyElseAtThatAddress) {
    const auto other = authority::testing::key_token(*this, as_alice_, {project_});
    auto wrong = *holder_;
    wrong.key = PrivateKey::generate(Algorithm::kEs256);
    for (int i = 0; i < 120; ++i) {
        auto said = wrong.claims(clock.now());
        auto id = i % 2 == 0 ? wrong.token.uuid() : wrong.token.shortuuid();  // one budget for both
        said["iss"] = said["sub"] = id;
        present(wrong.sign(wrong.header(), said));
        present("no.asser.tion");
    }
    EXPECT_EQ(exchange().status, 429);
    EXPECT_EQ(present("no.asser.tion").status, 429);
    EXPECT_EQ(present(other.assertion(clock.now())).status, 200);
}

TEST_F(OAuthTest, WhatWasUsedOrHasExpiredCostsAsMuchAsWhatIsForged) {
    const auto used = holder_->assertion(clock.now());
    ASSERT_EQ(present(used).status, 200);
    Reply reply;
    for (int i = 0; i < 101; ++i) {
        reply = present(used);
    }
    EXPECT_EQ(reply.status, 429);
    clock.advance(std::chrono::minutes(10));
    for (int i = 0; i < 101; ++i) {
        reply = present(used);
    }
    EXPECT_EQ(reply.status, 429);
}

TEST_F(OAuthTest, TheLogNamesTheCauseAndRepeatsNothing) {
    const std::int64_t now = clock.now().seconds();
    const auto with = [&](const char* claim, const json::value& value) {
        auto said = claims();
        said[claim] = value;
        return signed_claims(said);
    };
    expect_logged(with("aud", "https://other.example.com"), "aud is not our issuer");
    expect_logged(with("aud", json::array{authority->settings().issuer}), "aud is missing or no");
    expect_logged(with("exp", now - 1), "exp: it has expired");
    expect_logged(with("exp", now + 3600), "exp: too far away");
    expect_logged(with("iat", now + 60), "iat: it is in the future");
    expect_logged(with("iss", json::value(TokenId{}.uuid())), "iss is not sub");
    expect_logged(with("jti", json::value(std::string(300, 'j'))), "jti is too long");
    expect_logged(with("sub", "nobody"), "its sub is no token's id");
    expect_logged(holder_->assertion(clock.now()), "client_id is not its sub",
                  {{"client_id", TokenId{}.uuid()}});
    auto header = holder_->header();
    header["kid"] = "a kid that nobody knows";
    expect_logged(holder_->sign(header, claims()), "has its kid");
    header = holder_->header();
    header["typ"] = "at+jwt";
    expect_logged(holder_->sign(header, claims()), "its typ is another kind's");
    auto wrong = *holder_;
    wrong.key = PrivateKey::generate(Algorithm::kEs256);
    expect_logged(wrong.assertion(clock.now()), "the signature is not by the key");
    expect_logged("no.asser.tion", "its form: ");
    const auto used = holder_->assertion(clock.now());
    ASSERT_EQ(present(used).status, 200);
    expect_logged(used, "it was used before");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kSuspend));
    expect_logged(holder_->assertion(clock.now()), "suspended (token " + holder_->token.uuid());
}

// The writer is held until the exchange has been decided, and then narrows it first.
TEST_F(OAuthTest, WhatIsNarrowedMeanwhileIsNotClaimedAnyMore) {
    store::Mutation narrowing;
    narrowing.work = [&](store::Transaction& tx) -> Status {
        while (authority->store().waiting() == 0) {
            std::this_thread::yield();
        }
        authority::EditUser demoted;
        demoted.roles = {{"verifier"}};
        TRY(authority::edit_user(tx, as_admin_, *authority->directory().view(), alice_.id.uuid(),
                                 demoted));
        return {};
    };
    narrowing.done = [](Status) {};
    authority->store().submit(std::move(narrowing));
    const auto reply = exchange();
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_FALSE(reply.json().as_object().contains("scope")) << reply.body;
    EXPECT_FALSE(claims_of(reply.text("access_token")).contains("scope"));
}

TEST_F(OAuthTest, MetadataSayWhatIsOffered) {
    const auto metadata = ask("GET", "/.well-known/oauth-authorization-server").json();
    const std::string issuer = authority->settings().issuer;
    EXPECT_EQ(metadata.at("token_endpoint").as_string(), issuer + "/oauth2/token");
    EXPECT_EQ(to_json(metadata.at("grant_types_supported")), R"(["client_credentials"])");
    EXPECT_EQ(to_json(metadata.at("token_endpoint_auth_methods_supported")),
              R"(["private_key_jwt"])");
    EXPECT_EQ(to_json(metadata.at("token_endpoint_auth_signing_alg_values_supported")),
              R"(["RS256","RS512","ES256","ES512","Ed25519"])");
    EXPECT_EQ(to_json(metadata.at("response_types_supported")), "[]");
}

// --- the attack catalogue -----------------------------------------------------------------------

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

// Every cause answers alike, whether the token exists or not.
TEST_F(OAuthTest, AStrangerLearnsNothing) {
    auto unknown = *holder_;
    unknown.token = TokenId::parse("01890000-0000-7000-8000-000000000001").value();
    expect_invalid_client(unknown.assertion(clock.now()), "an unknown token");
    const auto opaque = token(as_alice_, "billing", {}, store::TokenKind::kOpaque);
    unknown.token = opaque.token.id;
    expect_invalid_client(unknown.assertion(clock.now()), "a token without keys");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kSuspend));
    expect_invalid_client(holder_->assertion(clock.now()), "a suspended token");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kDelete));
    expect_invalid_client(holder_->assertion(clock.now()), "a deleted token");
}

}  // namespace
}  // namespace latchkey::api
