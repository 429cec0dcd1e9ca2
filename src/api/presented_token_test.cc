// Access tokens where they are shown: judged by the facts of now, however lately they were signed
// or checked.
#include "api/presented_token.h"

#include "api/testing.h"
#include "authority/exchange_assertion.h"
#include "authority/facts_of_records.h"
#include "authority/project_tokens.h"
#include "authority/testing_keys.h"
#include "authority/token_keys.h"
#include "store/verification_scope.h"
#include "token/jws.h"

namespace latchkey::api {
namespace {

using authority::testing::KeyHolder;

class PresentedTokenTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        project_ = authority::testing::project_of(*this, as_alice_, "shop");
        holder_.emplace(authority::testing::key_token(*this, as_alice_, {project_}));
        access_ = exchange(*holder_);
    }
    std::string exchange(const KeyHolder& holder) {
        const auto client = authority::prove_client(*authority, holder.assertion(clock.now()));
        EXPECT_TRUE(client) << client.error().detail;
        const auto decided = authority::decide_access(*authority, *reader, *client, {});
        EXPECT_TRUE(decided) << decided.error().message << decided.error().detail;
        return authority::sign_access(*authority, *decided).value();
    }
    testing::Reply check(const std::string& path) { return check(path, access_); }
    testing::Reply check(const std::string& path, const std::string& secret) {
        return ask("GET", path, testing::bearer(secret));
    }
    std::string verdict() { return check("/check").field("Latchkey-Verdict"); }
    // Whoever is asked says that it is dead, whatever project he is asked about.
    void expect_dead() {
        const auto other = authority::testing::project_of(*this, as_alice_, "another");
        for (const std::string& path :
             {std::string("/check"), std::string("/check/scope/license:read"),
              "/check/project/" + project_, "/check/project/" + other}) {
            const auto reply = check(path);
            EXPECT_EQ(reply.status, 401) << path;
            EXPECT_EQ(reply.field("Latchkey-Verdict"), "revoked") << path;
        }
        const auto verifier =
            testing::bearer(verifier_token(machine("gateway", "billing")).text.expose());
        for (const std::string& more :
             {std::string(), std::string(R"(,"scopes":["license:read"])"),
              R"(,"project":")" + project_ + "\"", R"(,"project":")" + other + "\""}) {
            const auto told = ask("POST", "/v1/tokens/verify", verifier,
                                  R"({"token":")" + access_ + "\"" + more + "}");
            EXPECT_FALSE(told.json().at("valid").as_bool()) << told.body;
            EXPECT_EQ(told.text("verdict"), "revoked") << told.body;
        }
        auto form = verifier;
        form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        EXPECT_EQ(connect().ask("POST", "/oauth2/introspect", form, "token=" + access_).body,
                  R"({"active":false})");
        EXPECT_EQ(ask("GET", "/v1/tokens/self", testing::bearer(access_)).status, 401);
    }
    template <typename Use>
    void write_to_log(const char* type, const Use& use) {
        ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
            store::EventDraft event;
            event.type = type;
            event.actor = "system";
            const auto fact = TRY(use(tx));
            event.data = json::object{{"facts", json::array{verify::to_json(fact)}}};
            TRY(tx.append_event(std::move(event)));
            return {};
        }));
    }
    // An access token as ours, but signed by this key and with this header.
    std::string forged(const SigningKey& key, std::string_view typ, std::string_view kid) {
        return sign_jws(key, typ, kid, parse_unverified(access_).value().claims);
    }

    std::string project_;
    std::optional<KeyHolder> holder_;
    std::string access_;
};

TEST_F(PresentedTokenTest, AGatewayIsToldTheTokenTheProjectAndTheKind) {
    for (int i = 0; i < 2; ++i) {  // checked, then remembered
        const auto reply = check("/check/scope/license:read");
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.field("Latchkey-Token-Id"), holder_->token.uuid());
        EXPECT_EQ(reply.field("Latchkey-Owner"), alice_.id.uuid());
        EXPECT_EQ(reply.field("Latchkey-Project"), project_);
        EXPECT_EQ(reply.field("Latchkey-Kind"), "key");
        EXPECT_EQ(reply.field("Latchkey-Scopes"), "*");
    }
    EXPECT_EQ(check("/check/scope/license:read/project/" + project_).status, 200);
    const auto other = authority::testing::project_of(*this, as_alice_, "other");
    const auto refused = check("/check/scope/license:read/project/" + other);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.field("Latchkey-Verdict"), "insufficient_scope");
    EXPECT_EQ(check("/check/api/latchkey").field("Latchkey-Verdict"), "wrong_audience");
}

TEST_F(PresentedTokenTest, NoCheckAsksTheStore) {
    const auto before = store::VerificationScope::query_count();
    check("/check/scope/license:read");
    check("/check/scope/license:read");
    EXPECT_EQ(store::VerificationScope::query_count(), before);
}

TEST_F(PresentedTokenTest, ItDiesWithItsTokenAtOnce) {
    ASSERT_EQ(verdict(), "active");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kSuspend));
    EXPECT_EQ(verdict(), "suspended");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kResume));
    EXPECT_EQ(verdict(), "active");
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), authority::TokenChange::kRevoke));
    EXPECT_EQ(verdict(), "revoked");
}

TEST_F(PresentedTokenTest, ItDiesWithItsKeyAtOnceAndAnotherKeysLiveOn) {
    ASSERT_EQ(verdict(), "active");
    auto second = *holder_;
    second.key = PrivateKey::generate(Algorithm::kEs256);
    second.kid = second.key.public_key().thumbprint();
    using authority::TokenDetails;
    ASSERT_TRUE(write<TokenDetails>([&](store::Transaction& tx) {
        return authority::add_keys(tx, as_alice_, holder_->token.uuid(), {second.key.public_key()});
    }));
    const auto other = exchange(second);
    ASSERT_TRUE(write<TokenDetails>([&](store::Transaction& tx) {
        return authority::remove_key(tx, as_alice_, holder_->token.uuid(), holder_->kid);
    }));
    EXPECT_EQ(verdict(), "revoked");
    EXPECT_EQ(check("/check", other).field("Latchkey-Verdict"), "active");
}

TEST_F(PresentedTokenTest, ItDiesWithItsGrantAtOnce) {
    ASSERT_EQ(verdict(), "active");
    write_to_log("grant.removed", [&](store::Transaction& tx) -> Result<verify::Fact> {
        store::GrantRecord grant;
        grant.project = *ProjectId::parse(project_);
        grant.principal = holder_->token.bytes;
        TRY(store::delete_grant(tx.connection(), grant.project, grant.kind, grant.principal));
        auto fact = authority::fact_of(grant);
        fact.is_removed = true;
        return verify::Fact(fact);
    });
    expect_dead();
}

// A place that gives nothing, or not this, is about rights: it may be given them again.
TEST_F(PresentedTokenTest, WhatAPolicyDeniesItLacksAndItLives) {
    ASSERT_EQ(verdict(), "active");
    write_to_log("policy.changed", [&](store::Transaction& tx) -> Result<verify::Fact> {
        store::GrantRecord grant;
        grant.project = *ProjectId::parse(project_);
        grant.principal = holder_->token.bytes;
        grant.policy_json =
            R"({"version":"2022-12-15","statement":[{"effect":"Deny","action":["*"],"resource":["*"]}]})";
        grant.created_at = grant.updated_at = clock.now();
        TRY(store::put_grant(tx.connection(), grant));
        return verify::Fact(authority::fact_of(grant));
    });
    const auto reply = check("/check/scope/license:read");
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.field("Latchkey-Verdict"), "insufficient_scope");
    EXPECT_EQ(to_json(reply.json().at("missingScopes")), R"(["license:read"])");
}

TEST_F(PresentedTokenTest, AnyOtherTokenLacksWhatItIsAskedForWhereItHasNoPlace) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto secret = made.text.expose();
    const auto reply = check("/check/scope/license:read/project/" + project_, std::string(secret));
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(to_json(reply.json().at("missingScopes")), R"(["license:read"])");
    const auto verifier =
        testing::bearer(verifier_token(machine("gateway", "billing")).text.expose());
    const auto told =
        ask("POST", "/v1/tokens/verify", verifier,
            R"({"token":")" + std::string(secret) + R"(","scopes":["license:read"],)" +
                R"("project":")" + project_ + "\"}");
    EXPECT_EQ(told.text("verdict"), "insufficient_scope");
    EXPECT_EQ(to_json(told.json().at("missingScopes")), R"(["license:read"])");
}

TEST_F(PresentedTokenTest, ItDiesWithItsProjectAtOnce) {
    ASSERT_EQ(verdict(), "active");
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
        return authority::delete_project(tx, as_alice_, project_);
    }));
    expect_dead();
}

TEST_F(PresentedTokenTest, ItDiesWithItsOwnerAtOnce) {
    ASSERT_EQ(verdict(), "active");
    authority::EditUser disable;
    disable.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, alice_.id, disable));
    EXPECT_EQ(verdict(), "owner_disabled");
}

TEST_F(PresentedTokenTest, ItExpiresAfterAnHour) {
    ASSERT_EQ(verdict(), "active");
    clock.advance(std::chrono::minutes(60));
    EXPECT_EQ(verdict(), "expired");
    EXPECT_EQ(connect().ask("GET", "/check", testing::bearer(access_)).field("Latchkey-Verdict"),
              "expired");
}

TEST_F(PresentedTokenTest, AnOrderlyRotationLeavesItAndAnEmergencyKillsItAtOnce) {
    const auto rotate = [&](authority::Rotation how) {
        ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
            return authority::rotate_keys(authority->keys(), tx, "system", how);
        }));
    };
    ASSERT_EQ(verdict(), "active");
    rotate(authority::Rotation::kOrderly);
    EXPECT_EQ(verdict(), "active");
    access_ = exchange(*holder_);
    ASSERT_EQ(verdict(), "active");
    rotate(authority::Rotation::kEmergency);
    EXPECT_EQ(verdict(), "key_compromised");
    access_ = exchange(*holder_);
    EXPECT_EQ(verdict(), "active");
}

TEST_F(PresentedTokenTest, ForgedOnesAreUnknownWhateverTheySay) {
    const auto stranger = SigningKey::generate();
    const auto keys = authority->keys().keys();
    const std::string ours = keys->active->kid();
    EXPECT_EQ(check("/check", forged(stranger, "at+jwt", stranger.kid())).status, 401);
    EXPECT_EQ(check("/check", forged(stranger, "at+jwt", ours)).field("Latchkey-Verdict"),
              "unknown");
    EXPECT_EQ(check("/check", forged(*keys->active, "JWT", ours)).field("Latchkey-Verdict"),
              "unknown");
    EXPECT_EQ(check("/check", forged(*keys->active, "at+jwt", "")).field("Latchkey-Verdict"),
              "unknown");
    struct Row {
        const char* claim;
        json::value value;
    };
    for (const auto& row :
         std::initializer_list<Row>{{"iss", "https://other.example.com"},
                                    {"aud", json::array{"https://other.example.com"}},
                                    {"aud", json::array{"latchkey"}},
                                    {"client_id", json::value(TokenId{}.uuid())},
                                    {"client_key", json::value(stranger.kid())},
                                    {"exp", "soon"}}) {
        auto claims = parse_unverified(access_).value().claims;
        claims[row.claim] = row.value;
        const auto text = sign_jws(*keys->active, "at+jwt", ours, claims);
        EXPECT_EQ(check("/check", text).field("Latchkey-Verdict"), "unknown") << row.claim;
    }
    EXPECT_EQ(verdict(), "active");
}

TEST_F(PresentedTokenTest, WhoShowsManyForgedOnesIsNoLongerAnsweredAndNobodyIsLetIn) {
    const auto stranger = SigningKey::generate();
    const std::string ours = authority->keys().keys()->active->kid();
    ASSERT_EQ(verdict(), "active");
    const auto wrong = forged(stranger, "at+jwt", ours);
    testing::Reply reply;
    for (int i = 0; i < 201; ++i) {
        reply = check("/check", wrong);
    }
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.field("Latchkey-Verdict"), "not_current");
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(check("/check", wrong).field("Latchkey-Verdict"), "unknown");
    EXPECT_EQ(verdict(), "active");
}

TEST_F(PresentedTokenTest, WhoForgesOneTokensHoldsUpNoOthersBehindTheSameGateway) {
    const auto wrong =
        forged(SigningKey::generate(), "at+jwt", authority->keys().keys()->active->kid());
    const auto other = exchange(authority::testing::key_token(*this, as_alice_, {project_}));
    for (int i = 0; i < 201; ++i) {
        check("/check", wrong);
    }
    EXPECT_EQ(check("/check", wrong).status, 503);
    EXPECT_EQ(check("/check", other).field("Latchkey-Verdict"), "active");
}

// Who asks as a verifier has shown who he is; what he is shown are other people's.
TEST_F(PresentedTokenTest, ForgedOnesThatAVerifierIsShownUseNoBudgetUp) {
    const auto fields =
        testing::bearer(verifier_token(machine("gateway", "billing")).text.expose());
    const auto asked = [&](const std::string& secret) {
        return ask("POST", "/v1/tokens/verify", fields, R"({"token":")" + secret + R"("})");
    };
    const auto wrong =
        forged(SigningKey::generate(), "at+jwt", authority->keys().keys()->active->kid());
    for (int i = 0; i < 250; ++i) {
        ASSERT_EQ(asked(wrong).text("verdict"), "unknown") << i;
    }
    EXPECT_EQ(asked(access_).text("verdict"), "active");
    EXPECT_EQ(check("/check", wrong).field("Latchkey-Verdict"), "unknown");
}

TEST_F(PresentedTokenTest, AtOurOwnApiItSaysWhoItIsAndManagesNothing) {
    auto key = PrivateKey::generate(Algorithm::kEs256);
    authority::CreateToken wanted;
    wanted.name = "management by key";
    wanted.kind = store::TokenKind::kKey;
    wanted.api = "latchkey";
    wanted.scopes = {{"*"}};
    wanted.keys = {key.public_key()};
    const auto made = create(as_admin_, wanted).value();
    const KeyHolder admin{key, made.token.id, made.secret.kid, authority->settings().issuer};
    const auto fields = testing::bearer(exchange(admin));
    const auto self = ask("GET", "/v1/tokens/self", fields);
    EXPECT_EQ(self.status, 200) << self.body;
    EXPECT_EQ(self.text("id"), made.token.id.uuid());
    EXPECT_EQ(ask("GET", "/v1/tokens", fields).status, 403);
    EXPECT_EQ(ask("POST", "/v1/tokens", fields, R"({"name":"x"})").status, 403);
    EXPECT_EQ(ask("GET", "/v1/users", fields).status, 403);
    EXPECT_EQ(ask("GET", "/v1/sessions", fields).status, 403);
    const auto billing = testing::bearer(access_);
    const auto in_shop = ask("GET", "/v1/tokens/self", billing);
    EXPECT_EQ(in_shop.status, 200);
    EXPECT_EQ(to_json(in_shop.json().at("effectiveScopes")), R"(["*"])");
    EXPECT_EQ(ask("GET", "/v1/tokens", billing).status, 401);
}

TEST_F(PresentedTokenTest, AVerifierIsToldAboutItLikeAnyOther) {
    const auto fields =
        testing::bearer(verifier_token(machine("gateway", "billing")).text.expose());
    const auto asked = [&](const std::string& more) {
        return ask("POST", "/v1/tokens/verify", fields,
                   R"({"token":")" + access_ + R"(","api":"billing")" + more + "}")
            .json();
    };
    const auto valid = asked(R"(,"scopes":["license:read"])");
    EXPECT_TRUE(valid.at("valid").as_bool());
    EXPECT_EQ(valid.at("kind").as_string(), "key");
    EXPECT_EQ(valid.at("tokenId").as_string(), holder_->token.uuid());
    EXPECT_EQ(to_json(valid.at("projects")), "[\"" + project_ + "\"]");
    EXPECT_EQ(valid.at("expiresAt").as_string(),
              format_rfc3339(clock.now() + std::chrono::hours(1)));
    const auto other = authority::testing::project_of(*this, as_alice_, "other");
    EXPECT_EQ(asked(R"(,"project":")" + other + "\"").at("verdict").as_string(),
              "insufficient_scope");
}

TEST_F(PresentedTokenTest, AProjectTokenIsFoundByItsDigest) {
    using authority::CreatedProjectToken;
    const auto made =
        write<CreatedProjectToken>([&](store::Transaction& tx) {
            return authority::create_project_token(tx, as_alice_, *authority->directory().view(),
                                                   project_, {"aggregator", {"read:*"}});
        }).value();
    const std::string secret(made.text.expose());
    EXPECT_EQ(std::count(secret.begin(), secret.end(), '.'), 1);
    const std::string path = "/check/api/pipelines/scope/read:pipeline";
    EXPECT_EQ(check(path, secret).field("Latchkey-Verdict"), "active");
    EXPECT_EQ(check(path + "/project/" + project_, secret).field("Latchkey-Verdict"), "active");
    EXPECT_EQ(check(path + "/project/" + project_, secret).field("Latchkey-Project"), project_);
    EXPECT_EQ(check("/check/api/pipelines/scope/create:pipeline", secret).status, 403);
    std::string wrong = secret;
    wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(check(path, wrong).field("Latchkey-Verdict"), "unknown");
}

}  // namespace
}  // namespace latchkey::api
