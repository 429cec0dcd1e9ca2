// How a data directory becomes a Store: lock, file, schema, a look at the newest event, and then
// the writer with its readers.
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "store/schema.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/files.h"
#include "store/sqlite/long_read.h"
#include "store/sqlite/readers.h"
#include "store/sqlite/writer.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::store {
namespace sqlite {
namespace {

// At the start, and in a check, a damaged file is something an operator must mend, not something to
// wait for.
Error to_be_mended(Error error, const std::string& path) {
    if (error.reason != "database_damaged" || error.code == ErrorCode::kPrecondition) return error;
    return Error{ErrorCode::kPrecondition, fmt::format("{} is damaged", path), error.detail}
        .with_reason("database_damaged")
        .with_hint("Bring a backup back with `latchkey admin restore FILE`.");
}

class SqliteStore final : public Store {
public:
    SqliteStore(std::string path, DirectoryLock lock, std::unique_ptr<LongReads> long_reads,
                std::unique_ptr<Readers> readers, std::unique_ptr<Writer> writer)
        : lock_(std::move(lock)),
          path_(std::move(path)),
          long_reads_(std::move(long_reads)),
          writer_(std::move(writer)),
          readers_(std::move(readers)) {}
    ~SqliteStore() override { SqliteStore::close(); }

    void submit(Mutation mutation) override {
        if (writer_) {
            writer_->submit(std::move(mutation));
        } else {
            mutation.done(Error{ErrorCode::kPrecondition, "the store is open for reading only"});
        }
    }
    Status read(const std::function<Status(Connection&)>& work) override {
        return readers_->read(work);
    }
    Status backup_to(const std::string& path) override {
        return back_up(long_reads_->backup, path_, path);
    }
    Result<std::string> check_integrity() override {
        std::string found;
        Status done = long_reads_->check.run(path_, [&](SqliteConnection& connection) -> Status {
            found = TRY(store::check_integrity(connection));
            return {};
        });
        if (!done) return to_be_mended(std::move(done).error(), path_);
        return found;
    }
    void end_long_reads() override { long_reads_->take_no_more(); }
    void close() override {
        long_reads_->close();
        if (writer_) writer_->stop();
        readers_->close();
        // Last, so that the log can be emptied and the file stands alone.
        if (writer_) writer_->close_connection();
    }
    [[nodiscard]] std::size_t waiting() const override { return writer_ ? writer_->waiting() : 0; }
    [[nodiscard]] bool is_out_of_space() const override {
        return writer_ && writer_->is_out_of_space();
    }

private:
    DirectoryLock lock_;  // given back last
    std::string path_;
    std::unique_ptr<LongReads> long_reads_;
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<Readers> readers_;
};

// A full check of a million tokens takes longer than a start may; this one is cheap and finds a
// file that was swapped, cut or edited at its end. `latchkey admin check` does the rest.
Status look_at_newest_event(Connection& db) {
    const FeedHead head = TRY(read_head(db));
    EventQuery query;
    query.after = head.revision > 2 ? head.revision - 2 : 0;
    query.limit = 3;
    const std::vector<Event> newest = TRY(list_events(db, query));
    const auto damaged = [](const char* detail) {
        return Error{ErrorCode::kUnavailable, "the event log is damaged", detail}.with_reason(
            "database_damaged");
    };
    if (head.revision == 0) {
        return newest.empty() ? Status{} : damaged("events above the head");
    }
    if (newest.empty() || newest.back().revision != head.revision) {
        return damaged("the newest event is not the head's");
    }
    if (newest.back().hash != head.hash) return damaged("the newest event's hash");
    if (newest.size() > 1) {
        const Event& before = newest[newest.size() - 2];
        if (sha256(as_text(before.hash), newest.back().body) != head.hash) {
            return damaged("the newest event's content");
        }
    }
    return {};
}

Status bring_up_to_date(SqliteConnection& db) {
    const std::int64_t version = TRY(read_schema_version(db));
    TRY(migrate(db, version));
    if (version > 0 && version < kSchemaVersion) {
        log::info("the database was migrated", {{"schema", std::to_string(kSchemaVersion)}});
    }
    return look_at_newest_event(db);
}

// Before anything is written: a writer's first statement would already change a foreign file.
Status refuse_strangers(const std::string& path) {
    const auto connection = TRY(SqliteConnection::open(path, Access::kReadOnly));
    const std::int64_t version = TRY(read_schema_version(*connection));
    return refuse_newer_schema(version);
}

// A server that stopped, or crashed, must come up again on a full disk: opening alone needs some
// room, and the writer finds out that the reserve is gone.
Status refuse_strangers_without_room(const StoreOptions& options, const std::string& path) {
    const Status looked = refuse_strangers(path);
    if (looked || looked.error().code != ErrorCode::kOutOfSpace) return looked;
    Reserve reserve(options.data_directory + "/reserve", options.reserve_bytes);
    if (!reserve.release()) return looked;
    log::warning("the disk is full: the reserve is given up to start at all");
    return refuse_strangers(path);
}

Status check_read_only(Connection& db) {
    const std::int64_t version = TRY(read_schema_version(db));
    TRY(refuse_newer_schema(version));
    if (version < kSchemaVersion) {
        return Error{ErrorCode::kPrecondition, "the database is from an older Latchkey, or empty"}
            .with_reason("older_schema")
            .with_hint("Start the server once: it brings the database up to date.");
    }
    return {};
}

Result<std::unique_ptr<Store>> open_for_reading(const StoreOptions& options) {
    auto lock = TRY(DirectoryLock::take(options.data_directory));
    const std::string path = options.data_directory + "/latchkey.db";
    TRY(prepare_database_file(path, Missing::kRefuse));
    auto readers = TRY(Readers::open(path, options.readers));
    TRY(readers->read(check_read_only));
    return std::unique_ptr<Store>(new SqliteStore(
        path, std::move(lock), std::make_unique<LongReads>(), std::move(readers), nullptr));
}

Result<std::unique_ptr<Store>> open_for_writing(const StoreOptions& options) {
    TRY(make_data_directory(options.data_directory));
    auto lock = TRY(DirectoryLock::take(options.data_directory));
    const std::string path = options.data_directory + "/latchkey.db";
    TRY(prepare_database_file(path, Missing::kCreate));
    if (!sync_directory_of(path)) return file_error("cannot write " + path, errno);
    TRY(refuse_strangers_without_room(options, path));
    auto connection = TRY(SqliteConnection::open(path, Access::kReadWrite));
    TRY(bring_up_to_date(*connection));
    const FeedHead head = TRY(read_head(*connection));
    auto readers = TRY(Readers::open(path, options.readers));
    auto long_reads = std::make_unique<LongReads>();
    auto writer = std::make_unique<Writer>(options, path, std::move(connection), head, *long_reads);
    return std::unique_ptr<Store>(new SqliteStore(path, std::move(lock), std::move(long_reads),
                                                  std::move(readers), std::move(writer)));
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
    CHECK(options.clock != nullptr);
    auto opened = options.is_read_only ? sqlite::open_for_reading(options)
                                       : sqlite::open_for_writing(options);
    if (opened) return opened;
    return sqlite::to_be_mended(std::move(opened).error(), options.data_directory + "/latchkey.db");
}

}  // namespace latchkey::store
