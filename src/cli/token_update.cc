#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/token_flags.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string id;
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> expiry;
    std::vector<std::string> scopes;
    std::vector<std::string> addresses;
    std::optional<std::string> rate;
    std::optional<std::string> start;
};

bool is_step(const std::string& scope) {
    return scope.starts_with('+') || scope.starts_with('-');
}

// "+a,-b" to what the token has now; else the whole list as it is given.
Result<json::array> scopes_member(ApiClient& client, const std::string& path,
                                  const std::vector<std::string>& given) {
    const std::vector<std::string> items = all_items(given);
    if (std::none_of(items.begin(), items.end(), is_step)) return to_array(items);
    if (!std::all_of(items.begin(), items.end(), is_step)) {
        return usage_error("-s takes either all scopes, or steps with + and -",
                           "write -s license:read,product:read or -s +product:read,-license:write");
    }
    const json::object token = TRY(client.get_object(path));
    std::vector<std::string> scopes = texts_of(token, "scopes");
    for (const std::string& item : items) {
        const std::string scope = item.substr(1);
        const auto found = std::find(scopes.begin(), scopes.end(), scope);
        if (item.front() == '+') {
            if (found == scopes.end()) scopes.push_back(scope);
            continue;
        }
        if (found == scopes.end()) {
            return usage_error(fmt::format("the token has no scope \"{}\"", harmless(scope)),
                               "latchkey token get ID shows what it has");
        }
        scopes.erase(found);
    }
    return to_array(scopes);
}

Result<json::object> body_of(Context& context, const Options& options) {
    json::object body;
    if (options.name) body["name"] = *options.name;
    if (options.description) body["description"] = *options.description;
    if (options.expiry) body["expiresAt"] = TRY(expiry_member(context, *options.expiry));
    if (options.start) body["notBefore"] = TRY(start_member(context, *options.start));
    if (!options.addresses.empty()) body["allowedIps"] = address_members(options.addresses);
    if (options.rate) body["rateLimit"] = TRY(rate_member(*options.rate));
    return body;
}

Result<int> update(Context& context, const Options& options) {
    json::object body = TRY(body_of(context, options));
    if (body.empty() && options.scopes.empty()) {
        return usage_error("nothing to change was given",
                           "use -n, -d, -e, -s, --ip, --rate or --not-before");
    }
    ApiClient client = TRY(context.client());
    const std::string path = "/v1/tokens/" + percent_encode(options.id);
    if (!options.scopes.empty()) body["scopes"] = TRY(scopes_member(client, path, options.scopes));
    const json::value token = TRY(client.patch(path, body));
    if (context.globals.json) {
        context.print_json(token);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Updated token {}\n", harmless(options.id)));
    }
    return kExitOk;
}

}  // namespace

void add_token_update(Command token) {
    auto options = std::make_shared<Options>();
    Command command =
        token.command("update", "Change what a token is called, may do and is bound to");
    command.argument("ID", options->id, "The token's id");
    command.option("-n,--name", options->name, "NAME", "A new name");
    command.option("-d,--description", options->description, "TEXT", "A new description");
    command.option("-e,--expiry,--expires", options->expiry, "WHEN",
                   "When it ends: 30d, 2027-01-31 or none; of a jwt only earlier");
    command.options("-s,--scope,--scopes", options->scopes, "SCOPE,…",
                    "All its scopes, or steps: +product:read,-license:write; of a jwt only fewer");
    command.options("--ip", options->addresses, "CIDR,…",
                    "The addresses it may be used from; none: everywhere");
    command.option("--rate", options->rate, "N/TIME", "How often: 100/1m, 5000/1h or none");
    command.option("--not-before", options->start, "WHEN", "When it begins, or now");
    command.example("latchkey token update ID --scope=-license:write --ip 192.0.2.0/24");
    command.example("latchkey token update ID --rate 100/1m -e 30d");
    command.action([options](Context& context) { return update(context, *options); });
}

}  // namespace latchkey::cli
