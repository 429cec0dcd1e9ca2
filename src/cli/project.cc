#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

Result<int> list(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/projects", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"ID", "NAME", "DESCRIPTION", "CREATED AT"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& project = item.get_object();
        table.rows.push_back({short_id(text_of(project, "id")), text_of(project, "name"),
                              text_of(project, "description"),
                              local_time_or_never(text_of(project, "createdAt"))});
    }
    context.print_table(table, false);
    return kExitOk;
}

}  // namespace

void add_project(Command root) {
    Command project = root.command("project", "The spaces that rights are given in");
    project.command("list", "List the projects").alias("ls").action(&list);
}

}  // namespace latchkey::cli
