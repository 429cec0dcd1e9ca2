#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::grant;
using testing::id;
using testing::project;
using testing::StoreTest;
using testing::token;

// Projects 1 and 2, and 3, which is deleted; tokens 1 to 4 of user 1 and 5 of user 2.
class Grants : public StoreTest {
protected:
    using Found = std::optional<GrantRecord>;

    void SetUp() override {
        StoreTest::SetUp();
        write([](Connection& db) -> Status {
            TRY(insert_user(db, testing::user(2)));
            for (std::uint64_t i = 1; i <= 3; ++i) {
                ProjectRecord made = project(i);
                if (i == 3) made.deleted_at = at(2'000);
                TRY(insert_project(db, made));
            }
            for (std::uint64_t i = 1; i <= 5; ++i) {
                TokenRecord made = token(i);
                made.kind = TokenKind::kKey;
                if (i == 5) made.owner = id<UserId>(2);
                TRY(insert_token(db, made));
            }
            return {};
        });
    }
    Found find(std::uint64_t project_number, PrincipalKind kind, std::uint64_t principal) {
        return ask<Found>([=](Connection& db) {
            return find_grant(db, id<ProjectId>(project_number), kind,
                              id<TokenId>(principal).bytes);
        });
    }
    void put(const GrantRecord& wanted) {
        write([&](Connection& db) { return put_grant(db, wanted); });
    }
    static std::vector<std::uint64_t> tokens_of(const std::vector<GrantRecord>& grants) {
        std::vector<std::uint64_t> numbers;
        for (const auto& found : grants) {
            numbers.push_back(found.principal[15]);
        }
        return numbers;
    }
};

TEST_F(Grants, APolicyIsPutChangedAndTakenAway) {
    GrantRecord made = grant(1, 1);
    put(made);
    made.policy_json = "";
    made.created_at = made.updated_at = at(5'000);
    put(made);
    const auto found = find(1, PrincipalKind::kToken, 1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->project, made.project);
    EXPECT_EQ(found->kind, PrincipalKind::kToken);
    EXPECT_EQ(found->principal, made.principal);
    EXPECT_EQ(found->policy_json, "");
    EXPECT_EQ(found->created_at, at(1'500));
    EXPECT_EQ(found->updated_at, at(5'000));
    EXPECT_FALSE(find(1, PrincipalKind::kUser, 1));
    EXPECT_FALSE(find(2, PrincipalKind::kToken, 1));
    write([](Connection& db) {
        return delete_grant(db, id<ProjectId>(1), PrincipalKind::kToken, id<TokenId>(1).bytes);
    });
    EXPECT_FALSE(find(1, PrincipalKind::kToken, 1));
}

TEST_F(Grants, NeedTheirProject) {
    EXPECT_FALSE(store_->mutate(
        [](Transaction& transaction) { return put_grant(transaction.connection(), grant(9, 1)); }));
}

TEST_F(Grants, ComeInPagesByKindWithoutDeletedTokens) {
    for (std::uint64_t i = 1; i <= 5; ++i) {
        put(grant(1, i));
    }
    GrantRecord of_user = grant(1, 2);
    of_user.kind = PrincipalKind::kUser;
    put(of_user);
    put(grant(2, 1));
    TokenRecord gone = token(2);
    gone.deleted_at = at(3'000);
    write([&](Connection& db) { return update_token(db, gone); });
    const auto list = [&](const GrantQuery& query) {
        return tokens_of(
            ask<std::vector<GrantRecord>>([&](Connection& db) { return list_grants(db, query); }));
    };
    using Numbers = std::vector<std::uint64_t>;
    GrantQuery query{.project = id<ProjectId>(1)};
    EXPECT_EQ(list(query), (Numbers{1, 3, 4, 5}));
    query.limit = 2;
    query.after = id<TokenId>(1).bytes;
    EXPECT_EQ(list(query), (Numbers{3, 4}));
    EXPECT_EQ(list({.project = id<ProjectId>(1), .kind = PrincipalKind::kUser}), Numbers{2});
    EXPECT_EQ(list({.project = id<ProjectId>(3)}), Numbers{});
}

TEST_F(Grants, OfATokenAreThoseInProjectsThatAreNotDeleted) {
    for (std::uint64_t i = 1; i <= 3; ++i) {
        put(grant(i, 1));
    }
    put(grant(1, 2));
    const auto found = ask<std::vector<GrantRecord>>(
        [](Connection& db) { return grants_of(db, PrincipalKind::kToken, id<TokenId>(1).bytes); });
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].project, id<ProjectId>(1));
    EXPECT_EQ(found[1].project, id<ProjectId>(2));
}

TEST_F(Grants, OfAnOwnersTokensInAProjectAreFoundTogether) {
    put(grant(1, 1));
    put(grant(1, 3));
    put(grant(1, 5));  // another's
    put(grant(2, 2));  // elsewhere
    GrantRecord his_own = grant(1, 4);
    his_own.kind = PrincipalKind::kUser;  // a user whose id is a token's
    put(his_own);
    const auto found = ask<std::vector<GrantRecord>>(
        [](Connection& db) { return grants_of_owner(db, id<ProjectId>(1), id<UserId>(1)); });
    EXPECT_EQ(tokens_of(found), (std::vector<std::uint64_t>{1, 3}));
}

TEST_F(Grants, EveryOneIsVisitedButThoseThatCountNoMore) {
    put(grant(2, 1));
    put(grant(1, 1));
    put(grant(1, 4));
    put(grant(3, 1));  // in a deleted project
    GrantRecord of_user = grant(1, 2);
    of_user.kind = PrincipalKind::kUser;
    put(of_user);
    TokenRecord gone = token(4);
    gone.deleted_at = at(3'000);
    write([&](Connection& db) { return update_token(db, gone); });
    std::vector<GrantRecord> visited;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_grant(db, [&](const GrantRecord& found) -> Status {
            visited.push_back(found);
            return {};
        });
    }));
    ASSERT_EQ(visited.size(), 3U);
    EXPECT_EQ(visited[0].project, id<ProjectId>(1));
    EXPECT_EQ(visited[0].kind, PrincipalKind::kToken);
    EXPECT_EQ(visited[1].kind, PrincipalKind::kUser);
    EXPECT_EQ(visited[1].principal, id<UserId>(2).bytes);
    EXPECT_EQ(visited[2].project, id<ProjectId>(2));
    EXPECT_EQ(visited[2].policy_json, grant(2, 1).policy_json);
}

TEST_F(Grants, AKeyOfAKeyTokenKeepsItsJwkAndTakesANewName) {
    SecretRecord key = testing::secret(1);
    key.kid = "kid-1";
    key.public_jwk = R"({"kty":"EC"})";
    SecretRecord plain = testing::secret(2);
    plain.kid = "kid-1";  // signed by ours of that name
    write([&](Connection& db) -> Status {
        TRY(insert_secret(db, key));
        return insert_secret(db, plain);
    });
    // A holder's name for a key of his own must not keep our key alive.
    EXPECT_EQ(ask<std::uint64_t>(
                  [](Connection& db) { return count_live_secrets_of_key(db, "kid-1", at(2'500)); }),
              1U);
    std::vector<std::string> jwks;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_live_secret(db, [&](const TokenRecord&, const SecretRecord& secret) {
            jwks.push_back(secret.public_jwk);
            return Status{};
        });
    }));
    EXPECT_EQ(jwks, (std::vector<std::string>{key.public_jwk, ""}));
    key.kid = "laptop";
    key.public_jwk = R"({"kty":"EC","kid":"laptop"})";
    write([&](Connection& db) { return update_secret(db, key); });
    const auto found = ask<std::vector<SecretRecord>>(
        [](Connection& db) { return secrets_of(db, id<TokenId>(1)); });
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kid, "laptop");
    EXPECT_EQ(found[0].public_jwk, key.public_jwk);
    EXPECT_EQ(found[0].digest, key.digest);
    EXPECT_EQ(found[0].state, SecretState::kLive);
}

}  // namespace
}  // namespace latchkey::store
