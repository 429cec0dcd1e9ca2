// Files as the kernel has them: a descriptor that closes itself, and what is really on the disk.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace latchkey {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int value) : value_(value) {}
    FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() {
        if (value_ >= 0) ::close(value_);
    }
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] int release() { return std::exchange(value_, -1); }
    explicit operator bool() const { return value_ >= 0; }

private:
    int value_{-1};
};

// All of it, and on the disk. False: errno says why, here and below.
[[nodiscard]] bool write_and_sync(const FileDescriptor& file, std::string_view bytes);
// Of a directory: so that a name in it survives a power loss.
[[nodiscard]] bool sync_to_disk(const std::string& path);
[[nodiscard]] bool sync_directory_of(const std::string& path);

}  // namespace latchkey
