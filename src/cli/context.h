// What every command gets: the global flags, the console, the server that was meant and the
// credential to show it. Flag goes before environment, environment before the stored login.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/cli.h"
#include "cli/client/api_client.h"
#include "cli/console.h"
#include "cli/credentials.h"
#include "cli/keyring.h"
#include "cli/table.h"

namespace latchkey::cli {

inline constexpr const char* kDefaultServer = "http://127.0.0.1:8080";

struct Globals {
    bool json{false};
    bool no_color{false};
    bool no_input{false};
    bool quiet{false};
    bool verbose{false};
    bool yes{false};
    bool version{false};
    bool wide{false};
    std::optional<std::string> server;
    std::optional<std::string> context;
    std::optional<std::string> project;
    std::optional<std::string> token;  // filled from argv before it was scrubbed
    std::optional<std::string> token_file;
    std::optional<std::string> timeout;
    std::optional<std::string> ca_file;
};

struct Credential {
    Secret secret;
    bool is_session{false};
    std::string source;  // "--token", "LATCHKEY_TOKEN", "the stored login"
};

// The system's keyring where there is one, else the file; or the file at once.
enum class LoginStorage { kBest, kFile };

class Context {
public:
    Context(Console& console, Environment environment, const Hooks& hooks, const Clock& clock);

    Globals globals;
    std::optional<Problem> problem;  // of the last call that failed
    std::string credential_end;      // when the token that was used expires, as the server said

    [[nodiscard]] Console& console() { return console_; }
    [[nodiscard]] const Hooks& hooks() const { return hooks_; }
    [[nodiscard]] Timestamp now() const { return clock_.now(); }
    [[nodiscard]] std::optional<std::string> environment(const char* name) const;

    // Where calls go, without a slash at the end.
    Result<std::string> server();
    // The name under which a login, and the active project, is or would be kept.
    Result<std::string> context_name();
    // Whether there is a place to keep anything in.
    [[nodiscard]] bool may_store() const { return config_directory(environment_).has_value(); }
    Result<Credentials> stored();
    Status store(const Credentials& credentials);
    // Makes the login that context's, and the active one. Tells where its secret is kept.
    Result<std::string> keep_login(const std::string& name, StoredLogin login,
                                   LoginStorage storage);
    // Its secret, from wherever it is kept; empty when it is gone.
    Result<Secret> secret_of(const std::string& name, const StoredLogin& login);
    // Removes the login, its secret and its active project; the server is not told.
    Status forget_login(const std::string& name);
    // The server goes on with it under another secret; it stays where it is kept.
    Status replace_secret(const std::string& name, const Secret& secret);
    Status rename_login(const std::string& name, const std::string& new_name);
    // "the system keyring", or the file's path.
    Result<std::string> place_of(const StoredLogin& login) const;
    // Nothing when there is none anywhere. Read once: stdin cannot be read again.
    Result<const Credential*> credential();
    // The stored session alone, whatever token was given.
    Result<std::optional<Credential>> stored_credential();

    Result<ApiClient> client();                    // with the credential, which must exist
    Result<ApiClient> client_with(Secret secret);  // with this one; empty: anonymous
    Result<fetch::Options> fetch_options();

    // A required value: as given, or asked for at a terminal, else an error naming the flag.
    Result<std::string> need(const std::optional<std::string>& given, std::string_view flag,
                             std::string_view question);
    [[nodiscard]] bool may_ask() const;
    // Asks a person at a terminal; everybody else, and whoever said --yes, goes on.
    Result<bool> may_go_on(std::string_view question);

    void note(std::string_view text);  // a hint on stderr, unless --quiet
    void warn_of_end();                // of the token that was used, when it comes near
    void print(std::string_view text) { console_.out << text; }
    // One object as JSON, pretty at a terminal.
    void print_json(const json::value& value);
    // One array as JSON, or one compact record a line with --quiet.
    void print_json_list(const json::array& items);
    void print_table(const Table& table, bool wide);

private:
    Result<Credential> read_credential(bool& found);
    Result<Credential> credential_from_file(const std::string& path, std::string source);
    void warn_of_plain_http(const std::string& server);
    void warn_of_readable_file(const std::string& path, std::string_view remedy);
    Result<std::string> named_context(const Credentials& credentials, const std::string& wanted);
    Result<KeyringEntry> keyring_entry(const std::string& name) const;
    Keyring* keyring();  // nullptr when there is none

    Console& console_;
    Environment environment_;
    const Hooks& hooks_;
    const Clock& clock_;
    std::optional<Credential> credential_;
    bool credential_was_read_{false};
    std::unique_ptr<Keyring> keyring_;
    bool keyring_was_opened_{false};
    bool warned_{false};
};

}  // namespace latchkey::cli
