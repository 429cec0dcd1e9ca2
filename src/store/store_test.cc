#include "store/store.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/schema.h"
#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::draft;
using ::testing::HasSubstr;
using testing::StoreTest;

class StoreFiles : public StoreTest {
protected:
    Error opening_error(bool is_read_only = false) {
        StoreOptions wanted = options();
        wanted.is_read_only = is_read_only;
        auto opened = Store::open(std::move(wanted));
        EXPECT_FALSE(opened);
        return opened ? Error{} : opened.error();
    }
    // As another program would, while no store is open.
    void meddle(const char* sql) {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(directory_.database().c_str(), &handle), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(handle);
    }
    static unsigned mode_of(const std::string& path) {
        struct stat found {};
        EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
        return found.st_mode & 0777U;
    }
};

TEST_F(StoreFiles, ArePrivate) {
    ASSERT_TRUE(append("a.b"));
    EXPECT_EQ(mode_of(directory_.data()), 0700U);
    for (const char* name : {"/latchkey.db", "/latchkey.db-wal", "/lock", "/reserve"}) {
        EXPECT_EQ(mode_of(directory_.data() + name), 0600U) << name;
    }
    store_.reset();
    std::filesystem::permissions(directory_.database(), std::filesystem::perms{0644});
    reopen();
    EXPECT_EQ(mode_of(directory_.database()), 0600U);
}

TEST_F(StoreFiles, TheDatabaseStandsAloneAfterClosing) {
    ASSERT_TRUE(append("a.b"));
    store_->close();
    store_->close();
    EXPECT_FALSE(std::filesystem::exists(directory_.database() + "-wal"));
    reopen();
    EXPECT_EQ(head().revision, 1U);
}

TEST_F(StoreFiles, ASecondStoreIsKeptOutAndToldWhoIsThere) {
    const Error error = opening_error();
    EXPECT_EQ(error.code, ErrorCode::kConflict);
    EXPECT_THAT(error.message, HasSubstr("pid " + std::to_string(::getpid())));
    EXPECT_EQ(opening_error(true).code, ErrorCode::kConflict);
    store_.reset();
    store_ = open();
    EXPECT_TRUE(store_);
}

TEST_F(StoreFiles, ANewerSchemaIsRefusedAndNotTouched) {
    store_.reset();
    meddle("UPDATE settings SET value = '99' WHERE key = 'schema'");
    const Error error = opening_error();
    EXPECT_EQ(error.code, ErrorCode::kPrecondition);
    EXPECT_THAT(error.message, HasSubstr("made by a newer Latchkey (schema 99, this one knows " +
                                         std::to_string(kSchemaVersion)));
    EXPECT_EQ(opening_error(true).code, ErrorCode::kPrecondition);
}

TEST_F(StoreFiles, ADatabaseOfAnotherProgramIsRefusedAndNotTouched) {
    store_.reset();
    std::filesystem::remove(directory_.database());
    meddle("CREATE TABLE settings (something INTEGER)");
    const auto read_all = [&] {
        std::ifstream file(directory_.database(), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string before = read_all();
    const Error error = opening_error();
    EXPECT_EQ(error.code, ErrorCode::kPrecondition);
    EXPECT_EQ(error.reason, "not_latchkey");
    EXPECT_EQ(read_all(), before);
}

TEST_F(StoreFiles, DamageIsFoundAtTheStartAndTheFixIsNamed) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_TRUE(append("a.c"));
    store_.reset();
    const std::string whole = directory_.file("whole.db");
    std::filesystem::copy_file(directory_.database(), whole);
    const auto expect_damaged = [&](const char* how) {
        const Error error = opening_error();
        EXPECT_EQ(error.code, ErrorCode::kPrecondition) << how << ": " << error.detail;
        EXPECT_THAT(error.hint, HasSubstr("latchkey admin restore")) << how;
        std::filesystem::copy_file(whole, directory_.database(),
                                   std::filesystem::copy_options::overwrite_existing);
    };
    std::filesystem::resize_file(directory_.database(), 3 * 4096);
    expect_damaged("cut short");
    std::filesystem::resize_file(directory_.database(), 50);
    expect_damaged("cut within the header");
    std::ofstream(directory_.database()) << std::string(8192, 'x');
    expect_damaged("overwritten");
    meddle("UPDATE events SET body = replace(body, 'a.c', 'a.d') WHERE revision = 2");
    expect_damaged("an edited event");
    meddle("DELETE FROM events WHERE revision = 2");
    expect_damaged("a deleted event");
    meddle("UPDATE feed_head SET revision = 1");
    expect_damaged("a head set back");
    reopen();
    EXPECT_EQ(integrity(), "2 events, 0 tokens");
}

TEST_F(StoreFiles, TheFullCheckFindsWhatTheStartDoesNotLookAt) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(append("a.b"));
    }
    store_.reset();
    meddle("UPDATE events SET type = 'a.c' WHERE revision = 2");
    reopen();
    EXPECT_EQ(integrity(), "event 2: its columns differ from its text");
    store_.reset();
    meddle("UPDATE events SET type = 'a.b', body = replace(body, 'a.b', 'a.c') WHERE revision = 2");
    reopen();
    EXPECT_EQ(integrity(), "event 2: the hash does not fit");
    store_.reset();
    meddle("DELETE FROM events WHERE revision = 2");
    reopen();
    EXPECT_EQ(integrity(), "event 2 is missing");
    store_.reset();
    meddle("PRAGMA foreign_keys = OFF; INSERT INTO role_assignments VALUES (x'01', x'02')");
    reopen();
    EXPECT_THAT(integrity(), HasSubstr("a row of role_assignments"));
}

TEST_F(StoreFiles, ALinkIsNotFollowed) {
    store_.reset();
    std::filesystem::rename(directory_.database(), directory_.file("elsewhere.db"));
    std::filesystem::create_symlink(directory_.file("elsewhere.db"), directory_.database());
    EXPECT_THAT(opening_error().message, HasSubstr("symbolic link"));
}

TEST_F(StoreFiles, ReadingOnlyNeedsADatabaseAndChangesNothing) {
    ASSERT_TRUE(append("a.b"));
    store_.reset();
    StoreOptions wanted = options();
    wanted.is_read_only = true;
    auto opened = Store::open(wanted);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened.value()->query<std::string>(check_integrity).value(), "1 events, 0 tokens");
    EXPECT_FALSE(opened.value()->mutate([](Transaction&) -> Status { return {}; }));
    opened.value().reset();
    std::filesystem::remove(directory_.database());
    EXPECT_EQ(opening_error(true).code, ErrorCode::kPrecondition);
    EXPECT_FALSE(std::filesystem::exists(directory_.database()));
}

// One that fits no row that could be told: the check cannot even begin.
TEST_F(StoreFiles, ACheckSaysOfADamagedSchemaWhatToDo) {
    reopen();  // with all of it in the file
    std::fstream(directory_.database(), std::ios::in | std::ios::out | std::ios::binary)
        .seekp(100)
        .put('\x7F');
    const auto found = store_->check_integrity();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kPrecondition);
    EXPECT_EQ(found.error().reason, "database_damaged");
    EXPECT_NE(found.error().hint.find("admin restore"), std::string::npos);
}

TEST_F(StoreFiles, ABackupDuringWritesOpensAndVerifies) {
    std::atomic<bool> is_done{false};
    std::thread writer([&] {
        while (!is_done) {
            ASSERT_TRUE(append("a.b"));
        }
    });
    std::filesystem::create_directory(directory_.file("copies"));
    for (int i = 0; i < 5; ++i) {
        const std::string directory = directory_.file("copies/" + std::to_string(i));
        std::filesystem::create_directory(directory);
        const Status made = store_->backup_to(directory + "/latchkey.db");
        ASSERT_TRUE(made) << made.error().message << made.error().detail;
        EXPECT_EQ(mode_of(directory + "/latchkey.db"), 0600U);
        EXPECT_FALSE(std::filesystem::exists(directory + "/latchkey.db.partial"));
        StoreOptions wanted;
        wanted.data_directory = directory;
        wanted.clock = &clock_;
        auto copy = Store::open(wanted);
        ASSERT_TRUE(copy) << copy.error().message << copy.error().detail;
        EXPECT_TRUE(copy.value()->query<std::string>(check_integrity));
        EXPECT_TRUE(copy.value()->mutate([](Transaction& transaction) -> Status {
            TRY(transaction.append_event(draft("store.restored")));
            return {};
        }));
    }
    is_done = true;
    writer.join();
}

TEST_F(StoreFiles, ABackupNeverReplacesAFile) {
    const std::string path = directory_.file("copy.db");
    std::ofstream(path) << "precious";
    const Status made = store_->backup_to(path);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kConflict);
    EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST_F(StoreFiles, ABackupThatWasCutOffIsNamedAndNotOverwritten) {
    const std::string path = directory_.file("copy.db");
    std::ofstream(path + ".partial") << "half";
    const Status made = store_->backup_to(path);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kConflict);
    EXPECT_NE(made.error().hint.find("remove that file"), std::string::npos);
    std::filesystem::remove(path + ".partial");
    EXPECT_TRUE(store_->backup_to(path));
}

class GroupCommit : public StoreTest {
protected:
    // Holds the writer inside a mutation, so that what follows gathers in one group.
    void hold_writer() {
        std::promise<void> reached;
        store_->submit(
            Mutation{.work = [&, gate = gate_.get_future().share()](Transaction&) -> Status {
                         reached.set_value();
                         gate.wait();
                         return {};
                     },
                     .done = [](const Status&) {},
                     .is_urgent = false});
        reached.get_future().wait();
    }
    std::future<Status> submit(std::function<Status(Transaction&)> work) {
        auto promise = std::make_shared<std::promise<Status>>();
        auto answer = promise->get_future();
        store_->submit(
            Mutation{.work = std::move(work),
                     .done = [promise](Status status) { promise->set_value(std::move(status)); },
                     .is_urgent = false});
        return answer;
    }
    std::promise<void> gate_;
};

TEST_F(GroupCommit, OneFailureDisturbsNobodyElse) {
    hold_writer();
    std::vector<std::future<Status>> answers;
    for (std::uint64_t i = 1; i <= 9; ++i) {
        answers.push_back(submit([i](Transaction& transaction) -> Status {
            TRY(testing::insert_token_with_secret(transaction.connection(), i));
            TRY(transaction.append_event(draft("token.created")));
            if (i == 3) return Error{ErrorCode::kConflict, "no"};
            if (i == 6) throw std::runtime_error("as a bug would");
            return {};
        }));
    }
    EXPECT_EQ(store_->waiting(), 9U);
    gate_.set_value();
    for (std::uint64_t i = 1; i <= 9; ++i) {
        EXPECT_EQ(answers[i - 1].get().has_value(), i != 3 && i != 6) << i;
    }
    EXPECT_EQ(integrity(), "7 events, 7 tokens");
    ASSERT_EQ(committed_.size(), 7U);
    EXPECT_EQ(committed_.back().revision, 7U);
}

TEST_F(GroupCommit, AnErrorThatTheWorkSwallowsTakesOnlyItsOwnStatementBack) {
    ASSERT_TRUE(store_->mutate([](Transaction& transaction) -> Status {
        TRY(testing::insert_token_with_secret(transaction.connection(), 1));
        EXPECT_FALSE(insert_token(transaction.connection(), testing::token(1)));
        TRY(transaction.append_event(draft("token.created")));
        return {};
    }));
    EXPECT_EQ(integrity(), "1 events, 1 tokens");
}

TEST_F(GroupCommit, TooManyWaitingAreRefusedAtOnceAndAskedToComeBack) {
    hold_writer();
    std::vector<std::future<Status>> answers;
    for (std::size_t i = 0; i < 4'096; ++i) {
        answers.push_back(submit([](Transaction&) -> Status { return {}; }));
    }
    const Status refused = submit([](Transaction&) -> Status { return {}; }).get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(refused.error().retry_after_seconds, 1);
    gate_.set_value();
    for (auto& answer : answers) {
        ASSERT_TRUE(answer.get());
    }
}

TEST_F(GroupCommit, ClosingFinishesWhatWaitsAndRefusesTheRest) {
    hold_writer();
    auto answer = submit([](Transaction& transaction) -> Status {
        TRY(transaction.append_event(draft("a.b")));
        return {};
    });
    gate_.set_value();
    store_->close();
    EXPECT_TRUE(answer.get());
    EXPECT_FALSE(append("a.c"));
    EXPECT_FALSE(store_->query<FeedHead>(read_head));
    reopen();
    EXPECT_EQ(head().revision, 1U);
}

TEST_F(GroupCommit, ReadersCannotWriteNorCheckpoint) {
    ASSERT_TRUE(append("a.b"));
    const Status written = store_->read([](Connection& db) { return put_setting(db, "a", "b"); });
    EXPECT_FALSE(written);
    const Status switched = store_->read([](Connection& db) -> Status {
        TRY(db.run("PRAGMA query_only = OFF"));
        return put_setting(db, "a", "b");
    });
    EXPECT_FALSE(switched);
    const auto log_size = [&] {
        return std::filesystem::file_size(directory_.database() + "-wal");
    };
    const auto before = log_size();
    EXPECT_GT(before, 0U);
    static_cast<void>(
        store_->read([](Connection& db) { return db.run("PRAGMA wal_checkpoint(TRUNCATE)"); }));
    EXPECT_EQ(log_size(), before);
}

TEST_F(GroupCommit, AReaderSeesOneMomentThroughout) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_TRUE(store_->read([&](Connection& db) -> Status {
        const FeedHead before = TRY(read_head(db));
        EXPECT_TRUE(append("a.c"));
        const FeedHead after = TRY(read_head(db));
        EXPECT_EQ(before.revision, after.revision);
        return {};
    }));
    EXPECT_EQ(head().revision, 2U);
}

// Each connection for reading is lent here; before, a check needed one, and kept it for minutes.
TEST_F(GroupCommit, ACheckOfIntegrityNeedsNoneOfTheReadersAndHoldsUpNoWriter) {
    ASSERT_TRUE(append("a.b"));
    ASSERT_TRUE(store_->read([&](Connection&) {
        return store_->read([&](Connection&) -> Status {
            const auto checked = std::async([&] { return store_->check_integrity(); }).get();
            EXPECT_EQ(checked.value(), "1 events, 0 tokens");
            EXPECT_TRUE(append("a.c"));
            return {};
        });
    }));
    EXPECT_EQ(store_->check_integrity().value(), "2 events, 0 tokens");
}

TEST_F(GroupCommit, AReaderThatThrowsGivesItsConnectionBack) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_THROW(static_cast<void>(store_->read([](Connection&) -> Status {
                         throw std::runtime_error("as a bug would");
                     })),
                     std::runtime_error);
    }
    EXPECT_EQ(head().revision, 0U);
}

}  // namespace
}  // namespace latchkey::store
