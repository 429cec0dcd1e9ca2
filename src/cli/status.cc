#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

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

struct Login {
    bool is_there{false};
    std::string words{"no"};
    std::string as;
    std::string kind;     // "session" or "token"
    std::string expires;  // RFC 3339
    std::string source;
};

Result<Login> login_of(Context& context) {
    Login login;
    const Credential* credential = TRY(context.credential());
    if (credential == nullptr) return login;
    ApiClient client = TRY(context.client());
    auto who = client.get_object(credential->is_session ? "/v1/users/me" : "/v1/tokens/self");
    login.source = credential->source;
    login.kind = credential->is_session ? "session" : "token";
    if (!who) {
        login.words = "no: " + who.error().message;
        return login;
    }
    login.is_there = true;
    login.as = text_of(*who, "email").empty() ? text_of(*who, "name") : text_of(*who, "email");
    login.words = "yes, as " + login.as;
    login.expires = text_of(*who, "expiresAt");
    return login;
}

// The stored login that is in use, if one is; its end moves on with each use, so this is the
// latest that the server told.
struct Kept {
    std::string context;
    std::string place;
    std::string expires;
    std::string project;
};

Result<Kept> kept_login(Context& context) {
    Kept kept;
    if (!context.may_store()) return kept;
    const Credentials credentials = TRY(context.stored());
    const std::string name = TRY(context.context_name());
    const auto project = credentials.projects.find(name);
    if (project != credentials.projects.end()) kept.project = project->second.name;
    const StoredLogin* login = credentials.find(name);
    if (login == nullptr) return kept;
    kept.context = name;
    kept.expires = login->expires_at;
    kept.place = TRY(context.place_of(*login));
    return kept;
}

void print_status(Context& context, const Login& login, const Kept& kept,
                  const json::object& server) {
    const bool is_stored = login.source == "the stored login";
    const std::string expires = is_stored ? kept.expires : login.expires;
    if (context.globals.json) {
        json::object answer = server;
        answer["loggedIn"] = login.is_there;
        answer["as"] = login.as;
        answer["kind"] = login.kind;
        answer["expiresAt"] = expires.empty() ? json::value(nullptr) : json::value(expires);
        answer["context"] = kept.context;
        answer["project"] = kept.project;
        answer["clientVersion"] = LATCHKEY_VERSION;
        return context.print_json(answer);
    }
    context.print(render_details(
        {{"server", text_of(server, "server")},
         {"reachable", "yes"},
         {"issuer", text_of(server, "issuer")},
         {"version", text_of(server, "version")},
         {"logged in", login.words},
         {"with", login.kind.empty() ? ""
                  : is_stored        ? "the login kept in " + kept.place
                                     : "the token of " + login.source},
         {"expires", login.is_there && !expires.empty() ? local_time_or_never(expires) : ""},
         {"context", kept.context},
         {"project", kept.project},
         {"this is", "latchkey " LATCHKEY_VERSION}}));
}

Result<int> status(Context& context) {
    ApiClient anonymous = TRY(context.client_with(Secret{}));
    const json::object metadata =
        TRY(anonymous.get_object("/.well-known/oauth-authorization-server"));
    const json::object server{{"server", anonymous.server()},
                              {"reachable", true},
                              {"issuer", text_of(metadata, "issuer")},
                              {"version", version_of(anonymous)}};
    const Login login = TRY(login_of(context));
    const Kept kept = TRY(kept_login(context));
    print_status(context, login, kept, server);
    return kExitOk;
}

}  // namespace

void add_status(Command root) {
    root.command("status", "Show whether the server answers and whether you are logged in")
        .example("latchkey status")
        .action(&status);
}

}  // namespace latchkey::cli
