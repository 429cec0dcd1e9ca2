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
};

Result<int> update(Context& context, const Options& options) {
    json::object body;
    if (options.name) body["name"] = *options.name;
    if (options.description) body["description"] = *options.description;
    if (!options.scopes.empty()) {
        body["scopes"] = to_array(all_items(options.scopes));
    }
    if (options.expiry) {
        body["expiresAt"] = TRY(expiry_member(context, *options.expiry));
    }
    if (body.empty()) return usage_error("nothing to change was given", "use -n, -d, -e or -s");
    ApiClient client = TRY(context.client());
    const json::value token = TRY(client.patch("/v1/tokens/" + percent_encode(options.id), body));
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
    Command command = token.command("update", "Change a token's name or narrow what it may do");
    command.argument("ID", options->id, "The token's id");
    command.option("-n,--name", options->name, "NAME", "A new name");
    command.option("-d,--description", options->description, "TEXT", "A new description");
    command.option("-e,--expiry,--expires", options->expiry, "WHEN", "An earlier end");
    command.options("-s,--scope,--scopes", options->scopes, "SCOPE,…", "Fewer scopes");
    command.action([options](Context& context) { return update(context, *options); });
}

}  // namespace latchkey::cli
