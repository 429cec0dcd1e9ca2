// One SQLite connection with its cache of prepared statements, and how SQLite's result codes are
// told as our errors. Not thread-safe: one thread at a time. Only open.cc of this folder and the
// writer ever make a writing one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <sqlite3.h>

#include "store/sql.h"

namespace latchkey::store::sqlite {

// What went wrong on a connection since it was last asked, beyond the error a caller may swallow.
enum class Trouble : std::uint8_t { kNone, kNoSpace, kInputOutput };

enum class Access : std::uint8_t { kReadWrite, kReadOnly };

class CachedStatement;

class SqliteConnection final : public Connection {
public:
    // The file must exist. A writer gets WAL with synchronous=FULL and no automatic checkpoints; a
    // reader can neither write nor checkpoint, not even when it closes.
    static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, Access access);
    ~SqliteConnection() override;

    Result<Statement> prepare(Sql sql) override;
    [[nodiscard]] std::int64_t changes() const override;

    [[nodiscard]] bool is_in_transaction() const;
    Trouble take_trouble();
    [[nodiscard]] Trouble peek_trouble() const { return trouble_; }
    [[nodiscard]] int wal_pages() const { return wal_pages_; }
    enum class Checkpoint : std::uint8_t { kPassive, kTruncate };
    // kUnavailable when a reader stood in the way of a truncation.
    Status checkpoint(Checkpoint mode);
    [[nodiscard]] sqlite3* handle() const { return handle_; }

    Error note(int code);  // the error of `code`, and the trouble it means

private:
    explicit SqliteConnection(sqlite3* handle);
    Status configure(Access access);

    sqlite3* handle_;
    std::unordered_map<const char*, std::vector<std::unique_ptr<CachedStatement>>> cache_;
    Trouble trouble_{Trouble::kNone};
    int wal_pages_{0};
};

}  // namespace latchkey::store::sqlite
