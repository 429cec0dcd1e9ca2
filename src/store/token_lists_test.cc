#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::id;
using testing::StoreTest;
using testing::token;

// Five tokens of user 1 and one of user 2; "now" is 5000.
class TokenLists : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        write([](Connection& db) -> Status {
            TRY(insert_user(db, testing::user(2)));
            for (std::uint64_t i = 1; i <= 7; ++i) {
                TokenRecord made = token(i);
                made.name = std::string(1, static_cast<char>('z' - i));
                if (i == 2 || i == 3) made.expires_at = at(5'000);
                if (i == 3 || i == 4) made.state = TokenState::kSuspended;
                if (i == 5) made.state = TokenState::kRevoked;
                if (i == 6) made.owner = id<UserId>(2);
                if (i == 7) made.deleted_at = at(4'000);
                TRY(insert_token(db, made));
                TRY(insert_secret(db, testing::secret(i)));
            }
            return add_usage(db, UsageRecord{id<TokenId>(4), at(4'500), "::1", "", 1, 0});
        });
        query_.now = at(5'000);
    }

    std::string listed() {
        std::string text;
        for (const auto& row : rows()) {
            text += std::to_string(row.token.id.bytes[15]);
        }
        return text;
    }
    std::vector<ListedToken> rows() {
        return ask<std::vector<ListedToken>>(
            [&](Connection& db) { return list_tokens(db, query_); });
    }

    TokenQuery query_;
};

TEST_F(TokenLists, EveryTokenIsInExactlyOneStateInTheJudgesOrder) {
    EXPECT_EQ(listed(), "654321");
    query_.filter = TokenFilter::kActive;
    EXPECT_EQ(listed(), "61");
    query_.filter = TokenFilter::kExpired;
    EXPECT_EQ(listed(), "32");
    query_.filter = TokenFilter::kSuspended;
    EXPECT_EQ(listed(), "4");
    query_.filter = TokenFilter::kRevoked;
    EXPECT_EQ(listed(), "5");
}

TEST_F(TokenLists, AnOwnerSeesOnlyTheirOwn) {
    query_.owner = id<UserId>(2);
    EXPECT_EQ(listed(), "6");
    query_.sort = TokenSort::kOldest;
    query_.owner = id<UserId>(1);
    EXPECT_EQ(listed(), "12345");
    query_.sort = TokenSort::kName;
    EXPECT_EQ(listed(), "54321");
}

TEST_F(TokenLists, PagesFollowEachOtherInEveryOrder) {
    for (const auto& owner : {std::optional<UserId>{}, std::optional{id<UserId>(1)}}) {
        for (const TokenSort sort :
             {TokenSort::kNewest, TokenSort::kOldest, TokenSort::kName, TokenSort::kExpiry,
              TokenSort::kIdlest, TokenSort::kLatestUsed}) {
            query_ = TokenQuery{};
            query_.now = at(5'000);
            query_.owner = owner;
            query_.sort = sort;
            const std::string whole = listed();
            std::string paged;
            query_.limit = 2;
            while (true) {
                const auto page = rows();
                paged += listed();
                if (page.size() < query_.limit) break;
                query_.after = page.back().token.id;
                query_.after_key = sort_key(page.back(), sort);
            }
            EXPECT_EQ(paged, whole);
            EXPECT_EQ(whole.size(), owner ? 5U : 6U);
        }
    }
}

TEST_F(TokenLists, AreSortedByExpiryAndByLastUse) {
    query_.sort = TokenSort::kExpiry;
    EXPECT_EQ(listed(), "231456");
    query_.sort = TokenSort::kIdlest;
    EXPECT_EQ(listed(), "123564");
    query_.sort = TokenSort::kLatestUsed;
    EXPECT_EQ(listed(), "465321");
    query_.after = id<TokenId>(4);
    query_.after_key = "no number";
    EXPECT_FALSE(store_->query<std::vector<ListedToken>>(
        [&](Connection& db) { return list_tokens(db, query_); }));
}

TEST_F(TokenLists, AreFilteredByApiScopeTextUseAndExpiry) {
    const auto with = [&](const std::function<void(TokenQuery&)>& change) {
        query_ = TokenQuery{};
        query_.now = at(5'000);
        change(query_);
        return listed();
    };
    EXPECT_EQ(with([](auto& query) { query.api = id<ApiId>(1); }), "654321");
    EXPECT_EQ(with([](auto& query) { query.api = id<ApiId>(2); }), "");
    EXPECT_EQ(with([](auto& query) { query.text = "Y"; }), "1");
    EXPECT_EQ(with([](auto& query) { query.unused_since = at(1'999); }), "");
    EXPECT_EQ(with([](auto& query) { query.unused_since = at(2'000); }), "65321");
    EXPECT_EQ(with([](auto& query) { query.unused_since = at(4'500); }), "654321");
    EXPECT_EQ(with([](auto& query) { query.expires_before = at(5'000); }), "32");
    EXPECT_EQ(with([](auto& query) {
                  query.filter = TokenFilter::kExpiring;
                  query.now = at(4'000);
              }),
              "2");
    EXPECT_EQ(with([](auto& query) { query.scope = "license:read"; }), "654321");
    EXPECT_EQ(with([](auto& query) { query.scope = "license:delete"; }), "");
}

TEST_F(TokenLists, AScopeIsFoundBehindAPatternAndPagesStayWhole) {
    write([](Connection& db) -> Status {
        for (std::uint64_t i = 100; i < 200; ++i) {
            TokenRecord made = token(i);
            if (i % 10 == 0) made.scopes = {"log:*"};
            if (i % 10 == 1) made.scopes.reset();
            TRY(insert_token(db, made));
        }
        return {};
    });
    query_.scope = "log:write";
    query_.limit = 4;
    std::size_t found = 0;
    while (true) {
        const auto page = rows();
        found += page.size();
        if (page.size() < query_.limit) break;
        query_.after = page.back().token.id;
    }
    EXPECT_EQ(found, 10U);
}

TEST_F(TokenLists, OfAProjectAreItsOwnAndThoseWithAPlaceInIt) {
    write([](Connection& db) -> Status {
        TRY(insert_project(db, testing::project(2)));
        return put_grant(db, testing::grant(2, 1));
    });
    query_.project = id<ProjectId>(2);
    EXPECT_EQ(listed(), "61");  // user 2 stands for project 2: they have one id
}

TEST_F(TokenLists, ShowWhenATokenWasLastUsed) {
    query_.filter = TokenFilter::kSuspended;
    EXPECT_EQ(rows().at(0).last_used_at, at(4'500));
    query_.filter = TokenFilter::kRevoked;
    EXPECT_EQ(rows().at(0).last_used_at, std::nullopt);
}

TEST_F(TokenLists, APageHasAtMostTwoHundred) {
    write([](Connection& db) -> Status {
        for (std::uint64_t i = 100; i < 350; ++i) {
            TRY(insert_token(db, token(i)));
        }
        return {};
    });
    query_.limit = 5'000;
    EXPECT_EQ(rows().size(), 200U);
}

TEST_F(TokenLists, SuspendingAllLeavesRevokedAndDeletedAlone) {
    write([](Connection& db) -> Status {
        const std::uint64_t count = TRY(suspend_all_tokens(db, at(6'000), "restored"));
        EXPECT_EQ(count, 3U);
        return {};
    });
    query_.filter = TokenFilter::kActive;
    EXPECT_EQ(listed(), "");
    query_.filter = TokenFilter::kRevoked;
    EXPECT_EQ(listed(), "5");
}

class LiveSecrets : public StoreTest {
protected:
    std::string visited() {
        std::string text;
        const Status status = store_->read([&](Connection& db) {
            return for_each_live_secret(
                db, [&](const TokenRecord& token, const SecretRecord& secret) -> Status {
                    EXPECT_EQ(token.id, secret.token);
                    EXPECT_TRUE(token.name.empty());
                    text += std::to_string(token.id.bytes[15]) + "." +
                            std::to_string(secret.generation) + " ";
                    return {};
                });
        });
        EXPECT_TRUE(status);
        return text;
    }
};

TEST_F(LiveSecrets, OnlyTheLongDeadAreLeftOut) {
    clock_.jump_to(at(5'000));
    write([](Connection& db) -> Status {
        for (std::uint64_t i = 1; i <= 6; ++i) {
            TokenRecord made = token(i);
            if (i == 2) made.state = TokenState::kRevoked;
            if (i == 3 || i == 4) made.deleted_at = at(3'000);
            if (i == 5) made.state = TokenState::kRevoked;
            if (i >= 4) made.expires_at = at(i == 4 ? 5'001 : 4'000);
            TRY(insert_token(db, made));
            TRY(insert_secret(db, testing::secret(i)));
        }
        SecretRecord rotated = testing::secret(1, 2);
        rotated.state = SecretState::kRevoked;
        return insert_secret(db, rotated);
    });
    ASSERT_TRUE(append("a.b"));
    // 5: revoked and expired. 6: expired only, which an extension may still change.
    EXPECT_EQ(visited(), "1.1 1.2 2.1 3.1 4.1 6.1 ");
}

TEST_F(LiveSecrets, CarryAllThatAVerdictNeedsThoughTheRecordsAreUsedAgain) {
    write([](Connection& db) -> Status {
        TokenRecord first = token(1);
        first.allowed_ips = {"10.0.0.1"};
        first.not_before = at(2'000);
        first.rate = {7, 1};
        first.expires_at = at(9'000);
        TokenRecord second = token(2);
        second.scopes.reset();
        TRY(insert_token(db, first));
        TRY(insert_token(db, second));
        SecretRecord jwt = testing::secret(1);
        jwt.kid = "key-1";
        jwt.status_index = 12;
        jwt.must_ask = true;
        TRY(insert_secret(db, jwt));
        return insert_secret(db, testing::secret(2));
    });
    std::vector<std::pair<TokenRecord, SecretRecord>> rows;
    ASSERT_TRUE(store_->read([&](Connection& db) {
        return for_each_live_secret(
            db, [&](const TokenRecord& token, const SecretRecord& secret) -> Status {
                rows.emplace_back(token, secret);
                return {};
            });
    }));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].first.scopes, token(1).scopes);
    EXPECT_EQ(rows[0].first.allowed_ips.size(), 1U);
    EXPECT_EQ(rows[0].first.expires_at, at(9'000));
    EXPECT_EQ(rows[0].first.not_before, at(2'000));
    EXPECT_EQ(rows[0].first.rate.requests, 7U);
    EXPECT_EQ(rows[1].first.not_before, std::nullopt);
    EXPECT_FALSE(rows[1].first.rate.is_set());
    EXPECT_TRUE(rows[0].second.must_ask);
    EXPECT_FALSE(rows[1].second.must_ask);
    EXPECT_EQ(rows[0].second.kid, "key-1");
    EXPECT_EQ(rows[0].second.status_index, 12U);
    EXPECT_EQ(rows[1].first.scopes, std::nullopt);
    EXPECT_TRUE(rows[1].first.allowed_ips.empty());
    EXPECT_EQ(rows[1].first.expires_at, std::nullopt);
    EXPECT_EQ(rows[1].second.kid, "");
    EXPECT_EQ(rows[1].second.status_index, std::nullopt);
    EXPECT_EQ(rows[1].second.digest, testing::digest(2));
}

TEST_F(LiveSecrets, AreCountedForTheKeyThatSignedThem) {
    write([](Connection& db) -> Status {
        for (std::uint64_t i = 1; i <= 3; ++i) {
            TokenRecord made = token(i);
            if (i == 2) made.expires_at = at(4'000);
            if (i == 3) made.state = TokenState::kRevoked;
            SecretRecord secret = testing::secret(i);
            secret.kid = "key-1";
            TRY(insert_token(db, made));
            TRY(insert_secret(db, secret));
        }
        return {};
    });
    const auto count = [&](std::int64_t now) {
        return ask<std::uint64_t>(
            [=](Connection& db) { return count_live_secrets_of_key(db, "key-1", at(now)); });
    };
    EXPECT_EQ(count(3'999), 2U);
    EXPECT_EQ(count(4'000), 1U);
}

}  // namespace
}  // namespace latchkey::store
