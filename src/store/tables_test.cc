#include <gtest/gtest.h>

#include "base/encoding.h"
#include "store/rows.h"
#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::digest;
using testing::id;
using testing::secret;
using testing::StoreTest;
using testing::token;

class Tables : public StoreTest {};

TEST_F(Tables, AUserIsReadBackWithRolesAndVerifiedApis) {
    UserRecord user = testing::user(2);
    user.kind = UserKind::kMachine;
    user.state = UserState::kDisabled;
    user.name = "Łucja \"the\" tester";
    user.password_hash = "$argon2id$x";
    user.roles = {id<RoleId>(1), id<RoleId>(2)};
    user.verifies = {id<ApiId>(9), id<ApiId>(3)};
    write([&](Connection& db) -> Status {
        TRY(insert_role(db, RoleRecord{id<RoleId>(1), "admin", true, R"({"*":["*"]})"}));
        TRY(insert_role(db, RoleRecord{id<RoleId>(2), "member", false, "{}"}));
        return insert_user(db, user);
    });
    using Found = std::optional<UserRecord>;
    auto found = ask<Found>([&](Connection& db) { return find_user(db, user.id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, user.kind);
    EXPECT_EQ(found->state, user.state);
    EXPECT_EQ(found->login, user.login);
    EXPECT_EQ(found->name, user.name);
    EXPECT_EQ(found->password_hash, user.password_hash);
    EXPECT_EQ(found->roles, user.roles);
    EXPECT_EQ(found->verifies, user.verifies);
    EXPECT_EQ(found->created_at, user.created_at);

    user.roles = {id<RoleId>(2)};
    user.login = "New@Example.com";
    user.updated_at = at(5'000);
    write([&](Connection& db) { return update_user(db, user); });
    found = ask<Found>([](Connection& db) { return find_user_by_login(db, "nEW@example.COM"); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->login, "New@Example.com");
    EXPECT_EQ(found->roles, user.roles);
    EXPECT_EQ(found->updated_at, at(5'000));
    EXPECT_EQ(ask<std::uint64_t>(count_users), 2U);
    const auto roles = ask<std::vector<RoleRecord>>(list_roles);
    ASSERT_EQ(roles.size(), 2U);
    EXPECT_TRUE(roles[0].is_built_in);
    EXPECT_EQ(roles[0].patterns_json, R"({"*":["*"]})");
}

TEST_F(Tables, ALoginIsTakenWhateverItsCase) {
    UserRecord twin = testing::user(2);
    twin.login = "USER1@example.com";
    const Status status = store_->mutate(
        [&](Transaction& transaction) { return insert_user(transaction.connection(), twin); });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kConflict);
}

TEST_F(Tables, UsersComeInPages) {
    write([](Connection& db) -> Status {
        for (std::uint64_t i = 2; i <= 5; ++i) {
            TRY(insert_user(db, testing::user(i)));
        }
        return {};
    });
    const auto page = ask<std::vector<UserRecord>>(
        [](Connection& db) { return list_users(db, id<UserId>(2), 2); });
    ASSERT_EQ(page.size(), 2U);
    EXPECT_EQ(page[0].id, id<UserId>(3));
    EXPECT_EQ(page[1].id, id<UserId>(4));
}

TEST_F(Tables, ATokenIsFoundByItsIdAndByEveryJti) {
    TokenRecord made = token(1);
    made.kind = TokenKind::kJwt;
    made.description = "for the nightly job";
    made.allowed_ips = {"10.0.0.0/8", "2001:db8::/32"};
    made.expires_at = at(9'000);
    made.not_before = at(2'000);
    made.rate = {100, 60};
    SecretRecord later = secret(1, 2);
    later.kid = "key-1";
    later.status_index = (1ULL << 20) + 7;
    later.ends_at = at(8'000);
    later.until_silent_seconds = 3'600;
    later.must_ask = true;
    write([&](Connection& db) -> Status {
        TRY(insert_token(db, made));
        TRY(insert_secret(db, secret(1)));
        return insert_secret(db, later);
    });
    for (const UuidBytes& key : {made.id.bytes, later.id.bytes}) {
        const auto found =
            ask<std::optional<TokenRecord>>([&](Connection& db) { return find_token(db, key); });
        ASSERT_TRUE(found);
        EXPECT_EQ(found->id, made.id);
        EXPECT_EQ(found->owner, made.owner);
        EXPECT_EQ(found->api, made.api);
        EXPECT_EQ(found->kind, made.kind);
        EXPECT_EQ(found->state, made.state);
        EXPECT_EQ(found->name, made.name);
        EXPECT_EQ(found->description, made.description);
        EXPECT_EQ(found->scopes, made.scopes);
        EXPECT_EQ(found->allowed_ips, made.allowed_ips);
        EXPECT_EQ(found->expires_at, made.expires_at);
        EXPECT_EQ(found->not_before, made.not_before);
        EXPECT_EQ(found->rate, made.rate);
        EXPECT_EQ(found->revoked_at, std::nullopt);
        EXPECT_EQ(found->deleted_at, std::nullopt);
    }
    EXPECT_FALSE(ask<std::optional<TokenRecord>>(
        [](Connection& db) { return find_token(db, id<TokenId>(99).bytes); }));
    const auto secrets = ask<std::vector<SecretRecord>>(
        [](Connection& db) { return secrets_of(db, id<TokenId>(1)); });
    ASSERT_EQ(secrets.size(), 2U);
    EXPECT_EQ(secrets[1].id, later.id);
    EXPECT_EQ(secrets[1].digest, later.digest);
    EXPECT_EQ(secrets[1].kid, "key-1");
    EXPECT_EQ(secrets[1].status_index, later.status_index);
    EXPECT_EQ(secrets[1].ends_at, later.ends_at);
    EXPECT_EQ(secrets[1].until_silent_seconds, 3'600U);
    EXPECT_TRUE(secrets[1].must_ask);
    EXPECT_FALSE(secrets[0].must_ask);
    EXPECT_EQ(secrets[0].status_index, std::nullopt);
}

TEST_F(Tables, AnUpdateOfATokenReachesEveryColumn) {
    TokenRecord made = token(1);
    write([](Connection& db) { return testing::insert_token_with_secret(db, 1); });
    made.state = TokenState::kRevoked;
    made.name = "another";
    made.description = "words";
    made.scopes.reset();
    made.allowed_ips = {"::1"};
    made.not_before = at(4'000);
    made.rate = {5, 1};
    made.expires_at = at(9'000);
    made.reason = "leaked";
    made.updated_at = at(3'000);
    made.revoked_at = at(3'000);
    made.deleted_at = at(3'001);
    SecretRecord dead = secret(1);
    dead.state = SecretState::kRevoked;
    dead.ends_at = at(3'000);
    write([&](Connection& db) -> Status {
        TRY(update_secret(db, dead));
        return update_token(db, made);
    });
    const auto found = ask<std::optional<TokenRecord>>(
        [&](Connection& db) { return find_token(db, made.id.bytes); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->state, made.state);
    EXPECT_EQ(found->name, made.name);
    EXPECT_EQ(found->description, made.description);
    EXPECT_EQ(found->scopes, std::nullopt);
    EXPECT_EQ(found->allowed_ips, made.allowed_ips);
    EXPECT_EQ(found->not_before, made.not_before);
    EXPECT_EQ(found->rate, made.rate);
    EXPECT_EQ(found->reason, made.reason);
    EXPECT_EQ(found->updated_at, made.updated_at);
    EXPECT_EQ(found->revoked_at, made.revoked_at);
    EXPECT_EQ(found->deleted_at, made.deleted_at);
    const auto secrets =
        ask<std::vector<SecretRecord>>([&](Connection& db) { return secrets_of(db, made.id); });
    EXPECT_EQ(secrets.at(0).state, SecretState::kRevoked);
    EXPECT_EQ(secrets.at(0).ends_at, at(3'000));
    EXPECT_EQ(ask<std::uint64_t>(count_tokens), 0U);
}

TEST_F(Tables, ChangingWhatIsNotThereIsNotFound) {
    const Status status = store_->mutate(
        [](Transaction& transaction) { return update_token(transaction.connection(), token(9)); });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
}

TEST_F(Tables, NoTwoSecretsShareADigestOrAStatusIndex) {
    write([](Connection& db) -> Status {
        TRY(insert_token(db, token(1)));
        SecretRecord first = secret(1);
        first.status_index = 40;
        TRY(insert_secret(db, first));
        return insert_token(db, token(2));
    });
    SecretRecord twin = secret(2);
    twin.digest = digest(1);
    const auto insert = [&] {
        return store_->mutate([&](Transaction& transaction) {
            return insert_secret(transaction.connection(), twin);
        });
    };
    EXPECT_EQ(insert().error().code, ErrorCode::kConflict);
    twin = secret(2);
    twin.status_index = 40;
    EXPECT_EQ(insert().error().code, ErrorCode::kConflict);
    twin.status_index = 41;
    EXPECT_TRUE(insert());
    EXPECT_TRUE(ask<bool>([](Connection& db) { return is_status_index_taken(db, 40); }));
    EXPECT_FALSE(ask<bool>([](Connection& db) { return is_status_index_taken(db, 42); }));
    EXPECT_EQ(ask<std::uint64_t>([](Connection& db) { return count_status_indexes(db, 40, 41); }),
              1U);
}

TEST_F(Tables, ATokenNeedsAnOwnerThatExists) {
    TokenRecord orphan = token(1);
    orphan.owner = id<UserId>(77);
    EXPECT_FALSE(store_->mutate(
        [&](Transaction& transaction) { return insert_token(transaction.connection(), orphan); }));
}

TEST_F(Tables, UsageGoesForwardOnlyAndAddsUp) {
    const auto add = [&](std::int64_t seconds, const std::string& address, std::int64_t uses) {
        write([&](Connection& db) {
            return add_usage(db,
                             UsageRecord{id<TokenId>(1), at(seconds), address, "curl", uses, 1});
        });
    };
    add(100, "10.0.0.1", 2);
    add(90, "10.0.0.2", 3);
    using Found = std::optional<UsageRecord>;
    auto found = ask<Found>([](Connection& db) { return find_usage(db, id<TokenId>(1)); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->last_used_at, at(100));
    EXPECT_EQ(found->last_address, "10.0.0.1");
    EXPECT_EQ(found->uses, 5);
    EXPECT_EQ(found->denials, 2);
    add(110, "10.0.0.3", 1);
    found = ask<Found>([](Connection& db) { return find_usage(db, id<TokenId>(1)); });
    EXPECT_EQ(found->last_used_at, at(110));
    EXPECT_EQ(found->last_address, "10.0.0.3");
}

TEST_F(Tables, SessionsAreFoundByDigestTouchedAndEnded) {
    SessionRecord session;
    session.id = id<SessionId>(1);
    session.user = id<UserId>(1);
    session.kind = SessionKind::kCli;
    session.digest = digest(1);
    session.agent = "latchkey-cli";
    session.address = "::1";
    session.created_at = session.last_seen_at = at(10);
    session.expires_at = at(20);
    SessionRecord other = session;
    other.id = id<SessionId>(2);
    other.digest = digest(2);
    other.expires_at = at(90);
    write([&](Connection& db) -> Status {
        TRY(insert_session(db, session));
        TRY(insert_session(db, other));
        return touch_session(db, session.id, at(15), at(30));
    });
    using Found = std::optional<SessionRecord>;
    const auto find = [&](std::uint64_t number) {
        return ask<Found>([=](Connection& db) { return find_session(db, digest(number)); });
    };
    const auto found = find(1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, SessionKind::kCli);
    EXPECT_EQ(found->agent, session.agent);
    EXPECT_EQ(found->address, session.address);
    EXPECT_EQ(found->last_seen_at, at(15));
    EXPECT_EQ(found->expires_at, at(30));
    const auto list = [](Connection& db) { return list_sessions(db, id<UserId>(1)); };
    EXPECT_EQ(ask<std::vector<SessionRecord>>(list).size(), 2U);
    write([](Connection& db) { return delete_expired_sessions(db, at(30)); });
    EXPECT_FALSE(find(1));
    EXPECT_TRUE(find(2));
    write([](Connection& db) { return delete_session(db, id<SessionId>(2)); });
    EXPECT_FALSE(find(2));
    write([&](Connection& db) -> Status {
        TRY(insert_session(db, session));
        TRY(insert_session(db, other));
        return delete_other_sessions_of(db, id<UserId>(1), session.id);
    });
    EXPECT_TRUE(find(1));
    EXPECT_FALSE(find(2));
    write([](Connection& db) { return delete_sessions_of(db, id<UserId>(1)); });
    EXPECT_FALSE(find(1));
}

TEST_F(Tables, ApisAreFoundByEachOfTheirNamesAndOneIsTheDefault) {
    ApiRecord api = testing::api(2);
    api.name = "Licensing";
    api.base_url = "https://l.example.com";
    api.default_scopes = {"license:read"};
    api.is_built_in = true;
    write([&](Connection& db) -> Status {
        TRY(insert_api(db, api));
        TRY(make_default_api(db, id<ApiId>(1)));
        return make_default_api(db, api.id);
    });
    using Found = std::optional<ApiRecord>;
    for (const auto& found :
         {ask<Found>([&](Connection& db) { return find_api(db, api.id); }),
          ask<Found>([&](Connection& db) { return find_api_by_slug(db, api.slug); }),
          ask<Found>([&](Connection& db) { return find_api_by_audience(db, api.audience); }),
          ask<Found>(find_default_api)}) {
        ASSERT_TRUE(found);
        EXPECT_EQ(found->id, api.id);
        EXPECT_EQ(found->name, api.name);
        EXPECT_EQ(found->base_url, api.base_url);
        EXPECT_EQ(found->default_scopes, api.default_scopes);
        EXPECT_TRUE(found->is_default);
        EXPECT_TRUE(found->is_built_in);
    }
    api.slug = "licences";
    api.is_default = false;
    write([&](Connection& db) { return update_api(db, api); });
    const auto all = ask<std::vector<ApiRecord>>(list_apis);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].slug, "licences");
    EXPECT_TRUE(all[1].is_default);
    EXPECT_FALSE(all[0].is_default);
}

TEST_F(Tables, ScopesKeepTheirOrderAndAreReplacedWhole) {
    const std::vector<ScopeRecord> scopes = {{"z:write", "Write", "Zeta", {"z:w", "zw:all"}},
                                             {"a:read", "Read", "", {}}};
    write([&](Connection& db) -> Status {
        TRY(replace_scopes(db, id<ApiId>(1), {{"old:one", "", "", {}}}));
        return replace_scopes(db, id<ApiId>(1), scopes);
    });
    const auto found =
        ask<std::vector<ScopeRecord>>([](Connection& db) { return list_scopes(db, id<ApiId>(1)); });
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].name, "z:write");
    EXPECT_EQ(found[0].group, "Zeta");
    EXPECT_EQ(found[0].aliases, scopes[0].aliases);
    EXPECT_EQ(found[1].name, "a:read");
    EXPECT_EQ(found[1].description, "Read");
}

TEST_F(Tables, KeysSettingsAndIdempotencyAreReadBack) {
    SigningKeyRecord key;
    key.kid = "kid-1";
    key.algorithm = "ES256";
    key.public_jwk = "{}";
    key.wrapped_private = std::string("\0\xFFsealed", 8);
    key.created_at = at(7);
    const IdempotencyRecord record{"user/1", "k", digest(3), 201, std::string("\0\x01", 2), at(50)};
    write([&](Connection& db) -> Status {
        TRY(insert_signing_key(db, key));
        TRY(put_setting(db, "issuer", "https://a"));
        TRY(put_setting(db, "issuer", "https://b"));
        return insert_idempotency(db, record);
    });
    key.state = KeyState::kActive;
    key.is_compromised = true;
    key.activated_at = at(8);
    write([&](Connection& db) { return update_signing_key(db, key); });
    const auto keys = ask<std::vector<SigningKeyRecord>>(list_signing_keys);
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(keys[0].wrapped_private, key.wrapped_private);
    EXPECT_EQ(keys[0].state, KeyState::kActive);
    EXPECT_TRUE(keys[0].is_compromised);
    EXPECT_EQ(keys[0].activated_at, at(8));
    using Text = std::optional<std::string>;
    const auto issuer = [](Connection& db) { return find_setting(db, "issuer"); };
    EXPECT_EQ(ask<Text>(issuer), "https://b");
    using Found = std::optional<IdempotencyRecord>;
    const auto find = [](Connection& db) { return find_idempotency(db, "user/1", "k"); };
    const auto found = ask<Found>(find);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->sealed_response, record.sealed_response);
    EXPECT_EQ(found->request_digest, record.request_digest);
    EXPECT_EQ(found->status, 201);
    write([](Connection& db) -> Status {
        TRY(delete_setting(db, "issuer"));
        return delete_expired_idempotency(db, at(50));
    });
    EXPECT_FALSE(ask<Text>(issuer));
    EXPECT_FALSE(ask<Found>(find));
}

TEST(Lists, AreReadBackWhateverTheyHold) {
    for (const std::vector<std::string>& items : {std::vector<std::string>{},
                                                  {""},
                                                  {"a"},
                                                  {"a,b", "[]", "c"},
                                                  {"q\"uote", "back\\", "\n"}}) {
        std::vector<std::string> decoded{"left", "over", "from", "before"};
        ASSERT_TRUE(decode_list(encode_list(items), decoded));
        EXPECT_EQ(decoded, items);
    }
}

TEST(Lists, DamageIsAnErrorNotAShorterList) {
    for (const char* text : {"", "[", "[\"a]", "[\"a\",]", "[\"a\"x]", "{}", "[1]", "[\"\\x\"]"}) {
        std::vector<std::string> decoded;
        EXPECT_FALSE(decode_list(text, decoded)) << text;
    }
}

}  // namespace
}  // namespace latchkey::store
