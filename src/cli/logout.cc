#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/context.h"

namespace latchkey::cli {
namespace {

// The name under which the login for the chosen server is kept, or nothing.
Result<std::optional<std::string>> find_login(Context& context, const Credentials& credentials) {
    const std::string name = TRY(context.context_name());
    std::optional<std::string> found;
    if (credentials.find(name) != nullptr) found = name;
    return found;
}

Result<int> logout(Context& context) {
    Credentials credentials = TRY(context.stored());
    const auto name = TRY(find_login(context, credentials));
    const std::string server = TRY(context.server());
    if (!name) {
        return Error{ErrorCode::kUnauthenticated, fmt::format("not logged in to {}", server)}
            .with_reason("not_logged_in");
    }
    const StoredLogin login = *credentials.find(*name);
    int code = kExitOk;
    if (login.is_session) {
        ApiClient client = TRY(context.client_with(Secret(login.secret)));
        const Status ended = client.remove("/v1/session");
        if (!ended && ended.error().code != ErrorCode::kUnauthenticated) {
            print_warning(context.console(),
                          fmt::format("the login was removed here, but {} was not told: {}", server,
                                      ended.error().message));
            code = kExitPartly;
        }
    }
    credentials.contexts.erase(*name);
    credentials.projects.erase(*name);
    if (credentials.active == *name) credentials.active.clear();
    TRY(context.store(credentials));
    if (!context.globals.quiet && !context.globals.json) {
        context.print(fmt::format("Logged out of {}\n", login.server));
    }
    return code;
}

}  // namespace

void add_logout(Command root) {
    root.command("logout", "End the login and forget it").action(&logout);
}

}  // namespace latchkey::cli
