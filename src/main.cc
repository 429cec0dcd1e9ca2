// latchkey: the server and its command line. Wires the two; decides nothing.
#include <cstdio>
#include <exception>

#include "cli/cli.h"
#include "server/offline.h"
#include "server/serve.h"

int main(int argc, char** argv) {
    namespace cli = latchkey::cli;
    namespace server = latchkey::server;
    cli::Hooks hooks;
    hooks.default_data_directory = "./latchkey-data";
    hooks.serve = [](const std::vector<std::string>& flags) { return server::serve(flags); };
    hooks.backup = server::backup_offline;
    hooks.restore = [](const std::string& data, const std::string& file,
                       const cli::RestoreOptions& options) {
        return server::restore_offline(data, file, options.nothing_changed_since, options.kek_file);
    };
    hooks.rotate_keys = server::rotate_keys_offline;
    hooks.check = server::check_offline;
    hooks.create_user = [](const std::string& data, const std::string& email,
                           const latchkey::Secret& password,
                           const std::vector<std::string>& roles) {
        return server::create_user_offline(data, email, password, roles);
    };
    try {
        return cli::run(argc, argv, hooks);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "error: something that cannot happen did: %s\n", failure.what());
        return 70;
    }
}
