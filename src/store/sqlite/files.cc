#include "store/sqlite/files.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "store/hold_directory.h"

namespace latchkey::store::sqlite {
namespace {

std::string read_pid(int descriptor) {
    std::array<char, 16> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    std::string digits;
    for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                        text[static_cast<std::size_t>(i)] <= '9';
         ++i) {
        digits.push_back(text[static_cast<std::size_t>(i)]);
    }
    return digits.empty() ? "unknown" : digits;
}

Error damaged_file(const std::string& path, std::string detail) {
    return Error{ErrorCode::kPrecondition, fmt::format("{} is damaged", path), std::move(detail)}
        .with_reason("database_damaged")
        .with_hint("Bring a backup back with `latchkey admin restore FILE`.");
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : as_bytes(bytes)) {
        value = value << 8 | byte;
    }
    return value;
}

// A file cut short would be found out only when a query reaches the part that is gone. While a
// write-ahead log waits, the header may run ahead of the file.
Status check_length(int descriptor, const std::string& path, std::int64_t size) {
    struct stat log {};
    if (size == 0 || (::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0)) return {};
    std::array<char, 100> header{};
    if (::pread(descriptor, header.data(), header.size(), 0) !=
        static_cast<ssize_t>(header.size())) {
        return damaged_file(path, "shorter than a header");
    }
    const std::string_view text(header.data(), header.size());
    if (!text.starts_with("SQLite format 3")) {
        return Error{ErrorCode::kPrecondition,
                     fmt::format("{} is no database, or its first page is damaged", path)}
            .with_reason("database_damaged")
            .with_hint("Bring a backup back with `latchkey admin restore FILE`.");
    }
    const std::uint32_t stored_page_bytes = big_endian(text.substr(16, 2));
    const std::int64_t page_bytes = stored_page_bytes == 1 ? 65'536 : stored_page_bytes;
    const std::int64_t pages = big_endian(text.substr(28, 4));
    if (size < pages * page_bytes) return damaged_file(path, "shorter than its header says");
    return {};
}

}  // namespace

Error file_error(const std::string& what, int error_number) {
    const std::string why = std::generic_category().message(error_number);
    if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
        return Error{ErrorCode::kOutOfSpace, fmt::format("{}: {}", what, why)}.with_reason(
            "out_of_space");
    }
    return Error{ErrorCode::kPrecondition, fmt::format("{}: {}", what, why)};
}

Status make_data_directory(const std::string& directory) {
    std::error_code failure;
    const auto parent = std::filesystem::absolute(directory).parent_path();
    std::filesystem::create_directories(parent, failure);
    if (::mkdir(directory.c_str(), 0700) == 0) return {};
    if (errno != EEXIST) return file_error("cannot make the data directory " + directory, errno);
    struct stat found {};
    if (::stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
        return Error{ErrorCode::kPrecondition, directory + " is not a directory"};
    }
    if ((found.st_mode & 0022) != 0) {
        log::warning("the data directory can be written by others", {{"path", directory}});
    }
    return {};
}

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
    const std::string path = directory + "/lock";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return file_error("cannot open " + path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return file_error("cannot lock " + path, errno);
        return Error{ErrorCode::kConflict,
                     fmt::format("{} is in use by another Latchkey process (pid {})", directory,
                                 read_pid(file.get()))}
            .with_reason("data_directory_locked")
            .with_hint("Stop that process first, or name another data directory.");
    }
    // Only for people: a disk too full for it does not matter, the lock is the kernel's.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
        log::debug("the process id could not be noted", {{"path", path}});
    }
    return DirectoryLock(std::move(file));
}

Status prepare_database_file(const std::string& path, Missing if_missing) {
    const int create = if_missing == Missing::kCreate ? O_CREAT : 0;
    const FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | create, 0600));
    if (!file) {
        if (errno == ELOOP) {
            return Error{ErrorCode::kPrecondition, path + " is a symbolic link"}.with_hint(
                "Name the directory that really holds the database.");
        }
        return file_error("cannot open " + path, errno);
    }
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) return file_error("cannot look at " + path, errno);
    if (!S_ISREG(found.st_mode)) {
        return Error{ErrorCode::kPrecondition, path + " is not a regular file"};
    }
    if ((found.st_mode & 0177) != 0) {
        if (::fchmod(file.get(), 0600) != 0) {
            return file_error("cannot make " + path + " private", errno);
        }
        log::warning("the database could be read by others; its mode is 0600 now",
                     {{"path", path}});
    }
    return check_length(file.get(), path, found.st_size);
}

Status Reserve::put_back() {
    if (bytes_ == 0) return {};
    const FileDescriptor file(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return file_error("cannot make " + path_, errno);
    const int failure = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes_));
    if (failure == 0) return {};
    // What was allocated so far would only make the shortage worse.
    ::unlink(path_.c_str());
    return file_error("cannot set space aside in " + path_, failure);
}

bool Reserve::release() {
    return ::unlink(path_.c_str()) == 0;
}

}  // namespace latchkey::store::sqlite

namespace latchkey::store {

Result<std::shared_ptr<void>> hold_directory(const std::string& directory) {
    auto lock = TRY(sqlite::DirectoryLock::take(directory));
    return std::shared_ptr<void>(std::make_shared<sqlite::DirectoryLock>(std::move(lock)));
}

}  // namespace latchkey::store
