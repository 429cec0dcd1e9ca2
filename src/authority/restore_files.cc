#include "authority/restore_files.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "/latchkey.db";
constexpr std::string_view kScratch = "unfinished-restore-";

std::error_code last_error() {
    return {errno, std::generic_category()};
}

// None: somebody else has it, or removed it meanwhile (then it has no name any more).
FileDescriptor lock_directory(const std::string& path) {
    FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    struct stat facts {};
    const bool is_ours = directory && ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0 &&
                         ::stat(path.c_str(), &facts) == 0;
    return is_ours ? std::move(directory) : FileDescriptor{};
}

Error cannot(const std::string& what, const std::error_code& why) {
    Error error{ErrorCode::kPrecondition, "cannot " + what + ": " + why.message()};
    if (why != std::errc::no_space_on_device && why != std::errc::file_too_large &&
        why.value() != EDQUOT) {
        return error;
    }
    error.code = ErrorCode::kOutOfSpace;
    return std::move(error).with_reason("out_of_space");
}

Status sync(const std::string& path) {
    if (sync_to_disk(path)) return {};
    return cannot("write " + path, last_error());
}

// fs::copy_file calls a disk that becomes full on the way a failed one.
Status copy(const std::string& from, const std::string& to) {
    const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return cannot("read " + from, last_error());
    const FileDescriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out) return cannot("write " + to, last_error());
    ssize_t copied = 0;
    do {
        copied = ::sendfile(out.get(), in.get(), nullptr, 1U << 30);
    } while (copied > 0 || (copied < 0 && errno == EINTR));
    if (copied < 0) return cannot("copy " + from, last_error());
    return {};
}

std::string free_name(const std::string& target) {
    std::string name = target + ".before-restore";
    for (int i = 2; fs::exists(name); ++i) {
        name = target + ".before-restore-" + std::to_string(i);
    }
    return name;
}

// Only a database that could not be opened has a log still. It belongs to the kept file: it must
// never be played into the new one. Whoever kills us between this and the rename that follows finds
// both under the name that is kept, the database under its own as well, and restores again.
Status put_aside_logs(const std::string& target, const std::string& kept) {
    for (const char* suffix : {"-wal", "-shm"}) {
        const std::string side = target + suffix;
        if (!fs::exists(side)) continue;
        std::error_code failed;
        if (kept.empty()) {
            fs::remove(side, failed);
        } else {
            fs::rename(side, kept + suffix, failed);
        }
        if (failed) return cannot("put aside " + side, failed);
    }
    return {};
}

}  // namespace

// A copy of all that is kept should lie about no longer than needed, and it takes room.
void remove_unfinished_restores(const std::string& data) {
    std::error_code failed;
    std::vector<std::string> found;
    for (fs::directory_iterator each(data, failed), end; !failed && each != end;
         each.increment(failed)) {
        const fs::path& path = each->path();
        if (path.filename().string().starts_with(kScratch)) found.push_back(path.string());
    }
    for (const auto& path : found) {
        const auto lock = lock_directory(path);
        if (!lock) continue;
        fs::remove_all(path, failed);
        if (failed) {
            log::warning("what a restore that was cut off had left cannot be removed",
                         {{"directory", path}, {"error", failed.message()}});
        } else {
            log::info("what a restore that was cut off had left is removed", {{"directory", path}});
        }
    }
}

Result<RestoreScratch> RestoreScratch::create(const std::string& data, const std::string& backup) {
    remove_unfinished_restores(data);
    std::string directory = fmt::format("{}/{}XXXXXX", data, kScratch);
    if (::mkdtemp(directory.data()) == nullptr) return cannot("write to " + data, last_error());
    auto lock = lock_directory(directory);
    // A file system that locks no directories lets nobody remove it either.
    if (!lock && (errno == EWOULDBLOCK || errno == ENOENT)) {
        return cannot("lock " + directory, last_error());
    }
    RestoreScratch scratch(directory, std::move(lock));
    TRY(copy(backup, directory + kDatabase));
    return scratch;
}

RestoreScratch::RestoreScratch(RestoreScratch&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), lock_(std::move(other.lock_)) {}

RestoreScratch::~RestoreScratch() {
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

Result<std::string> RestoreScratch::put_in_place(const std::string& data) {
    const std::string target = data + kDatabase;
    const std::string ready = directory_ + kDatabase;
    std::error_code failed;
    // In a log that its database did not take in stands the new epoch, with all that stays revoked.
    const auto log_bytes = fs::file_size(ready + "-wal", failed);
    if (!failed && log_bytes > 0) {
        return Error{ErrorCode::kOutOfSpace,
                     "the restored database could not be written to its end"}
            .with_reason("storage_error")
            .with_hint("Look for room on the volume of " + data + ", and restore again.");
    }
    TRY(sync(ready));
    std::string kept;
    if (fs::exists(target)) {
        kept = free_name(target);
        // A second name for the old file, so that the rename below replaces it in one step.
        fs::create_hard_link(target, kept, failed);
        if (failed) return cannot("keep the old database", failed);
    }
    TRY(put_aside_logs(target, kept));
    fs::rename(ready, target, failed);
    if (failed) return cannot("put the backup in place", failed);
    TRY(sync(data));
    return kept;
}

}  // namespace latchkey::authority
