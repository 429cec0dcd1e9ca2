#include "cli/credentials.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/client/fields.h"
#include "cli/errors.h"

namespace latchkey::cli {
namespace {

constexpr const char* kFileName = "credentials.json";
constexpr std::size_t kFileBytesMax = 1'048'576;

Error file_error(std::string_view doing, const std::string& path, int number) {
    return failure(
        fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(number)));
}

Result<StoredLogin> parse_login(const json::value& value, const std::string& path) {
    if (!value.is_object()) return failure(path + " is damaged", "log in again");
    const json::object& object = value.get_object();
    StoredLogin login;
    login.server = text_of(object, "server");
    login.is_session = text_of(object, "kind") != "token";
    login.secret = text_of(object, "secret");
    login.in_keyring = text_of(object, "kept") == "keyring";
    login.name = text_of(object, "name");
    login.expires_at = text_of(object, "expiresAt");
    return login;
}

Status parse_projects(const json::object& whole, const std::string& path,
                      std::map<std::string, Project>& into) {
    const json::value* projects = whole.if_contains("projects");
    if (projects == nullptr || !projects->is_object()) return {};
    for (const auto& member : projects->get_object()) {
        if (!member.value().is_object()) return failure(path + " is damaged", "log in again");
        const json::object& project = member.value().get_object();
        into.emplace(member.key(), Project{text_of(project, "id"), text_of(project, "name")});
    }
    return {};
}

}  // namespace

const StoredLogin* Credentials::find(const std::string& context) const {
    const auto found = contexts.find(context);
    return found == contexts.end() ? nullptr : &found->second;
}

Result<std::string> config_directory(const Environment& environment) {
    if (const auto own = environment("LATCHKEY_CONFIG_DIR"); own && !own->empty()) return *own;
    if (const auto xdg = environment("XDG_CONFIG_HOME"); xdg && !xdg->empty()) {
        return *xdg + "/latchkey";
    }
    if (const auto home = environment("HOME"); home && !home->empty()) {
        return *home + "/.config/latchkey";
    }
    return failure("there is no home directory to keep a login in", "set LATCHKEY_CONFIG_DIR");
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return file_error("read", path, errno);
    std::string bytes;
    std::string buffer(65'536, '\0');
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error("read", path, errno);
        if (got == 0) return bytes;
        if (bytes.size() + static_cast<std::size_t>(got) > bytes_max) {
            return failure(fmt::format("{} is longer than {} bytes", path, bytes_max));
        }
        bytes.append(buffer, 0, static_cast<std::size_t>(got));
    }
}

Status write_private_file(const std::string& path, std::string_view bytes) {
    const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    ::unlink(temporary.c_str());
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return file_error("write", temporary, errno);
    if (write_and_sync(file, bytes) && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const int number = errno;
    ::unlink(temporary.c_str());
    return file_error("write", path, number);
}

Result<Credentials> load_credentials(const std::string& directory, bool& readable_by_others) {
    const std::string path = directory + "/" + kFileName;
    struct stat facts {};
    readable_by_others = false;
    if (::stat(path.c_str(), &facts) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return Credentials{};
        return file_error("read", path, errno);
    }
    readable_by_others = (facts.st_mode & 077U) != 0;
    const std::string text = TRY(read_file(path, kFileBytesMax));
    const auto value = parse_json(text, {kFileBytesMax, 8, 1024});
    if (!value || !value->is_object()) {
        return failure(path + " is damaged", "remove it and log in again");
    }
    Credentials credentials;
    const json::object& object = value->get_object();
    credentials.active = text_of(object, "active");
    const json::value* contexts = object.if_contains("contexts");
    if (contexts != nullptr && contexts->is_object()) {
        for (const auto& member : contexts->get_object()) {
            StoredLogin login = TRY(parse_login(member.value(), path));
            credentials.contexts.emplace(member.key(), std::move(login));
        }
    }
    TRY(parse_projects(object, path, credentials.projects));
    return credentials;
}

Status save_credentials(const std::string& directory, const Credentials& credentials) {
    std::error_code problem;
    const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, problem);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return file_error("make", directory, errno);
    }
    json::object contexts;
    for (const auto& [name, login] : credentials.contexts) {
        json::object entry{{"server", login.server},
                           {"kind", login.is_session ? "session" : "token"}};
        if (login.in_keyring) {
            entry["kept"] = "keyring";
        } else {
            entry["secret"] = login.secret;
        }
        if (!login.name.empty()) entry["name"] = login.name;
        if (!login.expires_at.empty()) entry["expiresAt"] = login.expires_at;
        contexts[name] = std::move(entry);
    }
    json::object projects;
    for (const auto& [name, project] : credentials.projects) {
        projects[name] = json::object{{"id", project.id}, {"name", project.name}};
    }
    json::object whole{{"active", credentials.active}, {"contexts", std::move(contexts)}};
    if (!projects.empty()) whole["projects"] = std::move(projects);
    return write_private_file(directory + "/" + kFileName, to_json(whole) + "\n");
}

}  // namespace latchkey::cli
