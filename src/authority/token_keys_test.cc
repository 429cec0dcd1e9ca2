#include "authority/token_keys.h"

#include "authority/edit_token.h"
#include "authority/testing_keys.h"
#include "token/access_token.h"

namespace latchkey::authority {
namespace {

using testing::key_token;
using testing::reason_of;

PublicKey new_key(const std::string& kid = {}) {
    const auto key = PrivateKey::generate(Algorithm::kEs256).public_key();
    auto jwk = key.to_jwk();
    if (kid.empty()) return key;
    jwk["kid"] = kid;
    return PublicKey::from_jwk(jwk).value();
}

class TokenKeysTest : public testing::AuthorityTest {
protected:
    Result<PreparedToken> try_keys(std::vector<PublicKey> keys,
                                   const std::string& name = "a key token") {
        CreateToken wanted;
        wanted.name = name;
        wanted.kind = store::TokenKind::kKey;
        wanted.api = "billing";
        wanted.keys = std::move(keys);
        return create(as_alice_, std::move(wanted));
    }
    Result<TokenDetails> add(const Actor& actor, const TokenId& token,
                             std::vector<PublicKey> keys) {
        return write<TokenDetails>(
            [&](store::Transaction& tx) { return add_keys(tx, actor, token.uuid(), keys); });
    }
    Result<TokenDetails> remove(const Actor& actor, const TokenId& token, const std::string& kid) {
        return write<TokenDetails>(
            [&](store::Transaction& tx) { return remove_key(tx, actor, token.uuid(), kid); });
    }
    Result<TokenDetails> replace(const TokenId& token, std::vector<PublicKey> keys) {
        return write<TokenDetails>([&](store::Transaction& tx) {
            TokenEdit edit;
            edit.keys = keys;
            return edit_token(tx, as_alice_, *authority->directory().view(), token.uuid(), edit);
        });
    }
    std::vector<std::string> kids(const TokenId& token) {
        const auto details = authority->store()
                                 .query<TokenDetails>([&](store::Connection& db) {
                                     return get_token(db, as_alice_, token.uuid());
                                 })
                                 .value();
        std::vector<std::string> names;
        for (const auto& key : live_keys(details.secrets)) {
            names.push_back(key.kid);
        }
        return names;
    }
    std::string verdict_of(const TokenId& token, const PublicKey& key) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find(key_digest(token, key.thumbprint()), view)) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = "billing";
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
};

TEST_F(TokenKeysTest, AKeyTokenHasNoSecretAndDeclaresNoScopes) {
    const auto before = revision();
    const auto key = new_key();
    const auto made = try_keys({key});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->text.expose().empty());
    EXPECT_FALSE(made->token.scopes);
    EXPECT_EQ(kids(made->token.id), std::vector{made->token.id.uuid()});
    EXPECT_EQ(verdict_of(made->token.id, key), "active");
    EXPECT_EQ(revision(), before + 1);
}

TEST_F(TokenKeysTest, TheFirstKeyIsNamedByTheTokenAndLaterOnesByTheirThumbprint) {
    const auto second = new_key();
    const auto made = try_keys({new_key(), second, new_key("mine")}).value();
    EXPECT_EQ(kids(made.token.id),
              (std::vector<std::string>{made.token.id.uuid(), second.thumbprint(), "mine"}));
}

TEST_F(TokenKeysTest, TheNameHasEightCharacters) {
    EXPECT_EQ(reason_of(try_keys({new_key()}, "seven77")), "name_too_short");
    EXPECT_TRUE(try_keys({new_key()}, "eight888"));
    EXPECT_TRUE(try_keys({new_key()}, "äöüäöüäö"));
    EXPECT_EQ(reason_of(try_keys({new_key()}, "äöüä")), "name_too_short");
}

TEST_F(TokenKeysTest, WhatCannotBeToldApartIsRefused) {
    const auto key = new_key();
    EXPECT_EQ(reason_of(try_keys({})), "no_keys");
    EXPECT_EQ(reason_of(try_keys({key, key})), "duplicate_key");
    EXPECT_EQ(reason_of(try_keys({new_key("a"), new_key("a")})), "duplicate_kid");
    EXPECT_EQ(reason_of(try_keys({new_key("\x1b]0;x")})), "bad_kid");
    std::vector<PublicKey> many;
    for (int i = 0; i < 9; ++i) {
        many.push_back(new_key());
    }
    EXPECT_EQ(reason_of(try_keys(many)), "too_many_keys");
    CreateToken other;
    other.keys = {key};
    EXPECT_EQ(reason_of(create(as_alice_, std::move(other))), "not_a_key_token");
}

TEST_F(TokenKeysTest, NoKeyIsNamedAsAnothersThumbprint) {
    const auto key = new_key();
    const auto imposter = new_key(key.thumbprint());
    for (const auto& upload : {std::vector{key, imposter}, std::vector{imposter, key}}) {
        const auto refused = try_keys(upload);
        EXPECT_EQ(reason_of(refused), "duplicate_kid");
        EXPECT_EQ(refused ? ErrorCode::kInternal : refused.error().code,
                  ErrorCode::kInvalidArgument);
    }
    const TokenId id = try_keys({key}).value().token.id;
    EXPECT_EQ(reason_of(add(as_alice_, id, {imposter})), "duplicate_kid");
    EXPECT_EQ(reason_of(replace(id, {key, imposter})), "duplicate_kid");
    EXPECT_EQ(kids(id), std::vector{id.uuid()});
    const TokenId other = try_keys({imposter}).value().token.id;
    EXPECT_EQ(reason_of(add(as_alice_, other, {key})), "duplicate_kid");
    // Its own thumbprint is what a key is named without any name.
    auto jwk = key.to_jwk();
    jwk["kid"] = key.thumbprint();
    EXPECT_TRUE(try_keys({PublicKey::from_jwk(jwk).value(), new_key()}));
}

// As they may stand in a database from before.
TEST_F(TokenKeysTest, AKeyIsRemovedByItsNameEvenWhenAnotherHasThatThumbprint) {
    const auto key = new_key("first");
    const auto other = new_key("second");
    const TokenId id = try_keys({key, other, new_key("third")}).value().token.id;
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
        auto rows = TRY(store::secrets_of(tx.connection(), id));
        for (auto& row : rows) {
            if (row.kid != "first") continue;
            row.kid = other.thumbprint();
            TRY(store::update_secret(tx.connection(), row));
        }
        return {};
    }));
    ASSERT_TRUE(remove(as_alice_, id, other.thumbprint()));
    EXPECT_EQ(kids(id), (std::vector<std::string>{"second", "third"}));
    ASSERT_TRUE(remove(as_alice_, id, other.thumbprint()));
    EXPECT_EQ(kids(id), std::vector<std::string>{"third"});
}

TEST_F(TokenKeysTest, TwoKeysOverlapUntilTheOldOneIsRemovedAndThatIsForEver) {
    const auto old_key = new_key();
    const auto made = try_keys({old_key}).value();
    const TokenId id = made.token.id;
    const auto fresh = new_key("next");
    ASSERT_TRUE(add(as_alice_, id, {fresh}));
    EXPECT_EQ(verdict_of(id, old_key), "active");
    EXPECT_EQ(verdict_of(id, fresh), "active");
    ASSERT_TRUE(remove(as_alice_, id, id.uuid()));
    EXPECT_EQ(verdict_of(id, old_key), "revoked");
    EXPECT_EQ(verdict_of(id, fresh), "active");
    EXPECT_EQ(reason_of(remove(as_alice_, id, "next")), "last_key");
    EXPECT_EQ(reason_of(remove(as_alice_, id, id.uuid())), "unknown_key_of_token");
    EXPECT_EQ(reason_of(add(as_alice_, id, {old_key})), "key_removed");
    EXPECT_EQ(reason_of(replace(id, {old_key})), "key_removed");
    EXPECT_EQ(reason_of(add(as_alice_, id, {fresh})), "duplicate_key");
    EXPECT_EQ(reason_of(add(as_alice_, id, {new_key("next")})), "duplicate_kid");
    EXPECT_EQ(kids(id), std::vector<std::string>{"next"});
}

TEST_F(TokenKeysTest, ReplacingKeepsAKeyThatStaysEvenUnderAnotherName) {
    const auto stays = new_key();
    const auto goes = new_key();
    const auto made = try_keys({stays, goes}).value();
    const TokenId id = made.token.id;
    auto jwk = stays.to_jwk();
    jwk["kid"] = "renamed";
    const auto before = revision();
    ASSERT_TRUE(replace(id, {PublicKey::from_jwk(jwk).value()}));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(kids(id), std::vector<std::string>{"renamed"});
    EXPECT_EQ(verdict_of(id, stays), "active");
    EXPECT_EQ(verdict_of(id, goes), "revoked");
    ASSERT_TRUE(replace(id, {stays}));  // without a name: the one it has
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(kids(id), std::vector<std::string>{"renamed"});
}

TEST_F(TokenKeysTest, NobodyGivesHimselfAKeyToSomebodyElsesToken) {
    const auto made = try_keys({new_key()}).value();
    const TokenId id = made.token.id;
    EXPECT_EQ(reason_of(add(as_bob_, id, {new_key()})), "unknown_token");
    // Who may manage users is not who he manages.
    Actor helper = as_bob_;
    helper.permissions = {"token:write", "user:write"};
    EXPECT_EQ(reason_of(add(helper, id, {new_key()})), "insufficient_scope");
    EXPECT_TRUE(add(as_admin_, id, {new_key()}));
}

TEST_F(TokenKeysTest, ATokenAddsNoKeyToATokenThatItCouldNotHaveMade) {
    const auto made = try_keys({new_key()}).value();
    const Actor weak = token_actor(token(as_alice_, "latchkey", {"token:write"}));
    EXPECT_EQ(reason_of(add(weak, made.token.id, {new_key()})), "insufficient_scope");
    CreateToken own;
    own.name = "management by key";
    own.kind = store::TokenKind::kKey;
    own.api = "latchkey";
    own.scopes = {{"token:read"}};
    own.keys = {new_key()};
    const auto strong = create(as_alice_, own).value();
    EXPECT_EQ(reason_of(add(weak, strong.token.id, {new_key()})), "insufficient_scope");
    own.scopes = {{"token:write"}};
    const auto equal = create(as_alice_, own).value();
    EXPECT_TRUE(add(weak, equal.token.id, {new_key()}));
    CreateToken brief;
    brief.api = "latchkey";
    brief.scopes = {{"token:write"}};
    brief.expires_at = clock.now() + std::chrono::hours(1);
    const Actor short_lived = token_actor(create(as_alice_, brief).value());
    EXPECT_EQ(reason_of(add(short_lived, equal.token.id, {new_key()})), "expiry_beyond_parent");
    brief.expires_at.reset();
    brief.allowed_ips = {"192.0.2.0/24"};
    const Actor bound = token_actor(create(as_alice_, brief).value());
    EXPECT_EQ(reason_of(add(bound, equal.token.id, {new_key()})), "address_beyond_parent");
}

TEST_F(TokenKeysTest, ATokenMakesAKeyTokenOnlyWithinItsOwnScopesAndNeverWithoutAny) {
    const Actor actor = token_actor(token(as_alice_, "latchkey", {"token:write", "token:read"}));
    CreateToken wanted;
    wanted.name = "a child of a token";
    wanted.kind = store::TokenKind::kKey;
    wanted.api = "latchkey";
    wanted.keys = {new_key()};
    EXPECT_EQ(reason_of(create(actor, wanted)), "insufficient_scope");
    wanted.scopes = {{"account:read"}};
    EXPECT_EQ(reason_of(create(actor, wanted)), "insufficient_scope");
    wanted.scopes = {{"token:read"}};
    EXPECT_TRUE(create(actor, wanted));
    wanted.api = "billing";
    wanted.scopes.reset();
    EXPECT_EQ(reason_of(create(actor, wanted)), "insufficient_scope");
}

TEST_F(TokenKeysTest, OnlyAKeyTokenThatLivesGetsKeys) {
    const auto opaque = token(as_alice_, "billing", {}, store::TokenKind::kOpaque);
    EXPECT_EQ(reason_of(add(as_alice_, opaque.token.id, {new_key()})), "not_a_key_token");
    const auto made = try_keys({new_key()}).value();
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(reason_of(add(as_alice_, made.token.id, {new_key()})), "token_revoked");
}

TEST_F(TokenKeysTest, AProjectIsGivenAtCreationOnlyByWhoMayChangePoliciesThere) {
    const auto mine = testing::project_of(*this, as_alice_, "alice's");
    const auto theirs = testing::project_of(*this, as_bob_, "bob's");
    CreateToken wanted;
    wanted.api = "billing";
    wanted.scopes = {{"license:read"}};
    wanted.projects = {mine, mine};
    const auto before = revision();
    const auto made = create(as_alice_, wanted);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(revision(), before + 1);
    {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        ASSERT_TRUE(reader->find(made->secret.digest, view));
        ASSERT_TRUE(reader->find_grant(*ProjectId::parse(mine), view));
        verify::Requirement asked;
        const std::vector<std::string_view> scopes = {"license:read"};
        asked.api_slug = "billing";
        asked.scopes = scopes;
        asked.project = ProjectId::parse(mine);
        EXPECT_EQ(verify::judge(view, asked, clock.now()).verdict, verify::Verdict::kActive);
        EXPECT_FALSE(reader->find_grant(*ProjectId::parse(theirs), view));
    }
    wanted.projects = {mine, theirs};
    const auto foreign = create(as_alice_, wanted);
    wanted.projects = {mine, ProjectId{}.uuid()};
    const auto unknown = create(as_alice_, wanted);
    ASSERT_FALSE(foreign);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(foreign.error().message, unknown.error().message);
    EXPECT_EQ(foreign.error().field, "/projects/1");
    EXPECT_EQ(foreign.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(revision(), before + 1);
}

}  // namespace
}  // namespace latchkey::authority
