// For tests that try many changes inside one mutation which is rolled back: each is all or nothing,
// and its event goes to a replica of the test's own.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.h"
#include "store/store.h"
#include "verify/replica.h"

namespace latchkey::authority::testing {

// The rows are the mutation's own; the events go to a replica of the sequence.
class SequenceTransaction final : public store::Transaction {
public:
    SequenceTransaction(store::Transaction& outer, verify::Replica& replica)
        : outer_(outer), replica_(replica) {}

    store::Connection& connection() override { return outer_.connection(); }
    [[nodiscard]] Timestamp now() const override { return outer_.now(); }
    [[nodiscard]] store::FeedHead head() const override { return outer_.head(); }
    Result<std::uint64_t> append_event(store::EventDraft draft) override {
        drafts_.push_back(std::move(draft));
        return drafts_.size();
    }

    // A use case as a mutation of its own: all of it or nothing.
    Status attempt(const std::function<Status(store::Transaction&)>& work) {
        auto& db = outer_.connection();
        drafts_.clear();
        TRY(db.run("SAVEPOINT attempt"));
        auto done = work(*this);
        if (!done) {
            TRY(db.run("ROLLBACK TO attempt"));
            TRY(db.run("RELEASE attempt"));
            return done;
        }
        TRY(db.run("RELEASE attempt"));
        EXPECT_LE(drafts_.size(), 1U) << "one event a change";
        for (auto& draft : drafts_) {
            auto position = replica_.position();
            ++position.revision;
            TRY(replica_.apply(position, canonical_json(json::object{{"data", draft.data}})));
        }
        return {};
    }

private:
    store::Transaction& outer_;
    verify::Replica& replica_;
    std::vector<store::EventDraft> drafts_;
};

}  // namespace latchkey::authority::testing
