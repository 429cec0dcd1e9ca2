#include "cli/context.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/step_up.h"
#include "cli/suggest.h"
#include "cli/text.h"
#include "fetch/url.h"
#include "token/durations.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kTokenFileBytesMax = 65'536;

std::optional<std::string> first_of(const std::optional<std::string>& flag,
                                    const std::optional<std::string>& variable) {
    if (flag && !flag->empty()) return flag;
    if (variable && !variable->empty()) return variable;
    return std::nullopt;
}

Result<std::string> normalised(const std::string& server) {
    auto url = fetch::parse_url(server);
    if (!url || !url->query.empty()) {
        return usage_error(fmt::format("\"{}\" is not a server's address", server),
                           "an address looks like https://latchkey.example or "
                           "http://127.0.0.1:8080");
    }
    std::string path = url->path;
    while (!path.empty() && path.back() == '/') {
        path.pop_back();
    }
    return url->origin() + path;
}

// Whoever can write it could have us act with a token of theirs. Only reading it is no reason to
// refuse: mounted secrets of containers are readable by all in there.
Status refuse_writable_file(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
    if ((facts.st_mode & S_IWOTH) == 0) return {};
    return failure(
        fmt::format("everybody can write {}, so the token in it is not to be trusted", path),
        fmt::format("run chmod 600 {}", path));
}

}  // namespace

Context::Context(Console& console, Environment environment, const Hooks& hooks, const Clock& clock)
    : console_(console), environment_(std::move(environment)), hooks_(hooks), clock_(clock) {}

std::optional<std::string> Context::environment(const char* name) const {
    return environment_(name);
}

Result<Credentials> Context::stored() {
    const std::string directory = TRY(config_directory(environment_));
    bool readable_by_others = false;
    Credentials credentials = TRY(load_credentials(directory, readable_by_others));
    if (readable_by_others && !warned_) {
        warned_ = true;
        print_warning(console_, fmt::format("others can read {}/credentials.json; run chmod 600 "
                                            "on it, log out and log in again",
                                            directory));
    }
    return credentials;
}

Status Context::store(const Credentials& credentials) {
    const std::string directory = TRY(config_directory(environment_));
    return save_credentials(directory, credentials);
}

Result<std::string> Context::named_context(const Credentials& credentials,
                                           const std::string& wanted) {
    if (const StoredLogin* login = credentials.find(wanted)) return normalised(login->server);
    std::vector<std::string> names;
    for (const auto& [name, login] : credentials.contexts) {
        names.push_back(name);
    }
    const auto meant = nearest(wanted, names);
    return usage_error(fmt::format("there is no context \"{}\"", wanted),
                       meant ? fmt::format("did you mean \"{}\"?", *meant)
                             : std::string("log in with --server and --context to make it"));
}

// A flag goes before any variable, and whoever names a context means its server.
Result<std::string> Context::server() {
    if (globals.server && !globals.server->empty()) return normalised(*globals.server);
    const auto variable = first_of(std::nullopt, environment_("LATCHKEY_SERVER"));
    const bool names_context = globals.context && !globals.context->empty();
    if (variable && !names_context) return normalised(*variable);
    if (!may_store()) return std::string(kDefaultServer);
    const Credentials credentials = TRY(stored());
    if (const auto wanted = first_of(globals.context, environment_("LATCHKEY_CONTEXT"))) {
        return named_context(credentials, *wanted);
    }
    const StoredLogin* login = credentials.find(credentials.active);
    return login == nullptr ? std::string(kDefaultServer) : normalised(login->server);
}

Result<std::string> Context::context_name() {
    if (auto wanted = first_of(globals.context, environment_("LATCHKEY_CONTEXT"))) {
        return *std::move(wanted);
    }
    std::string address = TRY(server());
    if (!may_store()) return address;
    const Credentials credentials = TRY(stored());
    const StoredLogin* active = credentials.find(credentials.active);
    if (active != nullptr && active->server == address) return credentials.active;
    return address;
}

Result<std::optional<Credential>> Context::stored_credential() {
    if (!may_store()) return std::optional<Credential>{};
    const Credentials credentials = TRY(stored());
    const std::string wanted_server = TRY(server());
    const std::string name = TRY(context_name());
    const StoredLogin* login = credentials.find(name);
    // A secret goes only to the server that gave it.
    if (login == nullptr || login->server != wanted_server) return std::optional<Credential>{};
    Secret secret = TRY(secret_of(name, *login));
    std::optional<Credential> found;
    if (secret.empty()) return found;
    found.emplace(Credential{std::move(secret), login->is_session, "the stored login"});
    return found;
}

Keyring* Context::keyring() {
    if (!keyring_was_opened_) keyring_ = Keyring::open(environment_);
    keyring_was_opened_ = true;
    return keyring_.get();
}

Result<KeyringEntry> Context::keyring_entry(const std::string& name) const {
    std::string directory = TRY(config_directory(environment_));
    return KeyringEntry{std::move(directory), name};
}

Result<Secret> Context::secret_of(const std::string& name, const StoredLogin& login) {
    if (!login.in_keyring) return Secret(login.secret);
    if (keyring() == nullptr) {
        return failure(fmt::format("the login of {} lies in the system keyring, which cannot be "
                                   "reached from here",
                                   name),
                       "use --token-file or LATCHKEY_TOKEN, or log in with --insecure-storage");
    }
    const KeyringEntry entry = TRY(keyring_entry(name));
    auto found =
        TRY(keyring()->find(entry, globals.no_input ? Unlocking::kNever : Unlocking::kMayAsk));
    return found ? std::move(*found) : Secret{};
}

Result<std::string> Context::keep_login(const std::string& name, StoredLogin login,
                                        LoginStorage storage) {
    Credentials credentials = TRY(stored());
    const KeyringEntry entry = TRY(keyring_entry(name));
    const StoredLogin* before = credentials.find(name);
    if (storage == LoginStorage::kBest && keyring() != nullptr) {
        const Status kept = keyring()->keep(entry, Secret(login.secret));
        if (kept) {
            login.in_keyring = true;
            login.secret.clear();
        } else {
            print_warning(console_,
                          fmt::format("{}; the login is kept in a file", kept.error().message));
        }
    } else if (before != nullptr && before->in_keyring && keyring() != nullptr) {
        TRY(keyring()->forget(entry));
    }
    std::string place = TRY(place_of(login));
    credentials.contexts[name] = std::move(login);
    credentials.active = name;
    TRY(store(credentials));
    return place;
}

Status Context::forget_login(const std::string& name) {
    Credentials credentials = TRY(stored());
    const StoredLogin* login = credentials.find(name);
    if (login != nullptr && login->in_keyring && keyring() != nullptr) {
        const KeyringEntry entry = TRY(keyring_entry(name));
        TRY(keyring()->forget(entry));
    }
    credentials.contexts.erase(name);
    credentials.projects.erase(name);
    if (credentials.active == name) credentials.active.clear();
    return store(credentials);
}

Status Context::replace_secret(const std::string& name, const Secret& secret) {
    Credentials credentials = TRY(stored());
    const auto found = credentials.contexts.find(name);
    if (found == credentials.contexts.end()) return {};
    if (found->second.in_keyring && keyring() != nullptr) {
        const KeyringEntry entry = TRY(keyring_entry(name));
        return keyring()->keep(entry, secret);
    }
    found->second.secret = std::string(secret.expose());
    return store(credentials);
}

Status Context::rename_login(const std::string& name, const std::string& new_name) {
    Credentials credentials = TRY(stored());
    auto login = credentials.contexts.extract(name);
    CHECK(!login.empty());
    if (login.mapped().in_keyring) {
        const Secret secret = TRY(secret_of(name, login.mapped()));
        const KeyringEntry from = TRY(keyring_entry(name));
        const KeyringEntry to = TRY(keyring_entry(new_name));
        TRY(keyring()->keep(to, secret));
        TRY(keyring()->forget(from));
    }
    login.key() = new_name;
    credentials.contexts.insert(std::move(login));
    if (auto project = credentials.projects.extract(name)) {
        project.key() = new_name;
        credentials.projects.insert(std::move(project));
    }
    if (credentials.active == name) credentials.active = new_name;
    return store(credentials);
}

Result<std::string> Context::place_of(const StoredLogin& login) const {
    if (login.in_keyring) return std::string("the system keyring");
    const std::string directory = TRY(config_directory(environment_));
    return directory + "/credentials.json";
}

void Context::warn_of_readable_file(const std::string& path, std::string_view remedy) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
    if ((facts.st_mode & 077U) == 0) return;
    print_warning(console_, fmt::format("others can read {}; {}", path, remedy));
}

Result<Credential> Context::credential_from_file(const std::string& path, std::string source) {
    if (path == "-") {
        Secret secret = TRY(read_secret_from_input(console_));
        return Credential{std::move(secret), false, std::move(source)};
    }
    TRY(refuse_writable_file(path));
    const std::string text = TRY(read_file(path, kTokenFileBytesMax));
    warn_of_readable_file(path, fmt::format("run chmod 600 {}", path));
    std::string token = trimmed(text);
    if (token.empty()) return usage_error(fmt::format("{} holds no token", path));
    return Credential{Secret(std::move(token)), false, std::move(source)};
}

Result<Credential> Context::read_credential(bool& found) {
    found = true;
    if (globals.token && globals.token_file) {
        return usage_error("--token excludes --token-file");
    }
    if (globals.token) {
        if (globals.token->empty()) return usage_error("--token is empty");
        return Credential{Secret(*globals.token), false, "--token"};
    }
    if (globals.token_file) return credential_from_file(*globals.token_file, "--token-file");
    if (auto token = environment_("LATCHKEY_TOKEN"); token && !token->empty()) {
        return Credential{Secret(*std::move(token)), false, "LATCHKEY_TOKEN"};
    }
    if (const auto file = environment_("LATCHKEY_TOKEN_FILE"); file && !file->empty()) {
        return credential_from_file(*file, "LATCHKEY_TOKEN_FILE");
    }
    std::optional<Credential> kept = TRY(stored_credential());
    found = kept.has_value();
    return found ? *std::move(kept) : Credential{};
}

Result<const Credential*> Context::credential() {
    if (!credential_was_read_) {
        bool found = false;
        Credential credential = TRY(read_credential(found));
        if (found) credential_ = std::move(credential);
        credential_was_read_ = true;
    }
    const Credential* pointer = credential_ ? &*credential_ : nullptr;
    return pointer;
}

Result<fetch::Options> Context::fetch_options() {
    fetch::Options options;
    if (globals.timeout) {
        const auto timeout = parse_duration(*globals.timeout);
        if (!timeout) {
            return usage_error(fmt::format("--timeout: {}", timeout.error().message),
                               "a duration looks like 30s or 2m");
        }
        options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
    }
    if (globals.ca_file) {
        TRY(read_file(*globals.ca_file, std::size_t{16} * 1024 * 1024));
        options.ca_file = *globals.ca_file;
    }
    return options;
}

void Context::warn_of_plain_http(const std::string& server) {
    const auto url = fetch::parse_url(server);
    if (warned_ || !url || url->scheme != "http" || url->is_loopback()) return;
    warned_ = true;
    print_warning(console_, fmt::format("{} is not encrypted: anyone on the way can read the "
                                        "credential that is sent there",
                                        server));
}

Result<ApiClient> Context::client_with(Secret secret) {
    std::string address = TRY(server());
    fetch::Options options = TRY(fetch_options());
    if (!secret.empty()) warn_of_plain_http(address);
    ApiClient client(std::move(options), std::move(address), std::move(secret), problem);
    if (globals.verbose) client.trace_to(&console_.err);
    return client;
}

Result<ApiClient> Context::client() {
    const Credential* found = TRY(credential());
    const std::string address = TRY(server());
    if (found == nullptr) {
        return Error{ErrorCode::kUnauthenticated, fmt::format("not logged in to {}", address)}
            .with_reason("not_logged_in")
            .with_hint(address == kDefaultServer
                           ? "run latchkey login"
                           : fmt::format("run latchkey login --server {}", address));
    }
    ApiClient client = TRY(client_with(Secret(std::string(found->secret.expose()))));
    client.tell_end_to(&credential_end);
    if (found->is_session) {
        client.prove_with(
            [this](std::string_view session) { return prove_once_more(*this, session); });
    }
    return client;
}

void Context::warn_of_end() {
    constexpr auto kWarned = std::chrono::hours(14 * 24);
    const auto end = parse_rfc3339(credential_end);
    if (credential_end.empty() || !end || *end - now() >= kWarned) return;
    note(fmt::format("the token that you use expires {}: rotate it before", local_time(*end)));
}

bool Context::may_ask() const {
    return console_.in_is_terminal && !globals.no_input;
}

Result<bool> Context::may_go_on(std::string_view question) {
    if (globals.yes || !may_ask()) return true;
    return confirm(console_, question);
}

Result<std::string> Context::need(const std::optional<std::string>& given, std::string_view flag,
                                  std::string_view question) {
    if (given) return *given;
    if (!may_ask()) {
        return usage_error(fmt::format("{} is required", flag),
                           "there is no terminal to ask at, or --no-input forbids it");
    }
    return ask(console_, question);
}

void Context::note(std::string_view text) {
    if (globals.quiet) return;
    console_.out.flush();  // what it is about comes first at a terminal
    print_hint(console_, text);
}

void Context::print_json(const json::value& value) {
    const bool pretty = console_.out_is_terminal && !globals.quiet;
    console_.out << format_json(value, pretty ? JsonForm::kPretty : JsonForm::kCompact);
}

void Context::print_json_list(const json::array& items) {
    if (!globals.quiet) return print_json(items);
    for (const json::value& item : items) {
        console_.out << format_json(item, JsonForm::kCompact);
    }
}

void Context::print_table(const Table& table, bool wide) {
    const bool cut = console_.out_is_terminal && !wide && !globals.wide;
    console_.out << render_table(table, cut ? console_.columns : kUnlimitedColumns);
}

}  // namespace latchkey::cli
