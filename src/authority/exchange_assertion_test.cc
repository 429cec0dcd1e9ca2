#include "authority/exchange_assertion.h"

#include <atomic>
#include <thread>

#include "authority/maintenance.h"
#include "authority/testing_keys.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class ExchangeAssertionTest : public testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        project_ = testing::project_of(*this, as_alice_, "shop");
        holder_.emplace(testing::key_token(*this, as_alice_, {project_}));
    }
    DecidedAccess decide(const AccessRequest& asked = {}) {
        const auto client = prove_client(*authority, holder_->assertion(clock.now()));
        EXPECT_TRUE(client) << client.error().detail;
        auto decided = decide_access(*authority, *reader, *client, asked);
        EXPECT_TRUE(decided) << decided.error().message << decided.error().detail;
        return std::move(*decided);
    }
    Status use(const DecidedAccess& decided) {
        return authority->store().mutate(
            [&](store::Transaction& tx) { return use_assertion(tx, decided); });
    }

    std::string project_;
    std::optional<testing::KeyHolder> holder_;
};

TEST_F(ExchangeAssertionTest, OfManyUsesAtOnceExactlyOneSucceedsAndNoneIsAnEvent) {
    const auto decided = decide();
    const auto before = revision();
    std::atomic<int> succeeded{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 250; ++i) {
                store::Mutation mutation;
                mutation.work = [&](store::Transaction& tx) { return use_assertion(tx, decided); };
                mutation.done = [&](Status status) {
                    succeeded += status ? 1 : 0;
                    ++done;
                };
                authority->store().submit(std::move(mutation));
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_FALSE(use(decided));  // behind all of them
    EXPECT_EQ(done, 1000);
    EXPECT_EQ(succeeded, 1);
    EXPECT_EQ(revision(), before);
}

TEST_F(ExchangeAssertionTest, NothingIsGrantedAfterTheAnswerToARevocation) {
    const auto decided = decide();
    ASSERT_TRUE(change(as_alice_, holder_->token.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(reason_of(use(decided)), kDecideAgain);
    const auto client = prove_client(*authority, holder_->assertion(clock.now())).value();
    EXPECT_EQ(reason_of(decide_access(*authority, *reader, client, {})), "invalid_client");
}

TEST_F(ExchangeAssertionTest, NothingWiderIsGrantedAfterTheAnswerToANarrowing) {
    const auto client = prove_client(*authority, holder_->assertion(clock.now())).value();
    auto decided = decide_access(*authority, *reader, client, {}).value();
    EditUser demoted;
    demoted.roles = {{"verifier"}};
    ASSERT_TRUE(edit(as_admin_, alice_.id, demoted));
    EXPECT_EQ(reason_of(use(decided)), kDecideAgain);
    // Nothing was used up: the same assertion is decided anew, by what is true now.
    decided = decide_access(*authority, *reader, client, {}).value();
    EXPECT_EQ(decided.claims.scopes.to_text(), "");
    EXPECT_TRUE(use(decided));
    decided = decide();
    testing::project_of(*this, as_bob_, "another's");  // of a project it is not known whose it is
    EXPECT_EQ(reason_of(use(decided)), kDecideAgain);
}

TEST_F(ExchangeAssertionTest, AnotherEventMeanwhileChangesNothing) {
    const auto decided = decide();
    const auto other = testing::key_token(*this, as_alice_, {project_});
    ASSERT_TRUE(change(as_alice_, other.token.uuid(), TokenChange::kRevoke));
    EditUser renamed;
    renamed.name = "Robert";
    ASSERT_TRUE(edit(as_admin_, bob_.id, renamed));
    EXPECT_TRUE(use(decided));
}

TEST_F(ExchangeAssertionTest, OfRotationsOnlyThatOfALeakedKeyChangesSomething) {
    const auto rotate = [&](Rotation rotation) {
        return authority->store().mutate([&](store::Transaction& tx) {
            return rotate_keys(authority->keys(), tx, "system", rotation);
        });
    };
    const auto decided = decide();
    ASSERT_TRUE(rotate(Rotation::kOrderly));
    EXPECT_TRUE(use(decided));
    const auto next = decide();
    ASSERT_TRUE(rotate(Rotation::kEmergency));
    EXPECT_EQ(reason_of(use(next)), kDecideAgain);
}

TEST_F(ExchangeAssertionTest, WhenMuchHappenedMeanwhileItIsDecidedAgain) {
    const auto decided = decide();
    for (int i = 0; i < 50; ++i) {
        token(as_bob_, "billing", {}, store::TokenKind::kOpaque);
    }
    EXPECT_EQ(reason_of(use(decided)), kDecideAgain);
}

TEST_F(ExchangeAssertionTest, WhatWasRefusedMayBeTriedAgainAndWhatWasUsedMayNot) {
    const auto text = holder_->assertion(clock.now());
    const auto client = prove_client(*authority, text).value();
    AccessRequest asked;
    asked.project = ProjectId{};
    EXPECT_EQ(reason_of(decide_access(*authority, *reader, client, asked)), "invalid_target");
    asked.project.reset();
    const auto decided = decide_access(*authority, *reader, client, asked).value();
    EXPECT_TRUE(use(decided));
    EXPECT_EQ(reason_of(use(decided)), "invalid_client");
}

TEST_F(ExchangeAssertionTest, TheSameJtiOfAnotherTokenIsAnotherAssertion) {
    const auto other = testing::key_token(*this, as_alice_, {project_});
    auto claims = holder_->claims(clock.now());
    const auto use_of = [&](const testing::KeyHolder& holder) {
        claims["iss"] = claims["sub"] = holder.token.uuid();
        const auto client = prove_client(*authority, holder.sign(holder.header(), claims)).value();
        return use(decide_access(*authority, *reader, client, {}).value());
    };
    EXPECT_TRUE(use_of(*holder_));
    EXPECT_TRUE(use_of(other));
    EXPECT_FALSE(use_of(other));
}

TEST_F(ExchangeAssertionTest, MarksGoWhenTheirAssertionsAreLongDead) {
    const auto decided = decide();
    ASSERT_TRUE(use(decided));
    clock.advance(std::chrono::hours(1));
    ASSERT_TRUE(tidy_up(*authority));
    std::size_t left = 0;
    ASSERT_TRUE(authority->store().read([&](store::Connection& db) {
        return store::for_each_assertion(db, [&](const Digest&, Timestamp) {
            ++left;
            return Status{};
        });
    }));
    EXPECT_EQ(left, 0U);
}

TEST_F(ExchangeAssertionTest, NoErrorRepeatsTheAssertion) {
    auto wrong = *holder_;
    wrong.key = PrivateKey::generate(Algorithm::kEs256);
    const auto text = wrong.assertion(clock.now());
    const auto refused = prove_client(*authority, text);
    ASSERT_FALSE(refused);
    for (const auto& said : {refused.error().message, refused.error().detail}) {
        EXPECT_EQ(said.find(text.substr(0, 12)), std::string::npos) << said;
        EXPECT_EQ(said.find(text.substr(text.size() - 12)), std::string::npos) << said;
    }
    EXPECT_NE(refused.error().detail.find(holder_->token.uuid()), std::string::npos);
}

}  // namespace
}  // namespace latchkey::authority
