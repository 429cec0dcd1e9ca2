#include "store/sqlite/long_read.h"

#include <filesystem>
#include <future>

#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store::sqlite {
namespace {

class LongReadTest : public store::testing::StoreTest {
protected:
    // Without an end of its own.
    static Status count(SqliteConnection& db) {
        return db.run(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT 1 FROM n WHERE i < 0");
    }
    std::future<Status> begin() {
        std::promise<void> is_running;
        auto began = is_running.get_future();
        auto ended = std::async([this, running = std::move(is_running)]() mutable {
            return read_.run(directory_.database(), [&](SqliteConnection& db) {
                running.set_value();
                return count(db);
            });
        });
        began.wait();
        return ended;
    }
    Status run_to_its_end() {
        return read_.run(directory_.database(), [](SqliteConnection& db) -> Status {
            TRY(read_head(db));
            return {};
        });
    }
    LongRead read_{"a check"};
};

TEST_F(LongReadTest, ASecondOneIsRefusedUntilTheFirstHasEnded) {
    auto first = begin();
    const Status second = run_to_its_end();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_EQ(second.error().reason, "already_running");
    EXPECT_EQ(second.error().hint, "Wait until it has ended, and ask again.");
    read_.make_way();
    EXPECT_EQ(first.get().error().reason, "storage_error");
    EXPECT_TRUE(run_to_its_end());
}

TEST_F(LongReadTest, AStopEndsTheOneThatRunsAndTakesNoOther) {
    auto running = begin();
    read_.close();
    EXPECT_EQ(running.get().error().reason, "closed");
    EXPECT_EQ(run_to_its_end().error().reason, "closed");
}

// The one that runs waits for this very thread, as another would for a disk.
TEST_F(LongReadTest, TellingAllToEndWaitsForNone) {
    std::promise<void> is_running;
    std::promise<void> disk;
    auto ended = std::async(std::launch::async, [&] {
        return read_.run(directory_.database(), [&](SqliteConnection&) -> Status {
            is_running.set_value();
            disk.get_future().wait();
            return {};
        });
    });
    is_running.get_future().wait();
    read_.take_no_more();
    EXPECT_EQ(run_to_its_end().error().reason, "closed");
    disk.set_value();
    EXPECT_EQ(ended.get().error().reason, "closed");
}

TEST_F(LongReadTest, OneThatThrowsLetsTheNextBegin) {
    EXPECT_EQ(read_
                  .run(directory_.database(),
                       [](SqliteConnection&) -> Status { throw std::runtime_error("a bug"); })
                  .error()
                  .code,
              ErrorCode::kInternal);
    EXPECT_TRUE(run_to_its_end());
}

TEST_F(LongReadTest, AfterTheEndOfAllAStoreChecksAndCopiesNoMore) {
    store_->end_long_reads();
    EXPECT_EQ(store_->check_integrity().error().reason, "closed");
    const std::string path = directory_.file("copy.db");
    EXPECT_EQ(store_->backup_to(path).error().reason, "closed");
    EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
    EXPECT_TRUE(append("a.b"));
}

}  // namespace
}  // namespace latchkey::store::sqlite
