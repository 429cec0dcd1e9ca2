#include "store/sqlite/batch.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "store/tables.h"

namespace latchkey::store::sqlite {
namespace {

constexpr std::int64_t kMillisecond = 1'000;

Error engine_rolled_back() {
    return Error{ErrorCode::kUnavailable, "the change was rolled back"}.with_reason(
        "storage_error");
}

std::string canonical_body(EventDraft& draft, const Event& event) {
    json::object members;
    members["actor"] = event.actor;
    members["at"] = format_rfc3339(event.at);
    members["data"] = std::move(draft.data);
    members["epoch"] = event.epoch;
    members["revision"] = event.revision;
    members["type"] = event.type;
    return canonical_json(members);
}

Status insert_event(Connection& db, const Event& event) {
    Statement statement =
        TRY(db.prepare("INSERT INTO events (revision, epoch, at, type, actor, owner_id, token_id,"
                       " body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"));
    statement.bind(static_cast<std::int64_t>(event.revision))
        .bind(static_cast<std::int64_t>(event.epoch))
        .bind(event.at)
        .bind(std::string_view(event.type))
        .bind(std::string_view(event.actor))
        .bind(event.owner)
        .bind(event.token)
        .bind(std::string_view(event.body))
        .bind(event.hash);
    return statement.run();
}

// A restore may have begun another epoch within this very transaction.
Result<std::uint64_t> current_epoch(Connection& db) {
    Statement statement = TRY(db.prepare("SELECT epoch FROM feed_head WHERE id = 1"));
    const bool has_row = TRY(statement.step());
    CHECK(has_row);
    return static_cast<std::uint64_t>(statement.integer(0));
}

// What one mutation sees. The head is its own copy: the batch takes it over on success only.
class BatchTransaction final : public Transaction {
public:
    BatchTransaction(SqliteConnection& db, const FeedHead& head, Timestamp clock_now)
        : db_(db), head_(head) {
        const auto milliseconds = clock_now.microseconds() / kMillisecond;
        now_ = std::max(Timestamp::from_microseconds(milliseconds * kMillisecond), head.at);
    }

    Connection& connection() override { return db_; }
    Timestamp now() const override { return now_; }
    FeedHead head() const override { return head_; }

    Result<std::uint64_t> append_event(EventDraft draft) override {
        CHECK(!event_);  // one mutation, one event: a revision stands for one change
        Event event;
        event.epoch = TRY(current_epoch(db_));
        event.revision = head_.revision + 1;
        event.at = now_;
        event.type = std::move(draft.type);
        event.actor = std::move(draft.actor);
        event.owner = draft.owner;
        event.token = draft.token;
        event.body = canonical_body(draft, event);
        event.hash = sha256(as_text(head_.hash), event.body);
        TRY(insert_event(db_, event));
        head_ = FeedHead{event.epoch, event.revision, event.hash, event.at};
        event_ = std::move(event);
        return head_.revision;
    }

    std::optional<Event> take_event() { return std::exchange(event_, std::nullopt); }

private:
    SqliteConnection& db_;
    FeedHead head_;
    Timestamp now_;
    std::optional<Event> event_;
};

Status run_guarded(const Mutation& mutation, Transaction& transaction) {
    // One mutation's bug must not end the writer, on which everyone else depends.
    try {
        return mutation.work(transaction);
    } catch (const std::exception& failure) {
        return Error{ErrorCode::kInternal, "an internal error", failure.what()};
    }
}

Status write_head(Connection& db, const FeedHead& head) {
    Statement statement =
        TRY(db.prepare("UPDATE feed_head SET revision = $1, hash = $2, at = $3 WHERE id = 1"));
    statement.bind(static_cast<std::int64_t>(head.revision)).bind(head.hash).bind(head.at);
    return statement.run();
}

// An error here is one of the whole batch; a mutation's own is in its result.
Status run_one(SqliteConnection& db, const Clock& clock, Pending& pending, Attempt& attempt) {
    TRY(db.run("SAVEPOINT mutation"));
    BatchTransaction transaction(db, attempt.head, clock.now());
    pending.result = run_guarded(pending.mutation, transaction);
    // The engine ends the whole transaction on a full or failing disk, whether or not the work
    // told anyone.
    if (!db.is_in_transaction()) {
        return pending.result ? engine_rolled_back() : pending.result.error();
    }
    if (db.peek_trouble() != Trouble::kNone) {
        return pending.result ? engine_rolled_back() : pending.result.error();
    }
    if (!pending.result) TRY(db.run("ROLLBACK TO mutation"));
    TRY(db.run("RELEASE mutation"));
    if (!pending.result) return {};
    if (auto event = transaction.take_event()) {
        attempt.head = transaction.head();
        attempt.events.push_back(std::move(*event));
    }
    return {};
}

Status run_all(SqliteConnection& db, const Clock& clock, std::span<Pending* const> batch,
               Attempt& attempt) {
    TRY(db.run("BEGIN IMMEDIATE"));
    for (Pending* pending : batch) {
        TRY(run_one(db, clock, *pending, attempt));
    }
    if (attempt.events.empty()) return {};
    return write_head(db, attempt.head);
}

}  // namespace

Attempt attempt_batch(SqliteConnection& db, const Clock& clock, const FeedHead& head,
                      std::span<Pending* const> batch) {
    Attempt attempt;
    attempt.head = head;
    static_cast<void>(db.take_trouble());
    Status status = run_all(db, clock, batch, attempt);
    const bool is_commit_reached = status.has_value();
    if (status) status = db.run("COMMIT");
    if (status) {
        attempt.outcome = Outcome::kCommitted;
        return attempt;
    }
    const Trouble trouble = db.take_trouble();
    bool is_rolled_back = !db.is_in_transaction();
    if (!is_rolled_back) is_rolled_back = db.run("ROLLBACK").has_value();
    attempt.error = std::move(status).error();
    attempt.events.clear();
    attempt.head = head;
    // However the COMMIT failed (no memory for the index of the log is enough), only a write that
    // found no space says that it is not there.
    if (!is_rolled_back || (is_commit_reached && trouble != Trouble::kNoSpace)) {
        attempt.outcome = Outcome::kUnknown;
    } else {
        attempt.outcome = trouble == Trouble::kNoSpace ? Outcome::kNoSpace : Outcome::kNothing;
    }
    return attempt;
}

}  // namespace latchkey::store::sqlite
