// The token endpoint, over HTTP: what it grants, and what it refuses.
#include <atomic>
#include <thread>

#include "api/oauth_testing.h"
#include "api/usage_flush.h"
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

TEST_F(OAuthTest, AnExchangeIsAUseOfTheKeyTokenAndAReplayIsNone) {
    const auto assertion = signed_claims(claims());
    EXPECT_EQ(present(assertion).status, 200);
    EXPECT_EQ(present(assertion).status, 401);
    ASSERT_TRUE(flush_usage(*services_));
    const auto usage = authority->store().query<std::optional<store::UsageRecord>>(
        [&](store::Connection& db) { return store::find_usage(db, holder_->token); });
    ASSERT_TRUE(usage && usage->has_value());
    EXPECT_EQ((*usage)->uses, 1);
    EXPECT_EQ((*usage)->last_used_at, clock.now());
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
    std::atomic<bool> has_begun{false};  // before, both could come into one group and wait for ever
    narrowing.work = [&](store::Transaction& tx) -> Status {
        has_begun = true;
        has_begun.notify_one();
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
    has_begun.wait(false);
    const auto reply = exchange();
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_FALSE(reply.json().as_object().contains("scope")) << reply.body;
    EXPECT_FALSE(claims_of(reply.text("access_token")).contains("scope"));
}

TEST_F(OAuthTest, MetadataSayWhatIsOffered) {
    const auto metadata = ask("GET", "/.well-known/oauth-authorization-server").json();
    const std::string issuer = authority->settings().issuer;
    EXPECT_EQ(metadata.at("token_endpoint").as_string(), issuer + "/oauth2/token");
    EXPECT_EQ(to_json(metadata.at("grant_types_supported")),
              R"(["client_credentials","urn:ietf:params:oauth:grant-type:token-exchange",)"
              R"("urn:ietf:params:oauth:grant-type:device_code","authorization_code"])");
    EXPECT_EQ(to_json(metadata.at("token_endpoint_auth_methods_supported")),
              R"(["private_key_jwt","client_secret_basic","none"])");
    EXPECT_EQ(to_json(metadata.at("token_endpoint_auth_signing_alg_values_supported")),
              R"(["RS256","RS512","ES256","ES512","Ed25519"])");
    EXPECT_EQ(to_json(metadata.at("response_types_supported")), R"(["code"])");
    EXPECT_EQ(to_json(metadata.at("code_challenge_methods_supported")), R"(["S256"])");
    EXPECT_EQ(metadata.at("authorization_endpoint").as_string(), issuer + "/authorize");
    EXPECT_EQ(metadata.at("pushed_authorization_request_endpoint").as_string(),
              issuer + "/oauth2/par");
    EXPECT_TRUE(metadata.at("require_pushed_authorization_requests").as_bool());
    EXPECT_TRUE(metadata.at("authorization_response_iss_parameter_supported").as_bool());
}

// RFC 6749 §5.2, also where it is not the handler that refuses.
TEST_F(OAuthTest, EveryRefusalIsOneOfOAuths) {
    const auto form =
        std::pair<std::string, std::string>("Content-Type", "application/x-www-form-urlencoded");
    for (const char* path : {"/oauth2/token", "/oauth2/revoke", "/oauth2/par",
                             "/oauth2/device_authorization", "/oauth2/introspect"}) {
        const auto reply = ask("GET", path);
        expect_error(reply, "invalid_request", 405);
        EXPECT_EQ(reply.text("code"), "method_not_allowed");
        EXPECT_EQ(reply.field("Allow"), "POST");
    }
    const auto wrong = form_of(parameters("nonsense"));
    const auto without = ask("POST", "/oauth2/token", {form}, wrong);
    expect_error(without, "invalid_client", 401);
    EXPECT_EQ(without.field("WWW-Authenticate"), "");
    auto fields = testing::basic("nonsense");
    fields.push_back(form);
    const auto with = ask("POST", "/oauth2/token", fields, wrong);
    expect_error(with, "invalid_client", 401);
    EXPECT_EQ(with.field("WWW-Authenticate"), "Basic realm=\"latchkey\"");
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
