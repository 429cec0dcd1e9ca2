// The files of a data directory: the lock that keeps a second process out, the database file with
// its mode, and the reserve, real blocks given back when a full disk would stop a revocation.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace latchkey::store::sqlite {

// Made 0700 when it is missing.
Status make_data_directory(const std::string& directory);

// Held for the life of the object; the kernel gives it back when a process dies.
class DirectoryLock {
public:
    // kConflict, naming the process, when another one holds it.
    static Result<DirectoryLock> take(const std::string& directory);

private:
    explicit DirectoryLock(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
};

enum class Missing : std::uint8_t { kCreate, kRefuse };
// A regular file, not a link, mode 0600 (mended when it is wider: it holds password hashes and
// wrapped keys), no shorter than its own header says.
Status prepare_database_file(const std::string& path, Missing if_missing);

class Reserve {
public:
    Reserve(std::string path, std::size_t bytes) : path_(std::move(path)), bytes_(bytes) {}
    [[nodiscard]] bool is_wanted() const { return bytes_ > 0; }
    Status put_back();  // allocates what is missing of it; kOutOfSpace when there is no room
    bool release();     // true when there was something to release

private:
    std::string path_;
    std::size_t bytes_;
};

Error file_error(const std::string& what, int error_number);

}  // namespace latchkey::store::sqlite
