#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"
#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::draft;
using testing::id;
using testing::StoreTest;

class Events : public StoreTest {};

TEST_F(Events, CarryTheNextRevisionAndAHashOverTheOneBefore) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_TRUE(append("c.d"));
    const auto events =
        ask<std::vector<Event>>([](Connection& db) { return list_events(db, EventQuery{}); });
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].revision, 1U);
    EXPECT_EQ(events[1].revision, 2U);
    EXPECT_EQ(events[0].hash, sha256(std::string(32, '\0'), events[0].body));
    EXPECT_EQ(events[1].hash, sha256(as_text(events[0].hash), events[1].body));
    EXPECT_EQ(events[1].body,
              R"({"actor":"system","at":"2027-01-15T08:00:00.000Z","data":{},"epoch":1,)"
              R"("revision":2,"type":"c.d"})");
    const FeedHead newest = head();
    EXPECT_EQ(newest.revision, 2U);
    EXPECT_EQ(newest.hash, events[1].hash);
    EXPECT_EQ(newest.at, events[1].at);
}

TEST_F(Events, AreToldInOrderBeforeTheCallerIs) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_EQ(committed_.size(), 1U);  // when mutate() returned
    ASSERT_TRUE(append("a.c"));
    ASSERT_EQ(committed_.size(), 2U);
    EXPECT_EQ(committed_[1].revision, 2U);
    EXPECT_EQ(committed_[1].type, "a.c");
}

TEST_F(Events, NeverGoBackInTimeAndCountWholeMilliseconds) {
    clock_.jump_to(Timestamp::from_microseconds(1'900'000'000'123'456));
    ASSERT_TRUE(append("a.b"));
    clock_.jump_to(Timestamp::from_seconds(1'800'000'000));
    ASSERT_TRUE(append("a.b"));
    EXPECT_EQ(committed_[0].at.microseconds(), 1'900'000'000'123'000);
    EXPECT_EQ(committed_[1].at, committed_[0].at);
    reopen();
    ASSERT_TRUE(append("a.b"));
    EXPECT_EQ(committed_[2].at, committed_[0].at);
}

TEST_F(Events, TwoInOneMutationAreABugThatChangesNothing) {
    const Status status = store_->mutate([](Transaction& transaction) -> Status {
        TRY(transaction.append_event(draft("a.b")));
        TRY(transaction.append_event(draft("a.c")));
        return {};
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInternal);
    EXPECT_EQ(head().revision, 0U);
    EXPECT_TRUE(committed_.empty());
}

TEST_F(Events, AreFilteredByTypeFamilyTokenOwnerAndActor) {
    const auto add = [&](std::string type, std::uint64_t token, std::uint64_t owner,
                         std::string actor) {
        ASSERT_TRUE(store_->mutate([&](Transaction& transaction) -> Status {
            EventDraft event = draft(type);
            event.actor = actor;
            if (token != 0) event.token = id<TokenId>(token);
            if (owner != 0) event.owner = id<UserId>(owner);
            TRY(transaction.append_event(std::move(event)));
            return {};
        }));
    };
    add("token.created", 1, 7, "user/7");
    add("token.created", 2, 8, "user/8");
    add("token.revoked", 1, 7, "user/8");
    add("tokens.other", 0, 0, "system");
    add("user.created", 0, 7, "system");
    const auto revisions = [&](const EventQuery& query) {
        std::string text;
        for (const Event& event :
             ask<std::vector<Event>>([&](Connection& db) { return list_events(db, query); })) {
            text += std::to_string(event.revision);
        }
        return text;
    };
    EventQuery query;
    EXPECT_EQ(revisions(query), "12345");
    query.limit = 2;
    query.after = 1;
    EXPECT_EQ(revisions(query), "23");
    query = {};
    query.type = "token.created";
    EXPECT_EQ(revisions(query), "12");
    query.type = "token.";
    EXPECT_EQ(revisions(query), "123");
    query.token = id<TokenId>(1);
    EXPECT_EQ(revisions(query), "13");
    query.owner = id<UserId>(8);
    EXPECT_EQ(revisions(query), "");
    query = {};
    query.owner = id<UserId>(7);
    EXPECT_EQ(revisions(query), "135");
    query.actor = "user/8";
    EXPECT_EQ(revisions(query), "3");
    query = {};
    query.after = ~std::uint64_t{0};
    EXPECT_EQ(revisions(query), "");
}

TEST_F(Events, ANewEpochIsInTheNextEventAndNeverGoesBack) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_TRUE(store_->mutate([](Transaction& transaction) -> Status {
        TRY(begin_epoch(transaction.connection(), 5));
        TRY(transaction.append_event(draft("store.restored")));
        return {};
    }));
    ASSERT_TRUE(append("a.b"));
    EXPECT_EQ(committed_[0].epoch, 1U);
    EXPECT_EQ(committed_[1].epoch, 5U);
    EXPECT_EQ(committed_[2].epoch, 5U);
    EXPECT_EQ(head().epoch, 5U);
    const Status back = store_->mutate(
        [](Transaction& transaction) { return begin_epoch(transaction.connection(), 5); });
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ErrorCode::kConflict);
    EXPECT_EQ(integrity(), "3 events, 0 tokens");
}

TEST_F(Events, AnEpochOfARolledBackMutationIsForgotten) {
    EXPECT_FALSE(store_->mutate([](Transaction& transaction) -> Status {
        TRY(begin_epoch(transaction.connection(), 5));
        TRY(transaction.append_event(draft("store.restored")));
        return Error{ErrorCode::kConflict, "no"};
    }));
    ASSERT_TRUE(append("a.b"));
    EXPECT_EQ(committed_.back().epoch, 1U);
    EXPECT_EQ(committed_.back().revision, 1U);
}

// Whatever succeeds, fails, throws or appends nothing: the log has the successes, in order,
// without a gap, and the chain holds.
TEST_F(Events, TheLogIsExactlyWhatSucceeded) {
    enum Kind { kAppend, kFail, kThrow, kSilent };
    rc::check([&] {
        const auto kinds = *rc::gen::container<std::vector<Kind>>(
            rc::gen::element(kAppend, kAppend, kFail, kThrow, kSilent));
        const std::size_t before = committed_.size();
        std::vector<std::string> expected;
        std::vector<std::future<Status>> answers;
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            const std::string type = "case." + std::to_string(before) + "." + std::to_string(i);
            if (kinds[i] == kAppend) expected.push_back(type);
            auto promise = std::make_shared<std::promise<Status>>();
            answers.push_back(promise->get_future());
            Mutation mutation;
            mutation.work = [kind = kinds[i], type](Transaction& transaction) -> Status {
                if (kind == kSilent) return {};
                TRY(transaction.append_event(draft(type)));
                if (kind == kThrow) throw std::runtime_error("as a bug would");
                if (kind == kFail) return Error{ErrorCode::kConflict, "no"};
                return {};
            };
            mutation.done = [promise](Status status) { promise->set_value(std::move(status)); };
            store_->submit(std::move(mutation));
        }
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            const bool is_success = kinds[i] == kAppend || kinds[i] == kSilent;
            RC_ASSERT(answers[i].get().has_value() == is_success);
        }
        RC_ASSERT(committed_.size() == before + expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            RC_ASSERT(committed_[before + i].type == expected[i]);
            RC_ASSERT(committed_[before + i].revision == before + i + 1);
        }
    });
    EXPECT_EQ(integrity(), std::to_string(committed_.size()) + " events, 0 tokens");
}

}  // namespace
}  // namespace latchkey::store
