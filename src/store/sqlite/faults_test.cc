#include "store/sqlite/faults.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <new>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/encoding.h"
#include "store/change_state.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/connection.h"
#include "store/testing.h"

namespace latchkey::store::sqlite {
namespace {

// Laid out as SQLite wants it: its header first, the real file behind ours.
struct FaultyFile {
    sqlite3_file base;
    Faults* faults;
    sqlite3_io_methods methods;  // the real ones with two replaced
    bool is_log;
    [[nodiscard]] sqlite3_file* real() {
        // NOLINTNEXTLINE: SQLite asks for szOsFile bytes and casts as well.
        return reinterpret_cast<sqlite3_file*>(this + 1);
    }
};

FaultyFile* faulty(sqlite3_file* file) {
    return reinterpret_cast<FaultyFile*>(file);  // NOLINT
}

bool has_no_room(const Faults& faults) {
    return faults.full_while_exists.empty() ||
           ::access(faults.full_while_exists.c_str(), F_OK) == 0;
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    FaultyFile* own = faulty(file);
    if (own->is_log && own->faults->before_log_read) own->faults->before_log_read();
    return own->real()->pMethods->xRead(own->real(), bytes, size, offset);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    FaultyFile* own = faulty(file);
    Faults& faults = *own->faults;
    if (faults.writes_until_killed > 0 && --faults.writes_until_killed == 0) {
        ::_exit(Faults::kKilled);
    }
    const bool is_full = own->is_log ? faults.is_full : faults.is_database_full;
    if (is_full && has_no_room(faults)) return SQLITE_FULL;
    return own->real()->pMethods->xWrite(own->real(), bytes, size, offset);
}

int sync_log(sqlite3_file* file, int flags) {
    FaultyFile* own = faulty(file);
    if (own->is_log && own->faults->syncs_to_fail > 0) {
        --own->faults->syncs_to_fail;
        errno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    if (own->is_log && own->faults->is_full_at_sync && has_no_room(*own->faults)) {
        if (own->faults->before_failure) own->faults->before_failure();
        errno = ENOSPC;
        return SQLITE_IOERR_FSYNC;
    }
    return own->real()->pMethods->xSync(own->real(), flags);
}

// All the other methods go to the real file as they are.
template <auto Member, typename... Arguments>
int pass_on(sqlite3_file* file, Arguments... arguments) {
    sqlite3_file* real = faulty(file)->real();
    return (real->pMethods->*Member)(real, arguments...);
}

int map_index(sqlite3_file* file, int page, int size, int may_grow, void volatile** mapped) {
    FaultyFile* own = faulty(file);
    if (page > 0 && may_grow != 0 && own->faults->index_failure != SQLITE_OK) {
        if (own->faults->before_failure) own->faults->before_failure();
        return own->faults->index_failure;
    }
    return own->real()->pMethods->xShmMap(own->real(), page, size, may_grow, mapped);
}

void barrier(sqlite3_file* file) {
    sqlite3_file* real = faulty(file)->real();
    real->pMethods->xShmBarrier(real);
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = pass_on<&sqlite3_io_methods::xClose>,
    .xRead = read,
    .xWrite = write,
    .xTruncate = pass_on<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
    .xSync = sync_log,
    .xFileSize = pass_on<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass_on<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass_on<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass_on<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass_on<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass_on<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass_on<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = map_index,
    .xShmLock = pass_on<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier = barrier,
    .xShmUnmap = pass_on<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* faults = static_cast<Faults*>(vfs->pAppData);
    FaultyFile* own = faulty(file);
    own->base.pMethods = nullptr;
    own->faults = faults;
    own->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    std::memset(own->real(), 0, static_cast<std::size_t>(faults->real->szOsFile));
    const int code = faults->real->xOpen(faults->real, name, own->real(), flags, out_flags);
    if (own->real()->pMethods != nullptr) own->base.pMethods = &kMethods;
    return code;
}

}  // namespace

Faults::Faults() : real(sqlite3_vfs_find(nullptr)) {
    vfs_ = *real;
    vfs_.szOsFile = real->szOsFile + static_cast<int>(sizeof(FaultyFile));
    vfs_.zName = "faults";
    vfs_.pNext = nullptr;
    vfs_.pAppData = this;
    vfs_.xOpen = open_file;
    sqlite3_vfs_register(&vfs_, 1);
}

Faults::~Faults() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real, 1);
}

namespace {

class FailingDisk : public store::testing::StoreTest {
protected:
    void SetUp() override {
        faults_ = std::make_unique<Faults>();
        StoreTest::SetUp();
        faults_->full_while_exists = directory_.data() + "/reserve";
        ASSERT_TRUE(append("a.before"));
    }
    void TearDown() override {
        store_.reset();
        faults_.reset();
    }
    // Nobody else's files grow, so the reserve can be made again as soon as it is wanted; a
    // directory of its name stands for blocks that others have taken.
    void block_reserve() { std::filesystem::create_directory(directory_.data() + "/reserve"); }
    [[nodiscard]] std::string crashed() const { return directory_.file("crashed.db"); }
    void copy_as_a_crash_would_leave_it() {
        if (std::filesystem::exists(crashed())) return;
        for (const char* suffix : {"", "-wal"}) {
            std::filesystem::copy_file(directory_.database() + suffix, crashed() + suffix);
        }
    }
    std::uint64_t revision_after_the_crash() {
        const auto db = SqliteConnection::open(crashed(), Access::kReadWrite).value();
        return read_head(*db).value().revision;
    }
    // Without the writer's knowing: by "unix".
    void write_past_the_faults(const std::string& sql) {
        sqlite3* handle = nullptr;
        ASSERT_EQ(
            sqlite3_open_v2(directory_.database().c_str(), &handle, SQLITE_OPEN_READWRITE, "unix"),
            SQLITE_OK);
        sqlite3_wal_autocheckpoint(handle, 0);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(handle);
    }
    std::unique_ptr<Faults> faults_;
};

TEST_F(FailingDisk, AFullOneRefusesOrdinaryChangesAndSaysWhy) {
    faults_->full_while_exists.clear();
    faults_->is_full = true;
    const Status refused = append("a.b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kOutOfSpace);
    EXPECT_EQ(refused.error().reason, "out_of_space");
    EXPECT_TRUE(store_->is_out_of_space());
    EXPECT_EQ(head().revision, 1U);
}

TEST_F(FailingDisk, AFullOneStillTakesUrgentChangesFromTheReserve) {
    faults_->is_full = true;
    ASSERT_FALSE(append("a.b"));
    EXPECT_TRUE(std::filesystem::exists(directory_.data() + "/reserve"));
    EXPECT_TRUE(append("token.revoked", true));
    EXPECT_FALSE(std::filesystem::exists(directory_.data() + "/reserve"));
    EXPECT_TRUE(store_->is_out_of_space());
    EXPECT_EQ(committed_.back().type, "token.revoked");
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
}

TEST_F(FailingDisk, WhenThereIsRoomAgainAllIsAsBefore) {
    faults_->is_full = true;
    ASSERT_FALSE(append("a.b"));
    ASSERT_TRUE(append("token.revoked", true));
    EXPECT_EQ(LastChange::state(), ChangeState::kOutOfSpace);
    faults_->is_full = false;
    EXPECT_TRUE(append("a.b"));
    EXPECT_EQ(LastChange::state(), ChangeState::kTaken);
    EXPECT_FALSE(store_->is_out_of_space());
    EXPECT_TRUE(std::filesystem::exists(directory_.data() + "/reserve"));
    EXPECT_EQ(integrity(), "3 events, 0 tokens");
}

TEST_F(FailingDisk, OrdinaryChangesDoNotEatWhatTheReserveGaveBack) {
    faults_->is_full = true;
    ASSERT_FALSE(append("a.b"));
    ASSERT_TRUE(append("token.revoked", true));
    block_reserve();
    faults_->full_while_exists.clear();
    faults_->is_full = false;
    EXPECT_FALSE(append("a.b"));
    EXPECT_TRUE(append("token.revoked", true));
    EXPECT_EQ(integrity(), "3 events, 0 tokens");
}

TEST_F(FailingDisk, AnUrgentChangeGetsThroughInTheMidstOfOthers) {
    std::promise<void> gate;
    std::promise<void> reached;
    const auto opened = gate.get_future().share();
    std::vector<std::future<Status>> answers;
    const auto submit = [&](std::function<Status(Transaction&)> work, bool is_urgent) {
        auto promise = std::make_shared<std::promise<Status>>();
        answers.push_back(promise->get_future());
        store_->submit(
            Mutation{.work = std::move(work),
                     .done = [promise](Status status) { promise->set_value(std::move(status)); },
                     .is_urgent = is_urgent});
    };
    submit(
        [&](Transaction&) -> Status {
            reached.set_value();
            opened.wait();
            return {};
        },
        false);
    reached.get_future().wait();
    for (int i = 0; i < 3; ++i) {
        submit(
            [i](Transaction& transaction) -> Status {
                TRY(transaction.append_event(store::testing::draft("n." + std::to_string(i))));
                return {};
            },
            i == 1);
    }
    faults_->is_full = true;
    gate.set_value();
    EXPECT_TRUE(answers[0].get());  // wrote nothing
    EXPECT_EQ(answers[1].get().error().code, ErrorCode::kOutOfSpace);
    EXPECT_TRUE(answers[2].get());
    EXPECT_EQ(answers[3].get().error().code, ErrorCode::kOutOfSpace);
    EXPECT_EQ(committed_.back().type, "n.1");
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
}

TEST_F(FailingDisk, AFailedSyncIsAnUnknownOutcomeAndTheNextChangeIsWhole) {
    faults_->syncs_to_fail = 1;
    const Status unknown = append("a.b");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(unknown.error().reason, "outcome_unknown");
    ASSERT_TRUE(append("a.c"));
    EXPECT_EQ(committed_.size(), head().revision);
    for (std::size_t i = 0; i < committed_.size(); ++i) {
        EXPECT_EQ(committed_[i].revision, i + 1);
    }
    EXPECT_EQ(integrity(), std::to_string(committed_.size()) + " events, 0 tokens");
}

// What a crash at that moment would leave: the commit is whole, so that "nothing changed" would be
// a lie.
TEST_F(FailingDisk, ASyncThatFindsNoSpaceIsAnUnknownOutcomeBecauseACrashWouldKeepTheChange) {
    faults_->before_failure = [this] { copy_as_a_crash_would_leave_it(); };
    faults_->full_while_exists.clear();
    faults_->is_full_at_sync = true;
    const Status unknown = append("a.b");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(unknown.error().reason, "outcome_unknown");
    EXPECT_EQ(revision_after_the_crash(), 2U);
    faults_->is_full_at_sync = false;
    ASSERT_TRUE(append("a.c"));
    EXPECT_EQ(committed_.back().type, "a.c");
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
}

class FailingIndex : public FailingDisk, public ::testing::WithParamInterface<int> {};

// The index of the log grows after the commit was written and synced.
TEST_P(FailingIndex, IsAnUnknownOutcomeBecauseACrashWouldKeepTheChange) {
    faults_->before_failure = [this] { copy_as_a_crash_would_leave_it(); };
    faults_->index_failure = GetParam();
    constexpr std::size_t kMoreThanOnePageOfIndex = 5'000U << 12;
    const Status unknown = store_->mutate([](Transaction& transaction) -> Status {
        TRY(put_setting(transaction.connection(), "a", std::string(kMoreThanOnePageOfIndex, 'a')));
        TRY(transaction.append_event(store::testing::draft("a.b")));
        return {};
    });
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(unknown.error().reason, "outcome_unknown");
    ASSERT_TRUE(append("a.c"));  // the log began anew: its index need not grow
    EXPECT_EQ(committed_.back().type, "a.c");
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
    faults_->index_failure = SQLITE_OK;
    EXPECT_EQ(revision_after_the_crash(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Codes, FailingIndex,
                         ::testing::Values(SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHMMAP,
                                           SQLITE_NOMEM));

TEST_F(FailingDisk, ASyncThatFindsNoSpaceLetsUrgentChangesThroughWhenTheyAreRepeated) {
    faults_->is_full_at_sync = true;
    EXPECT_EQ(append("token.revoked", true).error().reason, "outcome_unknown");
    EXPECT_FALSE(std::filesystem::exists(directory_.data() + "/reserve"));
    block_reserve();
    faults_->is_full_at_sync = false;  // for what the reserve gave back
    EXPECT_EQ(append("a.b").error().code, ErrorCode::kOutOfSpace);
    EXPECT_TRUE(append("token.revoked", true));
    EXPECT_EQ(committed_.back().type, "token.revoked");
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
}

// SQLite goes on naming the errno of before when a commit fails.
TEST_F(FailingDisk, AFailedSyncIsNoRollbackAlsoWhenACheckpointFoundTheDiskFullBefore) {
    faults_->full_while_exists.clear();
    const FeedHead before = head();
    store_.reset();
    const auto db = SqliteConnection::open(directory_.database(), Access::kReadWrite).value();
    ASSERT_TRUE(db->run("INSERT INTO settings (key, value) VALUES ('a', 'b')"));
    faults_->is_full_at_sync = true;
    const Status full = db->checkpoint(SqliteConnection::Checkpoint::kTruncate);
    ASSERT_FALSE(full);
    ASSERT_EQ(full.error().code, ErrorCode::kOutOfSpace);
    Pending pending;
    pending.mutation.work = [](Transaction& transaction) -> Status {
        TRY(transaction.append_event(store::testing::draft("a.b")));
        return {};
    };
    Pending* const alone[] = {&pending};
    EXPECT_EQ(attempt_batch(*db, clock_, before, alone).outcome, Outcome::kUnknown);
}

TEST_F(FailingDisk, WhileItKeepsFailingNothingIsAcknowledged) {
    faults_->syncs_to_fail = 1'000;
    for (int i = 0; i < 5; ++i) {
        const Status refused = append("a.b", true);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    }
    EXPECT_EQ(head().revision, ask<FeedHead>(read_head).revision);  // readers go on
    EXPECT_EQ(LastChange::state(), ChangeState::kFailed);
    faults_->syncs_to_fail = 0;
    ASSERT_TRUE(append("a.c"));
    EXPECT_EQ(LastChange::state(), ChangeState::kTaken);
    EXPECT_EQ(committed_.size(), head().revision);
}

// A check takes minutes, and while it reads the log cannot be emptied.
TEST_F(FailingDisk, AFailedSyncEndsAReadOfEverythingSoThatChangesAreTakenAgain) {
    const auto during = [this](const std::function<Status()>& long_read) {
        const auto thread = std::this_thread::get_id();
        bool is_first = true;
        faults_->before_log_read = [this, thread, &is_first] {
            if (std::this_thread::get_id() != thread || !std::exchange(is_first, false)) return;
            faults_->syncs_to_fail = 1;
            EXPECT_EQ(append("a.b").error().reason, "outcome_unknown");
        };
        const Status ended = long_read();
        faults_->before_log_read = {};
        ASSERT_FALSE(ended);
        EXPECT_EQ(ended.error().code, ErrorCode::kUnavailable);
        EXPECT_EQ(ended.error().reason, "storage_error");
        EXPECT_TRUE(append("a.c"));
    };
    during([this]() -> Status {
        TRY(store_->check_integrity());
        return {};
    });
    EXPECT_TRUE(store_->check_integrity());
    const std::string path = directory_.file("copy.db");
    during([&] { return store_->backup_to(path); });
    EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
    EXPECT_TRUE(store_->backup_to(path));
}

TEST_F(FailingDisk, AFailedOneThatIsFullAsWellStillTakesUrgentChanges) {
    faults_->is_database_full = true;
    faults_->syncs_to_fail = 1;
    EXPECT_EQ(append("a.b").error().reason, "outcome_unknown");
    EXPECT_TRUE(append("token.revoked", true));
    EXPECT_EQ(committed_.back().type, "token.revoked");
}

TEST_F(FailingDisk, WhatAnUnknownCommitDidWriteIsToldInOrder) {
    const FeedHead before = head();
    faults_->syncs_to_fail = 1'000;
    ASSERT_FALSE(append("a.b"));
    // Event 2 arrives on the disk without the writer's knowing.
    const Digest hash = sha256(as_text(before.hash), "{}");
    write_past_the_faults(
        "BEGIN; INSERT INTO events (revision, epoch, at, type, actor, body, hash) VALUES (2, 1, " +
        std::to_string(before.at.microseconds()) + ", 'a.b', 'system', '{}', x'" +
        hex_encode(as_text(hash)) + "'); UPDATE feed_head SET revision = 2, hash = x'" +
        hex_encode(as_text(hash)) + "'; COMMIT");
    faults_->syncs_to_fail = 0;
    ASSERT_TRUE(append("a.c"));
    ASSERT_EQ(committed_.size(), 3U);
    EXPECT_EQ(committed_[1].type, "a.b");
    EXPECT_EQ(committed_[1].revision, 2U);
    EXPECT_EQ(committed_[2].revision, 3U);
    EXPECT_EQ(committed_[2].hash, sha256(as_text(hash), committed_[2].body));
}

TEST_F(FailingDisk, OneThatLostWhatWasAcknowledgedTakesNothingMore) {
    const FeedHead before = head();
    ASSERT_TRUE(append("token.revoked"));
    faults_->syncs_to_fail = 1'000;
    ASSERT_FALSE(append("a.b"));
    write_past_the_faults(
        "BEGIN; DELETE FROM events WHERE revision = 2;"
        " UPDATE feed_head SET revision = 1, hash = x'" +
        hex_encode(as_text(before.hash)) + "'; COMMIT");
    faults_->syncs_to_fail = 0;
    EXPECT_EQ(append("a.c", true).error().reason, "database_damaged");
    EXPECT_EQ(append("a.c").error().reason, "database_damaged");
}

}  // namespace
}  // namespace latchkey::store::sqlite
