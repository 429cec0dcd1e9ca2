// For tests: a file system whose disk can be full or fail at the sync. It stands in front of
// SQLite's own as the default while it lives. The faults concern the write-ahead log, where every
// commit goes, unless they say otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include <sqlite3.h>

namespace latchkey::store::sqlite {

class Faults {
public:
    Faults();
    Faults(const Faults&) = delete;
    Faults& operator=(const Faults&) = delete;
    ~Faults();

    // Full for as long as this file is there, as if its blocks were the last ones.
    std::string full_while_exists;
    std::atomic<bool> is_full{false};
    std::atomic<bool> is_database_full{false};  // no checkpoint gets through
    std::atomic<int> syncs_to_fail{0};
    std::atomic<bool> is_full_at_sync{false};  // the writes before are taken
    // The result code when the index of the log, in shared memory, must grow; 0: it can.
    std::atomic<int> index_failure{0};
    // Just before one of these two: the commit is in the log by then.
    std::function<void()> before_failure;
    std::function<void()> before_log_read;  // within a read transaction
    // The process ends with kKilled instead of this write, to whichever file; 0: it does not.
    static constexpr int kKilled = 9;
    std::atomic<int> writes_until_killed{0};

    sqlite3_vfs* real{nullptr};

private:
    sqlite3_vfs vfs_{};
};

}  // namespace latchkey::store::sqlite
