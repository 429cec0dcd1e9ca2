#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

// A project is named by the command's argument, or by -i for those who know it from elsewhere.
struct Choice {
    std::optional<std::string> argument;
    std::optional<std::string> id;
};

void add_choice(Command& command, Choice& choice) {
    command.optional_argument("PROJECT", choice.argument, "Id or name");
    command.option("-i,--project-id", choice.id, "ID", "The same as a flag");
}

Result<std::optional<std::string>> chosen(const Choice& choice) {
    if (choice.argument && choice.id) {
        return usage_error("-i/--project-id excludes the argument PROJECT");
    }
    return choice.argument ? choice.argument : choice.id;
}

Result<Project> chosen_or_meant(Context& context, ApiClient& client, const Choice& choice) {
    const auto wanted = TRY(chosen(choice));
    return wanted ? find_project(client, *wanted) : project_meant(context, client);
}

std::string path_of(const Project& project) {
    return "/v1/projects/" + percent_encode(project.id);
}

void warn_of_variable(Context& context) {
    if (const auto named = context.environment("LATCHKEY_PROJECT"); named && !named->empty()) {
        print_warning(context.console(),
                      fmt::format("LATCHKEY_PROJECT is set to \"{}\" and goes before the active "
                                  "project",
                                  *named));
    }
}

Result<int> list(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/projects", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    if (listing.items.empty()) {
        context.print("No projects found. You can create one with latchkey project create\n");
        return kExitOk;
    }
    const auto active = TRY(active_project(context));
    Table table{{"ID", "NAME", "DESCRIPTION", "ROLE", "ACTIVE", "CREATED AT"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& project = item.get_object();
        const std::string id = text_of(project, "id");
        table.rows.push_back({short_id(id), text_of(project, "name"),
                              text_of(project, "description"), text_of(project, "role"),
                              active && active->id == id ? "yes" : "",
                              local_time_or_never(text_of(project, "createdAt"))});
    }
    context.print_table(table, false);
    return kExitOk;
}

Result<int> get(Context& context, const Choice& choice) {
    ApiClient client = TRY(context.client());
    const Project found = TRY(chosen_or_meant(context, client, choice));
    const json::object project = TRY(client.get_object(path_of(found)));
    if (context.globals.json) {
        context.print_json(project);
        return kExitOk;
    }
    const auto active = TRY(active_project(context));
    context.print(render_details({
        {"id", short_id(found.id)},
        {"name", text_of(project, "name")},
        {"description", text_of(project, "description")},
        {"api", text_of(project, "api")},
        {"your role", text_of(project, "role")},
        {"active", active && active->id == found.id ? "yes" : "no"},
        {"created", local_time_or_never(text_of(project, "createdAt"))},
        {"updated", local_time_or_never(text_of(project, "updatedAt"))},
    }));
    return kExitOk;
}

struct Text {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> api;
};

struct CreateOptions {
    std::optional<std::string> argument;
    Text text;
};

Result<json::object> body_of_create(Context& context, const CreateOptions& options) {
    if (options.argument && options.text.name) {
        return usage_error("-n/--name excludes the argument NAME");
    }
    const auto given = options.argument ? options.argument : options.text.name;
    json::object body;
    body["name"] = TRY(context.need(given, "NAME", "Name of the project"));
    if (options.text.description) body["description"] = *options.text.description;
    if (options.text.api) body["api"] = *options.text.api;
    return body;
}

Result<int> create(Context& context, const CreateOptions& options) {
    const json::object body = TRY(body_of_create(context, options));
    ApiClient client = TRY(context.client());
    const json::object project = TRY(client.post_object("/v1/projects", body));
    const Project made{text_of(project, "id"), text_of(project, "name")};
    // The project exists whether or not it can be remembered here.
    const Status remembered = set_active_project(context, made);
    if (context.globals.json) {
        context.print_json(project);
    } else if (context.globals.quiet) {
        context.print(made.id + "\n");
    } else {
        context.print(
            fmt::format("Created project {} ({})\n", harmless(made.name), short_id(made.id)));
    }
    if (!remembered) {
        print_warning(context.console(),
                      "it could not be made the active project: " + remembered.error().message);
    } else {
        context.note(fmt::format("the active project is now \"{}\"", made.name));
        warn_of_variable(context);
    }
    return kExitOk;
}

// "2" is the second of the list, unless a project is called so.
Result<Project> pick(ApiClient& client, const std::vector<Project>& projects,
                     const std::string& answer) {
    const bool is_name = std::any_of(projects.begin(), projects.end(),
                                     [&](const Project& one) { return one.name == answer; });
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), number);
    const bool is_number = error == std::errc{} && end == answer.data() + answer.size();
    if (!is_name && is_number && number >= 1 && number <= projects.size()) {
        return projects[number - 1];
    }
    return find_project(client, answer);
}

Result<Project> ask_for_project(Context& context, ApiClient& client) {
    const Listing listing = TRY(client.list("/v1/projects", 0));
    const auto active = TRY(active_project(context));
    std::vector<Project> projects;
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& project = item.get_object();
        projects.push_back({text_of(project, "id"), text_of(project, "name")});
        const bool is_active = active && active->id == projects.back().id;
        context.console().err << fmt::format(
            "{:>4}  {}  {}{}\n", projects.size(), short_id(projects.back().id),
            harmless(projects.back().name), is_active ? "  (active)" : "");
    }
    if (projects.empty()) {
        return usage_error("there is no project yet", "make one: latchkey project create NAME");
    }
    const std::string answer = TRY(ask(context.console(), "Project (number, name or id)"));
    return pick(client, projects, trimmed(answer));
}

Result<int> select(Context& context, const Choice& choice) {
    auto wanted = TRY(chosen(choice));
    if (!wanted) wanted = context.globals.project;
    if (!wanted && !context.may_ask()) {
        return usage_error("PROJECT is required",
                           "there is no terminal to ask at, or --no-input forbids it");
    }
    ApiClient client = TRY(context.client());
    const Project project =
        TRY(wanted ? find_project(client, *wanted) : ask_for_project(context, client));
    TRY(set_active_project(context, project));
    if (context.globals.json) {
        context.print_json(json::object{{"id", project.id}, {"name", project.name}});
    } else if (!context.globals.quiet) {
        context.print(
            fmt::format("Active project: {} ({})\n", harmless(project.name), short_id(project.id)));
    }
    warn_of_variable(context);
    return kExitOk;
}

struct UpdateOptions {
    Choice choice;
    Text text;
};

Result<int> update(Context& context, const UpdateOptions& options) {
    json::object body;
    if (options.text.name) body["name"] = *options.text.name;
    if (options.text.description) body["description"] = *options.text.description;
    if (options.text.api) {
        if (options.text.api->empty()) {
            body["api"] = nullptr;
        } else {
            body["api"] = *options.text.api;
        }
    }
    if (body.empty()) return usage_error("nothing to change was given", "use -n, -d or --api");
    ApiClient client = TRY(context.client());
    const Project project = TRY(chosen_or_meant(context, client, options.choice));
    const json::value changed = TRY(client.patch(path_of(project), body));
    const std::string name = options.text.name.value_or(project.name);
    const auto active = TRY(active_project(context));
    if (active && active->id == project.id) TRY(set_active_project(context, {project.id, name}));
    if (context.globals.json) {
        context.print_json(changed);
    } else if (!context.globals.quiet) {
        context.print(
            fmt::format("Updated project {} ({})\n", harmless(name), short_id(project.id)));
    }
    return kExitOk;
}

// Typing the name is what keeps a deletion from being a habit.
Status confirm_deletion(Context& context, ApiClient& client, const Project& project) {
    if (context.globals.yes) return {};
    const Listing listing = TRY(client.list(path_of(project) + "/principals", 0));
    std::size_t users = 0;
    for (const json::value& item : listing.items) {
        if (item.is_object() && text_of(item.get_object(), "principalType") == "user") ++users;
    }
    const std::size_t tokens = listing.items.size() - users;
    context.console().err << fmt::format(
        "This deletes the project \"{}\" for good: {} user{} and {} token{} lose what they may do "
        "in it.\n",
        harmless(project.name), users, users == 1 ? "" : "s", tokens, tokens == 1 ? "" : "s");
    const std::string typed = TRY(ask(context.console(), "Type the project's name to delete it"));
    if (typed == project.name) return {};
    return failure("that is not the project's name; nothing was deleted");
}

Result<int> remove(Context& context, const Choice& choice) {
    auto wanted = TRY(chosen(choice));
    if (!wanted) wanted = context.globals.project;
    if (!wanted) {
        return usage_error("PROJECT is required", "the active project is never deleted unnamed");
    }
    if (!context.globals.yes && !context.may_ask()) {
        return usage_error("deleting a project needs --yes",
                           "there is no terminal to ask at, or --no-input forbids it");
    }
    ApiClient client = TRY(context.client());
    const Project project = TRY(find_project(client, *wanted));
    TRY(confirm_deletion(context, client, project));
    TRY(client.remove(path_of(project)));
    TRY(clear_active_project(context, project.id));
    if (context.globals.json) {
        context.print_json(json::object{{"deleted", json::array{project.id}}});
    } else if (!context.globals.quiet) {
        context.print(
            fmt::format("Deleted project {} ({})\n", harmless(project.name), short_id(project.id)));
    }
    return kExitOk;
}

void add_text(Command& command, Text& text) {
    command.option("-n,--name", text.name, "NAME", "What people call it");
    command.option("-d,--description", text.description, "TEXT", "What it is for");
    command.option("--api", text.api, "API", "The API that its own tokens are for, by slug");
}

void add_changing(Command project) {
    auto creates = std::make_shared<CreateOptions>();
    Command create_command = project.command("create", "Make a project; it becomes the active one");
    create_command.alias("create-project");
    create_command.optional_argument("NAME", creates->argument, "What people call it");
    add_text(create_command, creates->text);
    create_command.example("latchkey project create orders -d 'Everything about orders'");
    create_command.action([creates](Context& context) { return create(context, *creates); });

    auto updates = std::make_shared<UpdateOptions>();
    Command update_command =
        project.command("update", "Change a project's name, description or API");
    update_command.alias("update-project");
    add_choice(update_command, updates->choice);
    add_text(update_command, updates->text);
    update_command.example("latchkey project update orders -n purchases");
    update_command.action([updates](Context& context) { return update(context, *updates); });

    auto removes = std::make_shared<Choice>();
    Command remove_command =
        project.command("delete", "Delete a project with all members and policies");
    remove_command.alias("rm");
    add_choice(remove_command, *removes);
    remove_command.example("latchkey project delete orders --yes");
    remove_command.action([removes](Context& context) { return remove(context, *removes); });
}

}  // namespace

void add_project(Command root) {
    Command project = root.command("project", "The spaces that rights are given in");
    project.command("list", "List the projects")
        .alias("ls")
        .alias("list-projects")
        .example("latchkey project list")
        .action(&list);
    auto gets = std::make_shared<Choice>();
    Command get_command =
        project.command("get", "Show one project, or the one that commands are about now");
    get_command.alias("show").alias("get-active-project");
    add_choice(get_command, *gets);
    get_command.example("latchkey project get orders");
    get_command.action([gets](Context& context) { return get(context, *gets); });
    auto selects = std::make_shared<Choice>();
    Command select_command =
        project.command("select", "Choose the active project, which commands are about");
    select_command.alias("select-project");
    add_choice(select_command, *selects);
    select_command.example("latchkey project select orders");
    select_command.action([selects](Context& context) { return select(context, *selects); });
    add_changing(project);
}

}  // namespace latchkey::cli
