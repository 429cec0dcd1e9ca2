#include <fmt/format.h>

#include "base/encoding.h"
#include "base/id.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/suggest.h"
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

// By id, or by name.
Result<json::object> find_role(ApiClient& client, const std::string& wanted) {
    const Listing listing = TRY(client.list("/v1/roles", 0));
    const auto id = parse_uuid(wanted);
    std::vector<std::string> names;
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& role = item.get_object();
        names.push_back(text_of(role, "name"));
        const bool has_id = id && parse_uuid(text_of(role, "id")) == id;
        if (has_id || names.back() == wanted) return role;
    }
    const auto meant = nearest(wanted, names);
    return Error{ErrorCode::kNotFound, fmt::format("there is no role \"{}\"", wanted)}
        .with_reason("not_found")
        .with_hint(meant ? fmt::format("did you mean \"{}\"?", *meant)
                         : std::string("see latchkey role list"));
}

std::string path_of(const json::object& role) {
    return "/v1/roles/" + percent_encode(text_of(role, "id"));
}

// "licensing=license:read,license:write" for each API. `into` keeps what is said of other APIs; an
// API that is given no pattern is taken out.
Status apply_allowed(const std::vector<std::string>& given, json::object& into) {
    json::object wanted;
    for (const std::string& text : given) {
        const std::size_t equals = text.find('=');
        const std::string api = trimmed(text.substr(0, equals));
        if (equals == std::string::npos || api.empty()) {
            return usage_error(fmt::format("--allow does not take \"{}\"", text),
                               "write the API and its scopes: --allow "
                               "licensing=license:read,license:write");
        }
        json::value& patterns = wanted[api];
        if (!patterns.is_array()) patterns = json::array{};
        for (const std::string& pattern : split_commas(text.substr(equals + 1))) {
            patterns.get_array().emplace_back(pattern);
        }
    }
    for (auto& member : wanted) {
        if (member.value().get_array().empty()) {
            into.erase(member.key());
        } else {
            into[member.key()] = std::move(member.value());
        }
    }
    return {};
}

void print_done(Context& context, const json::value& role, std::string_view done,
                const std::string& name) {
    if (context.globals.json) {
        context.print_json(role);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("{} role {}\n", done, harmless(name)));
    }
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

Result<int> get(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const json::object role = TRY(find_role(client, wanted));
    if (context.globals.json) {
        context.print_json(role);
        return kExitOk;
    }
    std::vector<std::pair<std::string, std::string>> lines{
        {"id", short_id(text_of(role, "id"))},
        {"name", text_of(role, "name")},
        {"built in", truth_of(role, "builtIn") ? "yes" : "no"},
    };
    const json::value* patterns = role.if_contains("patterns");
    if (patterns != nullptr && patterns->is_object()) {
        for (const auto& member : patterns->get_object()) {
            const std::string api(member.key());
            lines.emplace_back(api == "*" ? "every API" : "api " + harmless(api),
                               join(texts_of(patterns->get_object(), api), " "));
        }
    }
    context.print(render_details(lines));
    return kExitOk;
}

struct Options {
    std::string role;
    std::optional<std::string> name;
    std::vector<std::string> allowed;
};

Result<int> create(Context& context, const Options& options) {
    if (options.allowed.empty()) {
        return usage_error("--allow is required",
                           "say what the role may do: --allow licensing=license:read");
    }
    json::object patterns;
    TRY(apply_allowed(options.allowed, patterns));
    ApiClient client = TRY(context.client());
    const json::object body{{"name", options.role}, {"patterns", std::move(patterns)}};
    const json::value role = TRY(client.post("/v1/roles", body));
    print_done(context, role, "Created", options.role);
    return kExitOk;
}

Result<int> update(Context& context, const Options& options) {
    if (!options.name && options.allowed.empty()) {
        return usage_error("nothing to change was given", "use --name or --allow");
    }
    json::object unused;
    TRY(apply_allowed(options.allowed, unused));
    ApiClient client = TRY(context.client());
    const json::object role = TRY(find_role(client, options.role));
    json::object body;
    if (options.name) body["name"] = *options.name;
    if (!options.allowed.empty()) {
        const json::value* present = role.if_contains("patterns");
        json::object patterns =
            present != nullptr && present->is_object() ? present->get_object() : json::object{};
        TRY(apply_allowed(options.allowed, patterns));
        body["patterns"] = std::move(patterns);
    }
    const json::value changed = TRY(client.patch(path_of(role), body));
    print_done(context, changed, "Updated", options.name.value_or(text_of(role, "name")));
    return kExitOk;
}

Result<int> remove(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const json::object role = TRY(find_role(client, wanted));
    TRY(client.remove(path_of(role)));
    print_done(context, json::object{{"deleted", json::array{text_of(role, "id")}}}, "Deleted",
               text_of(role, "name"));
    return kExitOk;
}

}  // namespace

void add_role(Command root) {
    Command role = root.command("role", "What users may do");
    role.command("list", "List the roles").alias("ls").example("latchkey role list").action(&list);
    auto shown = std::make_shared<std::string>();
    role.command("get", "Show one role")
        .alias("show")
        .argument("ROLE", *shown, "Name or id")
        .example("latchkey role get administrator")
        .action([shown](Context& context) { return get(context, *shown); });
    auto creates = std::make_shared<Options>();
    role.command("create", "Add a role")
        .argument("NAME", creates->role, "Small letters, digits and -")
        .options("--allow", creates->allowed, "API=SCOPE,…",
                 "What it may do at an API, patterns too; once for each API")
        .example(
            "latchkey role create auditor --allow licensing=license:read "
            "--allow latchkey=event:read")
        .action([creates](Context& context) { return create(context, *creates); });
    auto updates = std::make_shared<Options>();
    role.command("update", "Change a role, and at once what everyone who has it may do")
        .argument("ROLE", updates->role, "Name or id")
        .option("-n,--name", updates->name, "NAME", "A new name")
        .options("--allow", updates->allowed, "API=SCOPE,…",
                 "Replaces what it may do at this API; API= takes the API out")
        .example("latchkey role update auditor --allow licensing=license:read,license:write")
        .action([updates](Context& context) { return update(context, *updates); });
    auto deleted = std::make_shared<std::string>();
    role.command("delete", "Delete a role that nobody has")
        .alias("rm")
        .argument("ROLE", *deleted, "Name or id")
        .example("latchkey role delete auditor")
        .action([deleted](Context& context) { return remove(context, *deleted); });
}

}  // namespace latchkey::cli
