#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/token_view.h"

namespace latchkey::cli {
namespace {

std::string display_name(const json::object& user) {
    const std::string email = text_of(user, "email");
    const std::string name = text_of(user, "name");
    if (email.empty()) return name;
    return name.empty() || name == email ? email : fmt::format("{} ({})", email, name);
}

Result<int> whoami(Context& context) {
    ApiClient client = TRY(context.client());
    const Credential* credential = TRY(context.credential());
    auto user = client.get_object("/v1/users/me");
    // A token of a provider's API has no power here, but may ask what it is itself.
    const bool may_be_foreign = !user && !credential->is_session &&
                                (user.error().code == ErrorCode::kPermissionDenied ||
                                 user.error().code == ErrorCode::kUnauthenticated);
    if (!user && !may_be_foreign) return std::move(user).error();
    json::object token;
    if (!credential->is_session) {
        auto self = client.get_object("/v1/tokens/self");
        if (!self && !user) return std::move(self).error();
        if (self) token = std::move(self).value();
    }
    if (context.globals.json) {
        json::object answer = user ? *user : json::object{};
        answer["server"] = client.server();
        if (!token.empty()) answer["token"] = token;
        context.print_json(answer);
        return kExitOk;
    }
    const std::string how = credential->is_session
                                ? "a CLI session"
                                : fmt::format("the token {} ({}), from {}", text_of(token, "name"),
                                              short_id(text_of(token, "id")), credential->source);
    // Of a login that was given up for a token, the end says nothing.
    std::string expires = text_of(token, "expiresAt");
    std::string name;
    if (credential->is_session) {
        name = TRY(context.context_name());
        const Credentials credentials = TRY(context.stored());
        if (const StoredLogin* login = credentials.find(name)) expires = login->expires_at;
    }
    context.print(render_details({
        {"user", user ? display_name(*user) : text_of(token, "owner")},
        {"server", client.server()},
        {"context", name},
        {"with", how},
        {"expires", expires.empty() ? "" : local_time_or_never(expires)},
        {"scopes", token.empty() ? "" : scopes_in_words(token)},
        {"roles", user ? join(texts_of(*user, "roles"), " ") : ""},
    }));
    return kExitOk;
}

}  // namespace

void add_whoami(Command root) {
    root.command("whoami", "Show who you are to the server, and by what")
        .example("latchkey whoami")
        .example("latchkey whoami --token-file - < token.txt")
        .action(&whoami);
}

}  // namespace latchkey::cli
