// The command line: every command but the server itself. main() hands in what needs a server's
// data directory, so that this layer sees no store and speaks to a server like any other client.
// One call per process: signal handlers, the terminal and argv belong to it while it runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace latchkey::cli {

struct RestoreOptions {
    bool nothing_changed_since{false};
    std::string kek_file;  // empty: the data directory's own
};

// Offline forms work on a stopped server's data directory; the text is what to print on stdout.
struct Hooks {
    std::function<int(std::vector<std::string> serve_args)> serve;
    std::function<Result<std::string>(const std::string& data, const std::string& file)> backup;
    std::function<Result<std::string>(const std::string& data, const std::string& file,
                                      const RestoreOptions&)>
        restore;
    std::function<Result<std::string>(const std::string& data, bool emergency)> rotate_keys;
    std::function<Result<std::string>(const std::string& data)> check;
    std::function<Result<std::string>(const std::string& data, const std::string& email,
                                      Secret password, const std::vector<std::string>& roles)>
        create_user;
    std::string default_data_directory;
};

// The process's exit code. Secrets in argv are overwritten there before anything else happens.
int run(int argc, char** argv, const Hooks& hooks);

}  // namespace latchkey::cli
