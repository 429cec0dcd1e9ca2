#include "authority/key_encryption_key.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "crypto/random.h"

namespace latchkey::authority {
namespace {

Error cannot(const std::string& what, const std::string& file) {
    return Error{ErrorCode::kPrecondition,
                 "cannot " + what + " the key-encryption key " + file + ": " + std::strerror(errno)}
        // NOLINT(concurrency-mt-unsafe): at start only
        .with_reason("kek");
}

Result<Secret> decode(std::string text, const std::string& where) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.pop_back();
    }
    auto bytes = hex_decode(text);
    wipe(text);
    if (!bytes || bytes->size() != 32) {
        return Error{ErrorCode::kPrecondition,
                     "the key-encryption key in " + where + " is not 64 hexadecimal digits"}
            .with_reason("kek");
    }
    return Secret(std::move(*bytes));
}

// Whole or not at all: after a crash, half a key would keep every later start from going on.
Result<Secret> make_file(const std::string& file) {
    std::string bytes = random_string(32);
    Secret key(bytes);
    std::string text = hex_encode(bytes) + "\n";
    wipe(bytes);
    const std::string fresh = file + ".new";
    ::unlink(fresh.c_str());
    const FileDescriptor made(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    const bool is_written = made && write_and_sync(made, text);
    wipe(text);
    // A second name never replaces a key that is there already.
    const bool is_named = is_written && ::link(fresh.c_str(), file.c_str()) == 0;
    const int failure = errno;
    ::unlink(fresh.c_str());
    errno = failure;
    // The name, too: a database whose key is lost in a power cut signs nothing more.
    if (!is_named || !sync_directory_of(file)) return cannot("write", file);
    return key;
}

Result<Secret> read_file(const std::string& file) {
    const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) {
        return cannot("read", file)
            .with_hint(
                "put back the kek file that belongs to this data directory, or name it with "
                "LATCHKEY_KEK_FILE");
    }
    struct stat facts {};
    char buffer[128] = {};
    const bool is_stat = ::fstat(opened.get(), &facts) == 0;
    const ssize_t length = ::read(opened.get(), buffer, sizeof buffer);
    if (!is_stat || length < 0) return cannot("read", file);
    if ((facts.st_mode & 077) != 0) {
        return Error{ErrorCode::kPrecondition, "others may read the key-encryption key " + file}
            .with_reason("kek")
            .with_hint("chmod 600 " + file);
    }
    std::string text(buffer, static_cast<std::size_t>(length));
    explicit_bzero(buffer, sizeof buffer);
    return decode(std::move(text), file);
}

}  // namespace

std::string default_kek_file(const std::string& data_directory) {
    return data_directory + "/kek";
}

Result<Secret> open_key_encryption_key(const AuthorityOptions& options, bool may_make) {
    if (!options.kek.empty()) return decode(options.kek, "LATCHKEY_KEK");
    const bool is_default = options.kek_file.empty();
    const std::string file =
        is_default ? default_kek_file(options.data_directory) : options.kek_file;
    if (may_make && ::access(file.c_str(), F_OK) != 0) return make_file(file);
    return read_file(file);
}

}  // namespace latchkey::authority
