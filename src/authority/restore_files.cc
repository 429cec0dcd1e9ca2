#include "authority/restore_files.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "/latchkey.db";

Error cannot(const std::string& what, const std::error_code& why) {
    return Error{ErrorCode::kPrecondition, "cannot " + what + ": " + why.message()};
}

Status sync(const std::string& path) {
    if (sync_to_disk(path)) return {};
    return cannot("write " + path, std::error_code(errno, std::generic_category()));
}

std::string free_name(const std::string& target) {
    std::string name = target + ".before-restore";
    for (int i = 2; fs::exists(name); ++i) {
        name = target + ".before-restore-" + std::to_string(i);
    }
    return name;
}

// A log that its database did not take in belongs to the kept file: it must never be played into
// the new one.
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

Result<RestoreScratch> RestoreScratch::create(const std::string& data, const std::string& backup) {
    std::string directory = data + "/restore-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) {
        return cannot("write to " + data, std::error_code(errno, std::generic_category()));
    }
    RestoreScratch scratch(directory);
    const std::string copy = directory + kDatabase;
    std::error_code failed;
    fs::copy_file(backup, copy, failed);
    if (failed) return cannot("read " + backup, failed);
    fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, failed);
    if (failed) return cannot("write " + copy, failed);
    return scratch;
}

RestoreScratch::RestoreScratch(RestoreScratch&& other) noexcept
    : directory_(std::exchange(other.directory_, {})) {}

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
