#include "store/sqlite/long_read.h"

#include <chrono>
#include <exception>

#include <fmt/format.h>

namespace latchkey::store::sqlite {
namespace {

constexpr int kStepsBetweenLooks = 1'000;
constexpr std::chrono::milliseconds kBetweenInterrupts{20};

}  // namespace

Status LongRead::run(const std::string& path,
                     const std::function<Status(SqliteConnection&)>& work) {
    TRY(begin());
    // However it ends, the next one may begin.
    try {
        return end(work_alone(path, work));
    } catch (const std::exception& failure) {
        return end(Error{ErrorCode::kInternal, what_ + " failed", failure.what()});
    }
}

Status LongRead::begin() {
    const std::lock_guard lock(mutex_);
    if (is_closed_) {
        return Error{ErrorCode::kUnavailable, "the store is closed"}.with_reason("closed");
    }
    if (is_running_) {
        return Error{ErrorCode::kConflict, what_ + " is running already"}
            .with_reason("already_running")
            .with_hint("Wait until it has ended, and ask again.");
    }
    is_running_ = true;
    is_told_to_end_ = false;
    return {};
}

Status LongRead::work_alone(const std::string& path,
                            const std::function<Status(SqliteConnection&)>& work) {
    const auto connection = TRY(SqliteConnection::open(path, Access::kReadOnly));
    sqlite3_progress_handler(
        connection->handle(), kStepsBetweenLooks,
        [](void* self) { return static_cast<LongRead*>(self)->is_told_to_end() ? 1 : 0; }, this);
    // One moment; closing the connection ends it.
    TRY(connection->run("BEGIN"));
    struct Interruptible {
        LongRead& self;
        ~Interruptible() { self.may_be_interrupted(nullptr); }
    } const before_it_closes{*this};
    may_be_interrupted(connection->handle());
    return work(*connection);
}

void LongRead::may_be_interrupted(sqlite3* handle) {
    const std::lock_guard lock(mutex_);
    handle_ = handle;
}

// A check of pages that was interrupted finds pages that nobody refers to, or nothing wrong.
Status LongRead::end(Status done) {
    const std::lock_guard lock(mutex_);
    is_running_ = false;
    handle_ = nullptr;
    ended_.notify_all();
    if (!is_told_to_end_) return done;
    if (is_closed_) {
        return Error{ErrorCode::kUnavailable, what_ + " was ended: the store closes"}.with_reason(
            "closed");
    }
    return Error{ErrorCode::kUnavailable, what_ + " was ended because the disk failed"}
        .with_reason("storage_error")
        .with_hint("Look at the server's log and disk, and ask again.");
}

void LongRead::make_way() {
    const std::lock_guard lock(mutex_);
    if (is_running_) tell_to_end();
}

void LongRead::take_no_more() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    if (is_running_) tell_to_end();
}

void LongRead::close() {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    // An interrupt between two statements is lost, and the look at all pages is a single step.
    while (is_running_) {
        tell_to_end();
        ended_.wait_for(lock, kBetweenInterrupts);
    }
}

void LongRead::tell_to_end() {
    is_told_to_end_ = true;
    if (handle_ != nullptr) sqlite3_interrupt(handle_);
}

}  // namespace latchkey::store::sqlite
