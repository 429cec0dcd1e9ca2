// The writer thread. It takes all that waits, up to a bound, and commits it as a group; while one
// group is being synced the next one gathers. It owns the only connection that writes and
// checkpoints: two of them can lose commits with Debian's SQLite (the WAL-reset bug).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "store/change_state.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/files.h"
#include "store/sqlite/long_read.h"
#include "store/store.h"

namespace latchkey::store::sqlite {

inline constexpr std::size_t kWaitingMax = 4'096;
inline constexpr std::size_t kBatchMax = 128;

class Writer {
public:
    // `head` is what the connection's feed_head says. After a failure of the disk `long_reads` make
    // way, so that changes are taken again.
    Writer(const StoreOptions& options, std::string path,
           std::unique_ptr<SqliteConnection> connection, const FeedHead& head,
           LongReads& long_reads);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();  // stop()

    void submit(Mutation mutation);  // any thread; refusals are told on the caller's
    // Finishes what waits and joins. Afterwards nothing is taken any more.
    void stop();
    // After stop(), and after every reader has gone: empties the log and closes the file.
    void close_connection();

    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] bool is_out_of_space() const { return is_out_of_space_; }

private:
    void run();
    std::vector<Pending> take_batch();
    void commit(std::vector<Pending>& batch);
    void commit_group(std::span<Pending* const> group);
    void commit_without_space(std::span<Pending* const> group, const Error& error);
    void commit_urgent(Pending& pending, const Error& error);
    bool has_room_again();
    void publish(Attempt& attempt);
    Status recover();
    Status open_again();
    Status replay_missed(const FeedHead& found);
    void checkpoint_if_due();
    void tell_state() const;

    const StoreOptions options_;
    const std::string path_;
    LongReads& long_reads_;
    Reserve reserve_;
    std::unique_ptr<SqliteConnection> connection_;  // none while the disk's state is unknown
    FeedHead head_;
    int checkpoint_at_pages_;
    int log_pages_{0};
    ChangeState last_group_{ChangeState::kTaken};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Pending> queue_;
    bool is_stopping_{false};
    std::atomic<bool> is_out_of_space_{false};
    std::thread thread_;
};

}  // namespace latchkey::store::sqlite
