#include "cli/key_credentials.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/client/fields.h"
#include "cli/credentials.h"
#include "cli/errors.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kFileBytesMax = 65'536;
constexpr std::uint64_t kVersion = 1;

Error write_error(const std::string& path, int number) {
    return failure(
        fmt::format("cannot write {}: {}", path, std::generic_category().message(number)));
}

Error bad_credentials(const std::string& name, std::string_view why) {
    return invalid(fmt::format("{} is no credentials file: {}", name, why), "bad_credentials")
        .with_hint("latchkey token create-token -g --out FILE writes one");
}

}  // namespace

std::string to_file_text(const KeyCredentials& credentials) {
    json::object object{{"version", kVersion},
                        {"server", credentials.server},
                        {"tokenEndpoint", credentials.token_endpoint},
                        {"tokenId", credentials.token_id},
                        {"keyId", credentials.key_id}};
    if (credentials.project_id) object["projectId"] = *credentials.project_id;
    object["algorithm"] = credentials.algorithm;
    object["privateKey"] = credentials.private_key.expose();
    return format_json(object, JsonForm::kPretty);
}

Result<KeyCredentials> parse_key_credentials(std::string_view text, const std::string& name) {
    auto value = parse_json(text, {kFileBytesMax, 4, 64});
    if (!value) return bad_credentials(name, "it is no JSON");
    if (!value->is_object()) return bad_credentials(name, "it is no JSON object");
    const json::object& object = value->get_object();
    if (object.contains("version") && number_of(object, "version") != kVersion) {
        return bad_credentials(name, "a later version of latchkey wrote it");
    }
    for (const char* member : {"server", "tokenId", "privateKey"}) {
        if (text_of(object, member).empty()) {
            return bad_credentials(name, fmt::format("\"{}\" is missing", member));
        }
    }
    KeyCredentials credentials;
    credentials.server = text_of(object, "server");
    credentials.token_endpoint = text_of(object, "tokenEndpoint");
    credentials.token_id = text_of(object, "tokenId");
    credentials.key_id = text_of(object, "keyId");
    if (object.contains("projectId")) credentials.project_id = text_of(object, "projectId");
    credentials.algorithm = text_of(object, "algorithm");
    credentials.private_key = Secret(text_of(object, "privateKey"));
    return credentials;
}

Result<KeyCredentials> read_key_credentials(const std::string& path) {
    const Secret text(TRY(read_file(path, kFileBytesMax)));
    return parse_key_credentials(text.expose(), path);
}

Error file_is_there(const std::string& path) {
    return usage_error(fmt::format("{} is there already, and nothing is written over it", path),
                       "name another file with --out, or move that one away");
}

Result<NewPrivateFile> NewPrivateFile::create(const std::string& path) {
    FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file) return NewPrivateFile(path, std::move(file));
    return errno == EEXIST ? file_is_there(path) : write_error(path, errno);
}

NewPrivateFile::NewPrivateFile(std::string path, FileDescriptor file)
    : path_(std::move(path)), file_(std::move(file)) {}

NewPrivateFile::NewPrivateFile(NewPrivateFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      is_written_(other.is_written_) {}

NewPrivateFile::~NewPrivateFile() {
    if (file_ && !is_written_) ::unlink(path_.c_str());
}

Status NewPrivateFile::write(std::string_view bytes) {
    if (!write_and_sync(file_, bytes)) return write_error(path_, errno);
    is_written_ = true;
    return {};
}

}  // namespace latchkey::cli
