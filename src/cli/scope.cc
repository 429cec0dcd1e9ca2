#include "base/encoding.h"
#include "cli/api_lookup.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

Result<int> list(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const json::object api = TRY(find_api(client, wanted));
    const Listing listing =
        TRY(client.list("/v1/apis/" + percent_encode(text_of(api, "slug")) + "/scopes", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"SCOPE", "GROUP", "DESCRIPTION", "ALIASES"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& scope = item.get_object();
        table.rows.push_back({text_of(scope, "name"), text_of(scope, "group"),
                              text_of(scope, "description"),
                              join(texts_of(scope, "aliases"), " ")});
    }
    context.print_table(table, false);
    return kExitOk;
}

}  // namespace

void add_scope(Command root) {
    Command scope = root.command("scope", "What tokens can be allowed");
    auto api = std::make_shared<std::optional<std::string>>();
    scope.command("list", "List the scopes of an API")
        .alias("ls")
        .option("--api", *api, "API", "Slug, id or audience; else the default API")
        .example("latchkey scope list --api licensing")
        .action([api](Context& context) { return list(context, api->value_or("")); });
}

}  // namespace latchkey::cli
