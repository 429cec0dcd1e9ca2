#include "store/sqlite/backup.h"

#include <cerrno>

#include <fcntl.h>
#include <stdio.h>  // NOLINT: renameat2 is declared only here
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/files.h"

namespace latchkey::store::sqlite {
namespace {

constexpr int kPagesAtOnce = 1'000;

struct CloseDatabase {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};

Error exists(const std::string& path) {
    return Error{ErrorCode::kConflict, path + " exists already"}.with_hint(
        "Name a file that does not exist; a backup never replaces another.");
}

// The source is read within a transaction: all steps see one moment, and a writer never makes the
// copy start over.
Status copy(LongRead& read, SqliteConnection& source, const std::string& path) {
    TRY(source.run("SELECT 1 FROM sqlite_master LIMIT 1"));
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const std::unique_ptr<sqlite3, CloseDatabase> target(raw);
    if (opened != SQLITE_OK) return source.note(opened);
    // A copy that is cut short is thrown away, so it needs no journal; we sync it ourselves.
    sqlite3_exec(raw, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nullptr, nullptr,
                 nullptr);
    sqlite3_backup* backup = sqlite3_backup_init(raw, "main", source.handle(), "main");
    if (backup == nullptr) return source.note(sqlite3_extended_errcode(raw));
    int stepped = SQLITE_OK;
    while (stepped == SQLITE_OK && !read.is_told_to_end()) {
        stepped = sqlite3_backup_step(backup, kPagesAtOnce);
    }
    const int finished = sqlite3_backup_finish(backup);
    if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
    return source.note(finished != SQLITE_OK ? finished : stepped);
}

Status rename_without_replacing(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno == EEXIST) return exists(to);
    if (errno != EINVAL && errno != ENOSYS) return file_error("cannot make " + to, errno);
    // A file system without that flag: a second name cannot replace one either.
    if (::link(from.c_str(), to.c_str()) != 0) {
        return errno == EEXIST ? exists(to) : file_error("cannot make " + to, errno);
    }
    ::unlink(from.c_str());
    return {};
}

Status copy_and_name(LongRead& read, const std::string& database_path, const std::string& partial,
                     const std::string& path) {
    TRY(read.run(database_path,
                 [&](SqliteConnection& source) { return copy(read, source, partial); }));
    if (!sync_to_disk(partial)) return file_error("cannot write " + partial, errno);
    TRY(rename_without_replacing(partial, path));
    if (!sync_directory_of(path)) return file_error("cannot write " + path, errno);
    return {};
}

}  // namespace

Status back_up(LongRead& read, const std::string& database_path, const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0) return exists(path);
    const std::string partial = path + ".partial";
    const FileDescriptor file(
        ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) {
        if (errno != EEXIST) return file_error("cannot make " + partial, errno);
        return Error{ErrorCode::kConflict, partial + " exists already"}.with_hint(
            "Another backup is being written there, or one was cut off: then remove that file.");
    }
    Status made = copy_and_name(read, database_path, partial, path);
    if (!made) ::unlink(partial.c_str());
    return made;
}

}  // namespace latchkey::store::sqlite
