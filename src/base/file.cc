#include "base/file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>

namespace latchkey {

bool write_and_sync(const FileDescriptor& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::fsync(file.get()) == 0;
}

bool sync_to_disk(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file && ::fsync(file.get()) == 0;
}

bool sync_directory_of(const std::string& path) {
    std::error_code failed;  // of a relative path, where the working directory is gone
    const auto absolute = std::filesystem::absolute(path, failed);
    if (failed) {
        errno = failed.value();
        return false;
    }
    return sync_to_disk(absolute.parent_path().string());
}

}  // namespace latchkey
