// What `login` keeps between runs: one file, 0600 in a directory of 0700, replaced whole so that a
// crash never leaves half of it.
//   {"active":"<context>","contexts":{"<context>":{"server","kind":"session|token","secret",
//    "name"?,"expiresAt"?}},"projects":{"<context>":{"id","name"}}}
// Where the secret lies in the system's keyring, "kept":"keyring" stands in its place.
// A context is named by its server unless --context says otherwise. Its active project is kept
// apart from its login, so that it outlives a login that ended and serves tokens from elsewhere.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/console.h"

namespace latchkey::cli {

struct StoredLogin {
    std::string server;
    bool is_session{true};  // else a token, from login --with-token
    std::string secret;
    std::string name;        // e-mail, or the token's name; for people
    std::string expires_at;  // RFC 3339, or empty
    bool in_keyring{false};  // then `secret` is empty
};

struct Project {
    std::string id;  // as JSON shows it
    std::string name;
};

struct Credentials {
    std::string active;
    std::map<std::string, StoredLogin> contexts;
    std::map<std::string, Project> projects;  // the active one of each context

    [[nodiscard]] const StoredLogin* find(const std::string& context) const;
};

// $LATCHKEY_CONFIG_DIR, else $XDG_CONFIG_HOME/latchkey, else ~/.config/latchkey.
Result<std::string> config_directory(const Environment& environment);

// No file is an empty answer. `readable_by_others` tells that its mode is too wide.
Result<Credentials> load_credentials(const std::string& directory, bool& readable_by_others);
Status save_credentials(const std::string& directory, const Credentials& credentials);

// Whole files for the CLI: at most `bytes_max`, errors name the file.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);
// Beside it, synced, then renamed over it; mode 0600.
Status write_private_file(const std::string& path, std::string_view bytes);

}  // namespace latchkey::cli
