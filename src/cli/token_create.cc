#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/token_view.h"
#include "token/durations.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> expiry;
    std::vector<std::string> scopes;
    std::optional<std::string> api;
    std::optional<std::string> kind;
    std::vector<std::string> addresses;
    std::optional<std::string> owner;
};

std::vector<std::string> all_items(const std::vector<std::string>& given) {
    return split_commas(join(given, ","));
}

Result<json::object> body_of(Context& context, const Options& options) {
    json::object body;
    body["name"] = TRY(context.need(options.name, "--name", "Name of the token"));
    if (options.description) body["description"] = *options.description;
    if (options.kind) {
        if (*options.kind != "jwt" && *options.kind != "opaque" && *options.kind != "key") {
            return usage_error(fmt::format("\"{}\" is no kind of token", *options.kind),
                               "--kind takes jwt, opaque or key");
        }
        body["kind"] = *options.kind;
    }
    if (options.api) body["api"] = *options.api;
    if (options.expiry) {
        auto ends = parse_expiry(*options.expiry, context.now());
        // Written wrongly is a usage error; a moment that cannot be is an invalid value.
        if (!ends && ends.error().reason == "bad_expiry") {
            return usage_error(ends.error().message, ends.error().hint);
        }
        if (!ends) return std::move(ends).error();
        if (*ends) body["expiresAt"] = format_rfc3339(**ends);
    }
    if (!options.scopes.empty()) body["scopes"] = to_array(all_items(options.scopes));
    if (!options.addresses.empty()) body["allowedIps"] = to_array(all_items(options.addresses));
    if (context.globals.project)
        body["projects"] = to_array(split_commas(*context.globals.project));
    return body;
}

void print_hints(Context& context, const Options& options, const json::object& token) {
    const std::string expires = text_of(token, "expiresAt");
    context.note("copy the token now: it is not stored and cannot be shown again");
    context.note(fmt::format(
        "id {} · api {} · {} · scopes {}", short_id(text_of(token, "id")), text_of(token, "api"),
        expires.empty() ? "never expires" : "expires " + local_time_or_never(expires),
        scopes_in_words(token)));
    if (options.scopes.empty()) {
        context.note(fmt::format("no -s was given, so it got the API's default scopes: {}",
                                 scopes_in_words(token)));
    }
}

Result<int> create(Context& context, const Options& options) {
    const json::object body = TRY(body_of(context, options));
    const std::vector<std::string> scopes = all_items(options.scopes);
    if (std::find(scopes.begin(), scopes.end(), "*") != scopes.end()) {
        print_warning(context.console(),
                      "the scope * lets this token do all that its owner may do at that API");
    }
    ApiClient client = TRY(context.client());
    const json::object token = TRY(client.post_object(
        with_query("/v1/tokens", {{"owner", options.owner.value_or("")}}), body));
    const std::string secret = text_of(token, "token");
    if (context.globals.json) {
        context.print_json(token);
    } else if (context.globals.quiet) {
        context.print(secret + "\n");
    } else {
        context.print(fmt::format("Success! Your token: {}\n", secret));
    }
    if (!context.globals.json) print_hints(context, options, token);
    return kExitOk;
}

}  // namespace

void add_token_create(Command token) {
    auto options = std::make_shared<Options>();
    Command command = token.command("create", "Make a token; its secret is shown once");
    command.option("-n,--name", options->name, "NAME", "What to call it");
    command.option("-d,--description", options->description, "TEXT", "What it is for");
    command.option("-e,--expiry,--expires", options->expiry, "WHEN",
                   "When it ends: 30d, 12h, 2027-01-31 or none");
    command.options("-s,--scope,--scopes", options->scopes, "SCOPE,…",
                    "What it may do; '*' is all that its owner may");
    command.option("--api", options->api, "AUDIENCE", "The API it is for, by audience or slug");
    command.option("--kind", options->kind, "KIND", "jwt, opaque or key");
    command.options("--ip", options->addresses, "CIDR,…", "The addresses it may be used from");
    command.option("--owner", options->owner, "USER", "For administrators: whose token it is");
    command.example("latchkey token create -n ci-deploy -s license:read -e 90d");
    command.example("TOKEN=$(latchkey token create -n script -q)");
    command.action([options](Context& context) { return create(context, *options); });
}

}  // namespace latchkey::cli
