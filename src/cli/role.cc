#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

// {"latchkey": ["token:read"], "*": ["*"]} as "latchkey: token:read; *: *".
std::string patterns_of(const json::object& role) {
    std::string out;
    const json::value* patterns = role.if_contains("patterns");
    if (patterns == nullptr || !patterns->is_object()) return out;
    for (const auto& member : patterns->get_object()) {
        const std::string_view api(member.key());
        out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", api,
                           join(texts_of(patterns->get_object(), api), " "));
    }
    return out;
}

Result<int> list(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/roles", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"NAME", "BUILT IN", "MAY DO"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& role = item.get_object();
        table.rows.push_back(
            {text_of(role, "name"), truth_of(role, "builtIn") ? "yes" : "", patterns_of(role)});
    }
    context.print_table(table, false);
    return kExitOk;
}

}  // namespace

void add_role(Command root) {
    Command role = root.command("role", "What users may do");
    role.command("list", "List the roles").alias("ls").action(&list);
}

}  // namespace latchkey::cli
