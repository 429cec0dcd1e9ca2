#include "store/sqlite/connection.h"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "store/verification_scope.h"

namespace latchkey::store::sqlite {
namespace {

// Nobody else writes; what a writer waits for is a reader that keeps the log from being emptied,
// and all the others wait behind it.
constexpr int kWriterBusyMilliseconds = 250;
constexpr int kReaderBusyMilliseconds = 5'000;

bool is_no_space(sqlite3* handle, int code) {
    if (code == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) return true;
    if ((code & 0xFF) != SQLITE_IOERR) return false;
    const int number = sqlite3_system_errno(handle);
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

Error constraint_error(int code, std::string detail) {
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return Error{ErrorCode::kConflict, "it exists already", std::move(detail)}.with_reason(
            "already_exists");
    }
    return Error{ErrorCode::kInternal, "the store refused a row", std::move(detail)};
}

Error unavailable(std::string message, std::string detail, std::string_view reason) {
    Error error =
        Error{ErrorCode::kUnavailable, std::move(message), std::move(detail)}.with_reason(reason);
    error.retry_after_seconds = 1;
    return error;
}

}  // namespace

// A statement that stays prepared; handed out to one borrower at a time.
class CachedStatement final : public Statement::Driver {
public:
    CachedStatement(SqliteConnection* owner, sqlite3_stmt* statement)
        : owner_(owner), statement_(statement) {}
    CachedStatement(const CachedStatement&) = delete;
    CachedStatement& operator=(const CachedStatement&) = delete;
    ~CachedStatement() override { sqlite3_finalize(statement_); }

    [[nodiscard]] bool is_lent() const { return is_lent_; }
    Statement lend() {
        is_lent_ = true;
        return Statement{this};
    }

    void bind_null(int index) override { remember(sqlite3_bind_null(statement_, index)); }
    void bind_integer(int index, std::int64_t value) override {
        remember(sqlite3_bind_int64(statement_, index, value));
    }
    void bind_text(int index, std::string_view value) override {
        remember(sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(),
                                     value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    }
    void bind_blob(int index, std::string_view value) override {
        remember(sqlite3_bind_blob64(statement_, index, value.data() == nullptr ? "" : value.data(),
                                     value.size(), SQLITE_TRANSIENT));
    }
    Result<bool> step() override {
        VerificationScope::count_query();
        if (bind_code_ != SQLITE_OK) return owner_->note(bind_code_);
        const int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        if (code == SQLITE_DONE) return false;
        return owner_->note(sqlite3_extended_errcode(owner_->handle()));
    }
    bool is_null(int column) override {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    std::int64_t integer(int column) override { return sqlite3_column_int64(statement_, column); }
    std::string_view text(int column) override {
        // NOLINTNEXTLINE: SQLite hands text out as unsigned characters.
        const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        return {begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    std::string_view blob(int column) override {
        const auto* begin = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        return {begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    void release() override {
        sqlite3_reset(statement_);
        // Bound values may be personal (addresses, logins): they do not stay behind.
        sqlite3_clear_bindings(statement_);
        bind_code_ = SQLITE_OK;
        is_lent_ = false;
    }

private:
    void remember(int code) {
        if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
    }

    SqliteConnection* owner_;
    sqlite3_stmt* statement_;
    int bind_code_{SQLITE_OK};
    bool is_lent_{false};
};

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path,
                                                                 Access access) {
    // Counting memory costs a process-wide lock at every allocation. Too late, and then ignored,
    // when someone else in the process has used SQLite before.
    static const int memory_is_counted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(memory_is_counted);
    const int mode = access == Access::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle,
                                     mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    if (handle == nullptr) return Error{ErrorCode::kInternal, "out of memory"};
    std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle));
    if (code != SQLITE_OK) return connection->note(code);
    TRY(connection->configure(access));
    return connection;
}

Status SqliteConnection::configure(Access access) {
    sqlite3_busy_timeout(
        handle_, access == Access::kReadWrite ? kWriterBusyMilliseconds : kReaderBusyMilliseconds);
    // A file that someone else wrote must not run code through its schema.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_wal_autocheckpoint(handle_, 0);
    TRY(run("PRAGMA foreign_keys = ON"));
    TRY(run("PRAGMA temp_store = MEMORY"));
    if (access == Access::kReadOnly) {
        sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        TRY(run("PRAGMA cache_size = -8192"));
        return run("PRAGMA query_only = ON");
    }
    TRY(run("PRAGMA journal_mode = WAL"));
    TRY(run("PRAGMA synchronous = FULL"));
    TRY(run("PRAGMA cache_size = -65536"));
    sqlite3_wal_hook(
        handle_,
        [](void* self, sqlite3* /*handle*/, const char* /*name*/, int pages) {
            static_cast<SqliteConnection*>(self)->wal_pages_ = pages;
            return SQLITE_OK;
        },
        this);
    return {};
}

SqliteConnection::SqliteConnection(sqlite3* handle) : handle_(handle) {}

SqliteConnection::~SqliteConnection() {
    cache_.clear();
    sqlite3_close_v2(handle_);
}

Result<Statement> SqliteConnection::prepare(Sql sql) {
    auto& copies = cache_[sql.text()];
    for (const auto& copy : copies) {
        if (!copy->is_lent()) return copy->lend();
    }
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return note(code);
    copies.push_back(std::make_unique<CachedStatement>(this, statement));
    // $1, $2 … must stand in order: SQLite numbers them as it meets them, PostgreSQL by name.
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) {
        const char* name = sqlite3_bind_parameter_name(statement, i);
        CHECK(name != nullptr && fmt::format("${}", i) == name);
    }
    return copies.back()->lend();
}

std::int64_t SqliteConnection::changes() const {
    return sqlite3_changes64(handle_);
}

bool SqliteConnection::is_in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

Trouble SqliteConnection::take_trouble() {
    return std::exchange(trouble_, Trouble::kNone);
}

Status SqliteConnection::checkpoint(Checkpoint mode) {
    const int how =
        mode == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, how, nullptr, nullptr);
    if (code != SQLITE_OK) return note(code);
    if (mode == Checkpoint::kTruncate) wal_pages_ = 0;
    return {};
}

Error SqliteConnection::note(int code) {
    std::string detail = fmt::format("sqlite {}: {}", code, sqlite3_errmsg(handle_));
    if (is_no_space(handle_, code)) {
        // A write that found no space left a commit out, or cut it off, so that its checksum does
        // not fit: SQLite never takes that for one. After the writes come the sync and the index
        // in shared memory: the whole commit is in the log by then, and a crash may bring it to
        // light.
        const bool is_write = code == SQLITE_FULL || code == SQLITE_IOERR_WRITE;
        trouble_ = is_write ? Trouble::kNoSpace : Trouble::kInputOutput;
        return Error{ErrorCode::kOutOfSpace, "the disk is full", std::move(detail)}
            .with_reason("out_of_space")
            .with_hint("Free space on the volume of the data directory; no restart is needed.");
    }
    switch (code & 0xFF) {
        case SQLITE_CONSTRAINT: return constraint_error(code, std::move(detail));
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return unavailable("the database is busy", std::move(detail), "database_busy");
        case SQLITE_IOERR:
            trouble_ = Trouble::kInputOutput;
            return unavailable("the disk failed", std::move(detail), "storage_error");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return unavailable("the database file is damaged", std::move(detail),
                               "database_damaged");
        default: return Error{ErrorCode::kInternal, "the store failed", std::move(detail)};
    }
}

}  // namespace latchkey::store::sqlite
