#include "authority/create_token.h"

#include <fstream>
#include <random>

#include "authority/addresses.h"
#include "authority/testing.h"
#include "token/jws.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

using std::chrono::hours;
using testing::reason_of;

class CreateTokenTest : public testing::AuthorityTest {
protected:
    Result<PreparedToken> try_scopes(const Actor& actor, const std::string& api,
                                     std::vector<std::string> scopes) {
        CreateToken wanted;
        wanted.api = api;
        wanted.scopes = std::move(scopes);
        return create(actor, std::move(wanted));
    }
    // A token of Alice's that may create tokens.
    Actor minting(std::vector<std::string> more = {}) {
        more.emplace_back("token:write");
        return token_actor(token(as_alice_, "latchkey", std::move(more)));
    }
};

TEST_F(CreateTokenTest, WithoutScopesItGetsTheDefaultsOfTheApi) {
    const auto made = create(as_alice_, {});  // billing: the first API created is the default
    ASSERT_TRUE(made);
    EXPECT_EQ(made->api_slug, "billing");
    EXPECT_EQ(made->audience, "https://billing.example.com");
    EXPECT_EQ(made->token.scopes, std::vector<std::string>{"license:read"});
    EXPECT_EQ(made->token.owner, alice_.id);
    EXPECT_EQ(verdict(*made), "active");
}

TEST_F(CreateTokenTest, TheApiIsNamedBySlugAudienceOrId) {
    const auto* api = authority->directory().view()->find("billing");
    ASSERT_NE(api, nullptr);
    for (const auto& name : {std::string("billing"), std::string("https://billing.example.com"),
                             api->api.id.uuid(), api->api.id.shortuuid()}) {
        EXPECT_EQ(try_scopes(as_alice_, name, {}).value().api_slug, "billing") << name;
    }
    EXPECT_EQ(reason_of(try_scopes(as_alice_, "nowhere", {})), "unknown_api");
}

TEST_F(CreateTokenTest, ScopesAreResolvedSortedAndSaidOnce) {
    const auto made = try_scopes(as_alice_, "billing",
                                 {"temaplate:write", "license:read", "license:read", "log:write"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->token.scopes,
              (std::vector<std::string>{"license:read", "log:write", "template:write"}));
}

TEST_F(CreateTokenTest, AnUnknownScopeIsRefusedWithASuggestion) {
    const auto made = try_scopes(as_alice_, "billing", {"license:read", "license:raed"});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, "unknown_scope");
    EXPECT_EQ(made.error().field, "/scopes/1");
    EXPECT_EQ(made.error().hint, "did you mean license:read?");
}

TEST_F(CreateTokenTest, PatternsOnlyWhereTheCatalogueHasThem) {
    EXPECT_TRUE(try_scopes(as_alice_, "billing", {"log:*"}));
    for (const char* scope : {"license:*", "*:read", "log:*:*", "log:a:b", "License:read", "",
                              "license:read ", "license", "log:"}) {
        EXPECT_FALSE(try_scopes(as_alice_, "billing", {scope})) << scope;
    }
}

TEST_F(CreateTokenTest, AStarIsAllThatTheOwnerMayDo) {
    const auto made = try_scopes(as_alice_, "latchkey", {"*"});
    ASSERT_TRUE(made);
    const auto actor = token_actor(*made);
    EXPECT_TRUE(actor.may("token:write"));
    EXPECT_FALSE(actor.may("user:read"));
    EXPECT_FALSE(actor.may("*"));
}

TEST_F(CreateTokenTest, ASessionThatWasLeftOpenMakesNothingInAnothersName) {
    auto left_open = as_admin_;
    left_open.is_proven = false;
    CreateToken wanted;
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    EXPECT_TRUE(create(left_open, wanted));
    wanted.owner = alice_.id;
    EXPECT_EQ(reason_of(create(left_open, wanted)), "step_up_needed");
    EXPECT_TRUE(create(as_admin_, wanted));
}

TEST_F(CreateTokenTest, NobodyMintsWhatTheOwnerMayNotDo) {
    const auto made = try_scopes(as_alice_, "latchkey", {"token:read", "user:write"});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(made.error().scopes, std::vector<std::string>{"user:write"});
    EXPECT_TRUE(try_scopes(as_admin_, "latchkey", {"user:write"}));
}

TEST_F(CreateTokenTest, ATokenHandsOnOnlyWhatItHas) {
    const Actor actor = minting({"token:read"});
    EXPECT_TRUE(try_scopes(actor, "latchkey", {"token:read"}));
    EXPECT_TRUE(try_scopes(actor, "latchkey", {"token:read", "token:write"}));
    EXPECT_EQ(reason_of(try_scopes(actor, "latchkey", {"account:read"})), "insufficient_scope");
    EXPECT_EQ(reason_of(try_scopes(actor, "latchkey", {"*"})), "insufficient_scope");
    EXPECT_EQ(reason_of(try_scopes(actor, "billing", {"license:read"})), "insufficient_scope");
}

// A credential without scopes still says who its holder is, at a gateway that asks for no scope.
TEST_F(CreateTokenTest, ATokenMintsNothingForAnotherApiNotEvenWithoutScopes) {
    EXPECT_EQ(reason_of(try_scopes(minting(), "billing", {})), "insufficient_scope");
}

TEST_F(CreateTokenTest, ATokenWithoutTokenWriteMintsNothing) {
    const Actor actor = token_actor(token(as_alice_, "latchkey", {"token:read"}));
    EXPECT_EQ(reason_of(try_scopes(actor, "latchkey", {"token:read"})), "insufficient_scope");
    const Actor foreign = token_actor(token(as_alice_, "billing", {"*"}));
    EXPECT_EQ(reason_of(try_scopes(foreign, "billing", {})), "insufficient_scope");
}

TEST_F(CreateTokenTest, ATokenHandsOnItsEndAndItsAddresses) {
    CreateToken parent;
    parent.api = "latchkey";
    parent.scopes = {{"token:write"}};
    parent.expires_at = clock.now() + hours(2);
    parent.allowed_ips = {"192.0.2.0/24", "2001:db8::/32"};
    const Actor actor = token_actor(create(as_alice_, parent).value());

    CreateToken child = parent;
    EXPECT_TRUE(create(actor, child));
    child.expires_at = clock.now() + hours(2) + std::chrono::milliseconds(1);
    EXPECT_EQ(reason_of(create(actor, child)), "expiry_beyond_parent");
    child.expires_at.reset();
    EXPECT_EQ(reason_of(create(actor, child)), "expiry_beyond_parent");

    child = parent;
    child.allowed_ips = {"192.0.2.128/25", "2001:db8:1::/48", "192.0.2.7"};
    EXPECT_TRUE(create(actor, child));
    for (const char* wider : {"192.0.0.0/16", "0.0.0.0/0", "::/0", "192.0.3.1", "2001:db8::/31"}) {
        child.allowed_ips = {"192.0.2.7", wider};
        EXPECT_EQ(reason_of(create(actor, child)), "address_beyond_parent") << wider;
    }
    child.allowed_ips.clear();  // not «from everywhere» but «from where its parent may»
    EXPECT_EQ(create(actor, child).value().token.allowed_ips, parent.allowed_ips);
}

TEST_F(CreateTokenTest, AnExpirationLiesAheadAndBeforeTheYear10000) {
    const auto with = [&](std::optional<Timestamp> end) {
        CreateToken wanted;
        wanted.expires_at = end;
        return reason_of(create(as_alice_, wanted));
    };
    EXPECT_EQ(with(std::nullopt), "");
    EXPECT_EQ(with(clock.now() + std::chrono::milliseconds(1)), "");
    EXPECT_EQ(with(clock.now()), "expiry_in_past");
    EXPECT_EQ(with(clock.now() + Microseconds(999)), "expiry_in_past");  // cut to milliseconds
    EXPECT_EQ(with(clock.now() - hours(1)), "expiry_in_past");
    EXPECT_EQ(with(Timestamp{}), "expiry_in_past");
    EXPECT_EQ(with(kEndOfTime), "");
    EXPECT_EQ(with(kEndOfTime + std::chrono::seconds(1)), "expiry_too_far");
}

TEST_F(CreateTokenTest, NamesAndDescriptionsArePrintable) {
    for (const std::string name : {"", " x", "x ", "a\nb", "a\x1b[2J", "a\u202eb", "\xff"}) {
        CreateToken wanted;
        wanted.name = name;
        EXPECT_FALSE(prepare_token(*authority, *reader, as_alice_, wanted)) << name;
    }
    CreateToken wanted;
    wanted.name = "日本語 <b>&amp; 'quoted' \"x\"";
    EXPECT_TRUE(create(as_alice_, wanted));
    wanted.description = std::string(501, 'x');
    EXPECT_EQ(reason_of(create(as_alice_, wanted)), "bad_description");
    wanted.description = "two\nlines";
    EXPECT_EQ(reason_of(create(as_alice_, wanted)), "bad_description");
}

TEST_F(CreateTokenTest, AnotherOwnerNeedsUserWrite) {
    const auto verifier = machine("gateway", "billing");
    CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {{"token:verify"}};
    wanted.owner = verifier.id;
    EXPECT_EQ(reason_of(create(as_alice_, wanted)), "insufficient_scope");
    EXPECT_EQ(create(as_admin_, wanted).value().token.owner, verifier.id);
    wanted.scopes = {{"user:write"}};  // the owner's roles bind, not the administrator's
    EXPECT_EQ(reason_of(create(as_admin_, wanted)), "insufficient_scope");
    wanted.owner = UserId{};
    EXPECT_EQ(reason_of(create(as_admin_, wanted)), "unknown_owner");
}

TEST_F(CreateTokenTest, ADisabledOwnerGetsNoToken) {
    EditUser disable;
    disable.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, bob_.id, disable));
    CreateToken wanted;
    wanted.owner = bob_.id;
    EXPECT_EQ(reason_of(create(as_admin_, wanted)), "unknown_owner");
}

TEST_F(CreateTokenTest, AJwtSaysWhatTheContractSays) {
    CreateToken wanted;
    wanted.name = "contract";
    wanted.expires_at = clock.now() + hours(1);
    const auto made = create(as_alice_, wanted).value();
    const auto keys = authority->keys().keys();
    const auto jws = parse_unverified(made.text.expose()).value();
    const auto* key = keys->find(jws.kid);
    ASSERT_NE(key, nullptr);
    const auto claims = verify_jws(made.text.expose(), *key, TypPolicy::absent_or("JWT")).value();
    const auto text = [&](const char* name) { return to_json(claims.at(name)); };
    EXPECT_EQ(text("aud"), R"(["https://billing.example.com"])");
    EXPECT_EQ(text("iss"), R"("http://127.0.0.1:8080")");
    EXPECT_EQ(text("sub"), '"' + alice_.id.uuid() + '"');
    EXPECT_EQ(text("jti"), '"' + made.token.id.shortuuid() + '"');
    EXPECT_EQ(text("scope"), R"("license:read")");
    EXPECT_EQ(text("nbf"), text("iat"));
    EXPECT_EQ(text("exp"), std::to_string(wanted.expires_at->seconds()));
    EXPECT_TRUE(claims.contains("status"));
}

TEST_F(CreateTokenTest, AnOpaqueTokenHasThePrefixAndNoStatusIndex) {
    CreateToken wanted;
    wanted.kind = store::TokenKind::kOpaque;
    const auto made = create(as_alice_, wanted).value();
    EXPECT_TRUE(made.text.expose().starts_with("lkp_"));
    EXPECT_TRUE(has_valid_checksum(made.text.expose()));
    EXPECT_FALSE(made.secret.status_index);
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(CreateTokenTest, NoSecretIsInTheEventOrTheDatabase) {
    for (const auto kind : {store::TokenKind::kJwt, store::TokenKind::kOpaque}) {
        const auto made = token(as_alice_, "billing", {}, kind);
        const std::string secret(made.text.expose());
        for (const auto& event : events()) {
            EXPECT_EQ(event.body.find(secret), std::string::npos);
        }
        authority->store().close();
        std::ifstream file(directory.database(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        EXPECT_GT(bytes.size(), 4096U);
        EXPECT_EQ(bytes.find(secret), std::string::npos);
        EXPECT_EQ(bytes.find(secret.substr(secret.size() - 30)), std::string::npos);
        reopen();
    }
}

// A token that no request can carry would only ever read as malformed.
TEST_F(CreateTokenTest, AJwtThatNoRequestCanCarryIsNotMade) {
    std::vector<store::ScopeRecord> catalogue;
    std::vector<std::string> scopes;
    for (int i = 0; i < 256; ++i) {
        scopes.push_back("resource-with-a-very-long-name:action-number-" + std::to_string(i));
        catalogue.push_back({scopes.back(), "", "", {}});
    }
    ASSERT_TRUE(write<store::ApiRecord>([&](store::Transaction& tx) {
        CreateApi wanted;
        wanted.slug = "long";
        wanted.scopes = catalogue;
        return create_api(tx, Actor::system(), wanted);
    }));
    EXPECT_EQ(reason_of(try_scopes(as_alice_, "long", scopes)), "too_many_scopes");
    CreateToken opaque;
    opaque.api = "long";
    opaque.scopes = scopes;
    opaque.kind = store::TokenKind::kOpaque;
    EXPECT_TRUE(create(as_alice_, opaque));
}

// Random walks of tokens that make tokens: no descendant may do what its first ancestor could not.
TEST_F(CreateTokenTest, NoChainOfTokensEverWidens) {
    const std::vector<std::string> all = {
        "account:read", "account:write", "token:read", "token:write",
        "project:read", "api:read",      "user:read",  "*"};
    std::mt19937 random(7);  // NOLINT: the same walk each time
    for (int walk = 0; walk < 30; ++walk) {
        const auto pick = [&] {
            std::vector<std::string> scopes = {"token:write"};
            for (const auto& scope : all) {
                if (random() % 3 == 0) scopes.push_back(scope);
            }
            return scopes;
        };
        Actor actor = as_alice_;
        for (int depth = 0; depth < 6; ++depth) {
            CreateToken wanted;
            wanted.api = "latchkey";
            wanted.scopes = pick();
            if (random() % 2 == 0) wanted.expires_at = clock.now() + hours(1 + random() % 48);
            const auto made = create(actor, wanted);
            if (!made) continue;
            const Actor child = token_actor(*made);
            for (const auto& scope : all) {
                EXPECT_LE(child.may(scope), actor.may(scope)) << scope;
            }
            if (actor.expires_at) {
                ASSERT_TRUE(child.expires_at);
                EXPECT_LE(*child.expires_at, *actor.expires_at);
            }
            actor = child;
        }
    }
}

TEST(AddressRanges, WhatIsAcceptedCanAlsoBeJudged) {
    for (const char* good : {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32",
                             "::1", "::ffff:10.0.0.0/104"}) {
        EXPECT_TRUE(check_address_ranges({good})) << good;
    }
    for (const char* bad :
         {"", "192.0.2", "192.0.2.0/33", "192.0.2.0/-0", "192.0.2.0/", "192.0.2.0/0008",
          "2001:db8::/129", "localhost", "10.0.0.0/8 ", "010.0.0.1", "192.0.2.0/24/8", "*"}) {
        EXPECT_EQ(reason_of(check_address_ranges({bad})), "bad_address_range") << bad;
    }
    for (const char* range : {"10.0.0.1/8", "2001:db8::1/32", "192.0.2.129/24", "::1/64"}) {
        const auto refused = check_address_ranges({range});
        EXPECT_EQ(reason_of(refused), "bad_address_range") << range;
        EXPECT_NE(refused.error().hint.find("alone"), std::string::npos) << range;
    }
    EXPECT_EQ(check_address_ranges({"10.0.0.1/8"}).error().hint,
              "write 10.0.0.0/8 for all of it, or the one address alone");
    EXPECT_FALSE(check_address_ranges(std::vector<std::string>(33, "10.0.0.1")));
}

// `?owner=` is for those who may do at least as much as the owner: a helper who manages users must
// not mint himself an administrator's token.
TEST_F(CreateTokenTest, ForSomebodyElseOnlyWhoMayDoAsMuchAsHe) {
    Actor helper = as_alice_;
    helper.permissions = {"token:write", "user:write"};
    CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {"*"};
    wanted.owner = admin_.id;
    EXPECT_EQ(reason_of(create(helper, wanted)), "insufficient_scope");
    EXPECT_TRUE(create(as_admin_, wanted));
}

}  // namespace
}  // namespace latchkey::authority
