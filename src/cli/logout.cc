#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/log_out.h"

namespace latchkey::cli {

Result<int> end_login(Context& context, const std::string& name) {
    const Credentials credentials = TRY(context.stored());
    const StoredLogin* login = credentials.find(name);
    CHECK(login != nullptr);
    int code = kExitOk;
    auto secret = context.secret_of(name, *login);
    if (login->is_session && secret && !secret->empty()) {
        // Its own server, whichever one the rest of the line means.
        const auto server = std::exchange(context.globals.server, login->server);
        auto client = context.client_with(std::move(*secret));
        context.globals.server = server;
        const Status ended = client ? client->remove("/v1/session") : Status(client.error());
        if (!ended && ended.error().code != ErrorCode::kUnauthenticated) {
            print_warning(context.console(),
                          fmt::format("the login was removed here, but {} was not told: {}",
                                      login->server, ended.error().message));
            code = kExitPartly;
        }
    }
    TRY(context.forget_login(name));
    return code;
}

namespace {

Result<int> log_out_of(Context& context, const std::vector<std::string>& names) {
    int code = kExitOk;
    json::array servers;
    for (const std::string& name : names) {
        const Credentials credentials = TRY(context.stored());
        const std::string server = credentials.find(name)->server;
        const int ended = TRY(end_login(context, name));
        if (ended != kExitOk) code = ended;
        servers.emplace_back(server);
        if (!context.globals.quiet && !context.globals.json) {
            context.print(fmt::format("Logged out of {}\n", server));
        }
    }
    if (context.globals.json) context.print_json(json::object{{"loggedOut", std::move(servers)}});
    return code;
}

Result<int> logout(Context& context, bool all) {
    const Credentials credentials = TRY(context.stored());
    std::vector<std::string> names;
    if (all) {
        for (const auto& [name, login] : credentials.contexts) {
            names.push_back(name);
        }
    } else {
        std::string name = TRY(context.context_name());
        if (credentials.find(name) != nullptr) names.push_back(std::move(name));
    }
    if (names.empty()) {
        const std::string server = TRY(context.server());
        return Error{ErrorCode::kUnauthenticated, all ? std::string("not logged in anywhere")
                                                      : fmt::format("not logged in to {}", server)}
            .with_reason("not_logged_in");
    }
    return log_out_of(context, names);
}

}  // namespace

void add_logout(Command root) {
    auto all = std::make_shared<bool>(false);
    root.command("logout", "End the login and forget it")
        .flag("--all", *all, "Out of every context")
        .example("latchkey logout")
        .example("latchkey logout --context production")
        .action([all](Context& context) { return logout(context, *all); });
}

}  // namespace latchkey::cli
