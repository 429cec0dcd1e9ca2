// A read of everything, for minutes: a check of integrity, a backup. It has a connection of its
// own, so that nobody waits for it; there is one of a kind at a time, so that they never hold all
// the threads that ask; and it ends when it is told to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "store/sqlite/connection.h"

namespace latchkey::store::sqlite {

class LongRead {
public:
    explicit LongRead(std::string what) : what_(std::move(what)) {}

    // `work` is within one read transaction. kConflict while another one runs, kUnavailable when it
    // was told to end, whatever it found until then.
    Status run(const std::string& path, const std::function<Status(SqliteConnection&)>& work);
    // For work that SQLite does not end by itself.
    [[nodiscard]] bool is_told_to_end() const { return is_told_to_end_; }

    // What runs ends soon, for the sake of a log that must be emptied. Another one may begin.
    void make_way();
    // What runs ends soon, and none begins any more. Does not wait: it may hang at a disk. One that
    // is between two statements may miss it; telling again, or close(), reaches it.
    void take_no_more();
    // What runs has ended, and none begins any more.
    void close();

private:
    Status begin();
    Status work_alone(const std::string& path,
                      const std::function<Status(SqliteConnection&)>& work);
    void may_be_interrupted(sqlite3* handle);
    Status end(Status done);
    void tell_to_end();

    const std::string what_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool is_running_{false};
    bool is_closed_{false};
    sqlite3* handle_{nullptr};  // may be interrupted
    std::atomic<bool> is_told_to_end_{false};
};

struct LongReads {
    LongRead check{"a check"};
    LongRead backup{"a backup"};

    void make_way() {
        check.make_way();
        backup.make_way();
    }
    void take_no_more() {
        check.take_no_more();
        backup.take_no_more();
    }
    void close() {
        check.close();
        backup.close();
    }
};

}  // namespace latchkey::store::sqlite
