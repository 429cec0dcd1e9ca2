#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"

namespace latchkey::cli {
namespace {

// The public description carries the server's version; a server that hides it is still a server.
std::string version_of(ApiClient& client) {
    const auto description = client.get_object("/openapi.json");
    if (!description) return {};
    const json::value* info = description->if_contains("info");
    return info != nullptr && info->is_object() ? text_of(info->get_object(), "version")
                                                : std::string{};
}

Result<int> status(Context& context) {
    ApiClient anonymous = TRY(context.client_with(Secret{}));
    const json::object metadata =
        TRY(anonymous.get_object("/.well-known/oauth-authorization-server"));
    const std::string version = version_of(anonymous);
    const Credential* credential = TRY(context.credential());
    std::string login = "no";
    bool logged_in = false;
    if (credential != nullptr) {
        ApiClient client = TRY(context.client());
        auto who = client.get_object(credential->is_session ? "/v1/users/me" : "/v1/tokens/self");
        logged_in = who.has_value();
        if (who) {
            const std::string email = text_of(*who, "email");
            login = "yes, as " + (email.empty() ? text_of(*who, "name") : email);
        } else {
            login = "no: " + who.error().message;
        }
    }
    if (context.globals.json) {
        context.print_json(json::object{{"server", anonymous.server()},
                                        {"reachable", true},
                                        {"issuer", text_of(metadata, "issuer")},
                                        {"version", version},
                                        {"loggedIn", logged_in}});
        return kExitOk;
    }
    context.print(render_details({{"server", anonymous.server()},
                                  {"reachable", "yes"},
                                  {"issuer", text_of(metadata, "issuer")},
                                  {"version", version},
                                  {"logged in", login}}));
    return kExitOk;
}

}  // namespace

void add_status(Command root) {
    root.command("status", "Show whether the server answers and whether you are logged in")
        .action(&status);
}

}  // namespace latchkey::cli
