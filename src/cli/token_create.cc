#include <fmt/format.h>

#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_file.h"
#include "cli/text.h"
#include "cli/token_flags.h"
#include "cli/token_view.h"
#include "cli/user_lookup.h"

namespace latchkey::cli {
namespace {

struct Options {
    TokenFlags token;
    KeyFlags key;
    std::optional<std::string> kind;
    std::optional<std::string> like;
};

Status check_kind(const Options& options) {
    const bool is_key = options.kind == "key";
    if (options.kind && *options.kind != "jwt" && *options.kind != "opaque" && !is_key) {
        return usage_error(fmt::format("\"{}\" is no kind of token", *options.kind),
                           "--kind takes jwt, opaque or key");
    }
    if (is_key && !options.key.file) {
        return usage_error("a key token needs --public-key-file",
                           "latchkey token create-token -g makes the key pair as well");
    }
    if (!is_key && (options.key.file || options.key.key_id || options.key.algorithm)) {
        return usage_error("a public key goes with --kind key alone", "add --kind key");
    }
    return {};
}

// Everything that needs no server, so that what is wrong shows before one is asked.
Result<json::object> body_of(Context& context, const Options& options) {
    TRY(check_kind(options));
    json::object body;
    std::string name = options.token.name.value_or("");
    if (options.like) {
        body["like"] = *options.like;
    } else {
        name = TRY(context.need(options.token.name, "--name", "Name of the token"));
    }
    if (options.token.name || !options.like) body["name"] = name;
    if (options.kind) body["kind"] = *options.kind;
    const json::object members = TRY(token_members(context, options.token));
    body.insert(members.begin(), members.end());
    if (options.kind != "key") return body;
    TRY(check_key_token_name(name));
    const json::object key = TRY(key_members(context.console(), options.key));
    body.insert(key.begin(), key.end());
    return body;
}

Result<json::array> projects_of(ApiClient& client, const std::string& named) {
    json::array ids;
    for (const std::string& wanted : split_commas(named)) {
        const Project project = TRY(find_project(client, wanted));
        ids.emplace_back(project.id);
    }
    return ids;
}

void print_hints(Context& context, const Options& options, const json::object& token) {
    const std::string expires = text_of(token, "expiresAt");
    const bool is_key = options.kind == "key";
    if (!is_key) context.note("copy the token now: it is not stored and cannot be shown again");
    context.note(fmt::format(
        "id {} · api {} · {} · scopes {}", short_id(text_of(token, "id")), text_of(token, "api"),
        expires.empty() ? "never expires" : "expires " + local_time_or_never(expires),
        scopes_in_words(token)));
    if (is_key) {
        context.note(
            fmt::format("get an access token with it: latchkey exchange --key FILE "
                        "--token-id {}",
                        short_id(text_of(token, "id"))));
    } else if (options.token.scopes.empty() && !options.like) {
        context.note(fmt::format("no -s was given, so it got the API's default scopes: {}",
                                 scopes_in_words(token)));
    }
}

Result<int> create(Context& context, const Options& options) {
    json::object body = TRY(body_of(context, options));
    ApiClient client = TRY(context.client());
    if (context.globals.project) {
        body["projects"] = TRY(projects_of(client, *context.globals.project));
    }
    TokenFlags flags = options.token;
    if (flags.owner) flags.owner = TRY(find_user(client, *flags.owner));
    const json::object token = TRY(client.post_object(tokens_path(flags), body));
    // A key token has no secret that anybody could print: its holder has it already.
    const bool is_key = options.kind == "key";
    const std::string secret = is_key ? short_id(text_of(token, "id")) : text_of(token, "token");
    if (context.globals.json) {
        context.print_json(token);
    } else if (context.globals.quiet) {
        context.print(secret + "\n");
    } else {
        context.print(
            fmt::format("{} {}\n", is_key ? "Created key token" : "Success! Your token:", secret));
    }
    if (!context.globals.json) print_hints(context, options, token);
    return kExitOk;
}

}  // namespace

void add_token_create(Command token) {
    auto options = std::make_shared<Options>();
    Command command = token.command("create", "Make a token; its secret is shown once");
    add_token_flags(command, options->token);
    command.option("--kind", options->kind, "KIND", "jwt, opaque or key");
    command.values("--kind", {"jwt", "opaque", "key"});
    command.option("--like", options->like, "ID", "Copy what is not given from that token");
    add_key_flags(command, options->key);
    command.example("latchkey token create -n ci-deploy -s license:read -e 90d");
    command.example(
        "latchkey token create -n office -s license:read --ip 192.0.2.0/24 --rate 100/1m");
    command.example("TOKEN=$(latchkey token create -n script -q)");
    command.example("latchkey token create -n build-server --kind key -f public.pem --project web");
    command.action([options](Context& context) { return create(context, *options); });
}

}  // namespace latchkey::cli
