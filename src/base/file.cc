#include "base/file.h"

#include <cerrno>
#include <filesystem>

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
    return sync_to_disk(std::filesystem::absolute(path).parent_path().string());
}

}  // namespace latchkey
