#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/principal.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

struct AddOptions {
    PrincipalFlags principal;
    std::optional<std::string> role;
};

Result<int> add(Context& context, const AddOptions& options) {
    const std::string type = TRY(principal_type(options.principal));
    if (options.role && type == "token") {
        return usage_error("--role is for users",
                           "a token's rights are its policy: "
                           "latchkey iam update-policies");
    }
    ApiClient client = TRY(context.client());
    const Principal principal = TRY(principal_meant(context, client, options.principal));
    json::object body;
    if (options.role) body["role"] = *options.role;
    const json::value answer = TRY(client.put(principal.path(), body));
    if (context.globals.json) {
        context.print_json(answer);
        return kExitOk;
    }
    const json::object added = answer.is_object() ? answer.get_object() : json::object{};
    const std::string role = text_of(added, "role");
    if (!context.globals.quiet) {
        context.print(fmt::format("Added {} to project {}{}\n", principal.shown(),
                                  harmless(principal.project.name),
                                  role.empty() ? "" : " as " + harmless(role)));
    }
    if (type == "token" && !truth_of(added, "hasPolicy")) {
        context.note(
            fmt::format("it may do nothing there yet: latchkey iam update-policies -i {} "
                        "--file policies.json",
                        short_id(principal.id)));
    }
    return kExitOk;
}

Result<int> remove(Context& context, const PrincipalFlags& flags) {
    ApiClient client = TRY(context.client());
    const Principal principal = TRY(principal_meant(context, client, flags));
    TRY(client.remove(principal.path()));
    if (context.globals.json) {
        context.print_json(json::object{{"removed", json::array{principal.id}}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Removed {} from project {}\n", principal.shown(),
                                  harmless(principal.project.name)));
    }
    return kExitOk;
}

Table to_table(const json::array& principals) {
    Table table{{"ID", "TYPE", "NAME", "ROLE", "POLICY", "ADDED AT"}, {}};
    for (const json::value& item : principals) {
        if (!item.is_object()) continue;
        const json::object& principal = item.get_object();
        table.rows.push_back({short_id(text_of(principal, "principalId")),
                              text_of(principal, "principalType"), text_of(principal, "name"),
                              text_of(principal, "role"),
                              truth_of(principal, "hasPolicy") ? "yes" : "no",
                              local_time_or_never(text_of(principal, "addedAt"))});
    }
    return table;
}

Result<int> list(Context& context, const std::optional<std::string>& type) {
    if (type) TRY(principal_type({std::nullopt, type}));
    ApiClient client = TRY(context.client());
    const Project project = TRY(project_meant(context, client));
    const std::string path = "/v1/projects/" + percent_encode(project.id) + "/principals";
    const Listing listing = TRY(client.list(with_query(path, {{"type", type.value_or("")}}), 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
    } else if (listing.items.empty()) {
        context.print(
            fmt::format("No {} found in project {}. You can add one with latchkey iam "
                        "add-principal\n",
                        type ? *type + "s" : "principals", harmless(project.name)));
    } else {
        context.print_table(to_table(listing.items), false);
    }
    return kExitOk;
}

}  // namespace

void add_iam_principals(Command iam) {
    auto adds = std::make_shared<AddOptions>();
    Command add_command = iam.command("add-principal", "Add a token or a user to the project");
    add_principal_flags(add_command, adds->principal);
    add_command.option("--role", adds->role, "ROLE",
                       "A user's place: owner, admin, member (default), viewer or a role of yours");
    add_command.example("latchkey iam add-principal -i 7VgsDiH8jBPtiFiGXPvsxk");
    add_command.example("latchkey iam add-principal -t user -i ana@example.com --role viewer");
    add_command.action([adds](Context& context) { return add(context, *adds); });

    auto removes = std::make_shared<PrincipalFlags>();
    Command remove_command =
        iam.command("remove-principal", "Remove a token or a user; its rights there end at once");
    add_principal_flags(remove_command, *removes);
    remove_command.example("latchkey iam remove-principal -i 7VgsDiH8jBPtiFiGXPvsxk");
    remove_command.action([removes](Context& context) { return remove(context, *removes); });

    auto type = std::make_shared<std::optional<std::string>>();
    Command list_command = iam.command("list-principals", "List the project's users and tokens");
    list_command.alias("ls");
    list_command.option("-t,--principal-type", *type, "TYPE", "Only token, or only user");
    list_command.values("--principal-type", {"token", "user"});
    list_command.example("latchkey iam list-principals --project orders");
    list_command.action([type](Context& context) { return list(context, *type); });
}

}  // namespace latchkey::cli
