#include "store/sqlite/writer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/turns.h"
#include "store/commit_count.h"
#include "store/tables.h"

namespace latchkey::store::sqlite {
namespace {

// 16 MiB of log before it is copied into the database: seldom enough to be cheap per change, often
// enough that the start after a crash stays short.
constexpr int kCheckpointPages = 4'096;
// A log that could not be emptied for so long (a reader stood in the way) is emptied by force.
constexpr int kLogPagesMax = 16 * kCheckpointPages;
constexpr std::chrono::seconds kProbeInterval{1};
constexpr std::size_t kReplayPage = 200;

Error overloaded() {
    Error error =
        Error{ErrorCode::kUnavailable, "too many changes are waiting"}.with_reason("overloaded");
    error.retry_after_seconds = 1;
    return error;
}

Error closed() {
    return Error{ErrorCode::kUnavailable, "the store is closed"}.with_reason("closed");
}

Error outcome_unknown(const std::string& detail) {
    Error error =
        Error{ErrorCode::kUnavailable, "the disk failed while the change was being saved", detail}
            .with_reason("outcome_unknown")
            .with_hint("Look whether the change was made, or repeat it with its idempotency key.");
    error.retry_after_seconds = 1;
    return error;
}

std::vector<Pending*> pointers_to(std::vector<Pending>& batch) {
    std::vector<Pending*> pointers;
    pointers.reserve(batch.size());
    for (Pending& pending : batch) {
        pointers.push_back(&pending);
    }
    return pointers;
}

void refuse_all(std::span<Pending* const> group, const Error& error) {
    for (Pending* pending : group) {
        pending->result = error;
    }
}

}  // namespace

Writer::Writer(const StoreOptions& options, std::string path,
               std::unique_ptr<SqliteConnection> connection, const FeedHead& head,
               LongReads& long_reads)
    : options_(options),
      path_(std::move(path)),
      long_reads_(long_reads),
      reserve_(options.data_directory + "/reserve", options.reserve_bytes),
      connection_(std::move(connection)),
      head_(head),
      checkpoint_at_pages_(kCheckpointPages) {
    const Status reserved = reserve_.put_back();
    if (!reserved) {
        log::warning("no space can be set aside for a full disk",
                     {{"error", reserved.error().message}});
        is_out_of_space_ = reserved.error().code == ErrorCode::kOutOfSpace;
    }
    tell_state();
    thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
    stop();
}

void Writer::submit(Mutation mutation) {
    std::optional<Error> refusal;
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) {
            refusal = closed();
        } else if (queue_.size() >= kWaitingMax) {
            refusal = overloaded();
        } else {
            queue_.push_back(Pending{std::move(mutation), {}});
        }
    }
    if (refusal) {
        mutation.done(std::move(*refusal));
    } else {
        wake_.notify_one();
    }
}

void Writer::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::close_connection() {
    if (!connection_) return;
    const Status emptied = connection_->checkpoint(SqliteConnection::Checkpoint::kTruncate);
    if (!emptied) {
        // Nothing is lost: the next start reads the log.
        log::warning("the log could not be emptied", {{"error", emptied.error().detail}});
    }
    connection_.reset();
}

std::size_t Writer::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

// Empty when the thread may end, or when it only woke to look for room on the disk.
std::vector<Pending> Writer::take_batch() {
    std::unique_lock lock(mutex_);
    const auto is_due = [this] { return !queue_.empty() || is_stopping_; };
    if (is_out_of_space_ || !connection_) {
        wake_.wait_for(lock, kProbeInterval, is_due);
    } else {
        wake_.wait(lock, is_due);
    }
    std::vector<Pending> batch;
    batch.reserve(std::min(queue_.size(), kBatchMax));
    while (!queue_.empty() && batch.size() < kBatchMax) {
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return batch;
}

void Writer::run() {
    let_others_go_first();
    while (true) {
        std::vector<Pending> batch = take_batch();
        if (!batch.empty()) {
            commit(batch);
            continue;
        }
        {
            const std::lock_guard lock(mutex_);
            if (is_stopping_ && queue_.empty()) return;
        }
        if (!connection_) {
            const Status recovered = recover();
            if (!recovered) continue;
        }
        if (is_out_of_space_) static_cast<void>(has_room_again());
        tell_state();
    }
}

void Writer::tell_state() const {
    LastChange::set(!connection_       ? ChangeState::kFailed
                    : is_out_of_space_ ? ChangeState::kOutOfSpace
                                       : last_group_);
}

// Whoever is told anything is told after on_committed has run: publish() comes before done().
void Writer::commit(std::vector<Pending>& batch) {
    const std::vector<Pending*> group = pointers_to(batch);
    const Status usable = connection_ ? Status{} : recover();
    if (!usable) {
        refuse_all(group, usable.error());
    } else {
        commit_group(group);
    }
    tell_state();
    for (Pending& pending : batch) {
        pending.mutation.done(std::move(pending.result));
    }
    checkpoint_if_due();
}

void Writer::commit_group(std::span<Pending* const> group) {
    last_group_ = ChangeState::kTaken;
    // While space is short, ordinary changes would eat what is set aside for the urgent ones.
    if (is_out_of_space_ && !has_room_again()) {
        commit_without_space(group, Error{ErrorCode::kOutOfSpace, "the disk is full"}
                                        .with_reason("out_of_space")
                                        .with_hint("Free space on the volume of the data "
                                                   "directory; no restart is needed."));
        return;
    }
    Attempt attempt = attempt_batch(*connection_, *options_.clock, head_, group);
    switch (attempt.outcome) {
        case Outcome::kCommitted: publish(attempt); return;
        case Outcome::kNothing:
            last_group_ =
                attempt.error.reason == "database_busy" ? ChangeState::kBusy : ChangeState::kFailed;
            refuse_all(group, attempt.error);
            return;
        case Outcome::kNoSpace:
            is_out_of_space_ = true;
            log::error("the disk is full: changes are refused", {{"error", attempt.error.detail}});
            commit_without_space(group, attempt.error);
            return;
        case Outcome::kUnknown: break;
    }
    refuse_all(group, outcome_unknown(attempt.error.detail));
    log::error("a commit failed: the database is opened again", {{"error", attempt.error.detail}});
    connection_.reset();
    const Status recovered = recover();
    if (!recovered) {
        log::error("the database cannot be used", {{"error", recovered.error().detail}});
    }
}

void Writer::commit_without_space(std::span<Pending* const> group, const Error& error) {
    for (Pending* pending : group) {
        if (pending->mutation.is_urgent && connection_) {
            commit_urgent(*pending, error);
        } else {
            pending->result = error;
        }
    }
}

// Alone, so that it needs the least; once more after the reserve has been given up.
void Writer::commit_urgent(Pending& pending, const Error& error) {
    Pending* const alone[] = {&pending};
    Attempt attempt = attempt_batch(*connection_, *options_.clock, head_, alone);
    if (attempt.outcome == Outcome::kNoSpace && reserve_.release()) {
        log::warning("the reserve is given up for urgent changes");
        attempt = attempt_batch(*connection_, *options_.clock, head_, alone);
    }
    switch (attempt.outcome) {
        case Outcome::kCommitted: publish(attempt); return;
        case Outcome::kNothing: pending.result = attempt.error; return;
        case Outcome::kNoSpace: pending.result = error; return;
        case Outcome::kUnknown: break;
    }
    pending.result = outcome_unknown(attempt.error.detail);
    connection_.reset();
    const Status recovered = recover();
    if (!recovered) {
        log::error("the database cannot be used", {{"error", recovered.error().detail}});
    }
}

// The proof of room is the reserve back in its place and a commit that nobody needs.
bool Writer::has_room_again() {
    const Status reserved = reserve_.put_back();
    if (!reserved) return false;
    static_cast<void>(connection_->take_trouble());
    // A value that changes each time: SQLite writes no page that stays the same.
    const Status written = connection_->run(
        "INSERT INTO settings (key, value) VALUES ('space_probe', '1') ON CONFLICT (key)"
        " DO UPDATE SET value = CASE WHEN settings.value = '1' THEN '2' ELSE '1' END");
    if (!written) return false;
    is_out_of_space_ = false;
    log::info("the disk has room again");
    return true;
}

void Writer::publish(Attempt& attempt) {
    head_ = attempt.head;
    CommitCount::add();
    if (!attempt.events.empty() && options_.on_committed) options_.on_committed(attempt.events);
}

// After a failed sync the kernel may call pages clean that never reached the disk, and the log
// would be broken in its middle. A checkpoint that empties it writes every page anew and syncs it:
// only then may anything be acknowledged again. Who reads for minutes must not stand in its way.
Status Writer::open_again() {
    auto connection = TRY(SqliteConnection::open(path_, Access::kReadWrite));
    Status emptied = connection->checkpoint(SqliteConnection::Checkpoint::kTruncate);
    if (!emptied && emptied.error().reason == "database_busy") {
        long_reads_.make_way();
        emptied = connection->checkpoint(SqliteConnection::Checkpoint::kTruncate);
    }
    if (!emptied) return emptied;
    const FeedHead found = TRY(read_head(*connection));
    connection_ = std::move(connection);
    const Status replayed = replay_missed(found);
    if (!replayed) {
        connection_.reset();
        return replayed;
    }
    log::info("the database is open again", {{"revision", std::to_string(found.revision)}});
    return {};
}

// That a disk is full as well must not keep a failed one from taking a revocation.
Status Writer::recover() {
    Status opened = open_again();
    if (!opened && opened.error().code == ErrorCode::kOutOfSpace && reserve_.release()) {
        is_out_of_space_ = true;
        opened = open_again();
    }
    return opened;
}

// What a commit of unknown outcome did write is committed: the replica must see it in order.
Status Writer::replay_missed(const FeedHead& found) {
    const bool is_other = found.revision == head_.revision && found.hash != head_.hash;
    if (found.revision < head_.revision || is_other) {
        return Error{ErrorCode::kUnavailable, "the database file is damaged",
                     "events that were acknowledged are gone"}
            .with_reason("database_damaged");
    }
    while (head_.revision < found.revision) {
        EventQuery query;
        query.after = head_.revision;
        query.limit = kReplayPage;
        Attempt attempt;
        attempt.events = TRY(list_events(*connection_, query));
        if (attempt.events.empty()) {
            return Error{ErrorCode::kUnavailable, "the database file is damaged", "events missing"};
        }
        const Event& last = attempt.events.back();
        attempt.head = FeedHead{last.epoch, last.revision, last.hash, last.at};
        publish(attempt);
    }
    head_ = found;
    return {};
}

void Writer::checkpoint_if_due() {
    if (!connection_) return;
    const int pages = connection_->wal_pages();
    if (pages < log_pages_) checkpoint_at_pages_ = kCheckpointPages;  // the log began anew
    log_pages_ = pages;
    if (pages < checkpoint_at_pages_) return;
    const auto mode = pages >= kLogPagesMax ? SqliteConnection::Checkpoint::kTruncate
                                            : SqliteConnection::Checkpoint::kPassive;
    const Status done = connection_->checkpoint(mode);
    static_cast<void>(connection_->take_trouble());
    if (!done) log::warning("a checkpoint failed", {{"error", done.error().detail}});
    // When a reader keeps the log from beginning anew, the next try waits for as much again.
    checkpoint_at_pages_ = pages + kCheckpointPages;
}

}  // namespace latchkey::store::sqlite
