// `latchkey context`: the logins that are kept here, one of which is meant when nothing else is
// said.
#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/log_out.h"
#include "cli/suggest.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object to_json_object(const Credentials& credentials, const std::string& name,
                            const StoredLogin& login) {
    const auto project = credentials.projects.find(name);
    return {{"name", name},
            {"server", login.server},
            {"as", login.name},
            {"kind", login.is_session ? "session" : "token"},
            {"expiresAt", text_or_null(login.expires_at)},
            {"project", project == credentials.projects.end() ? json::value(nullptr)
                                                              : json::value(project->second.name)},
            {"kept", login.in_keyring ? "keyring" : "file"},
            {"active", name == credentials.active}};
}

std::string expiry_in_words(const std::string& expires_at) {
    return expires_at.empty() ? "" : local_time_or_never(expires_at);
}

Result<const StoredLogin*> find_context(const Credentials& credentials, const std::string& name) {
    if (const StoredLogin* login = credentials.find(name)) return login;
    std::vector<std::string> names;
    for (const auto& [known, login] : credentials.contexts) {
        names.push_back(known);
    }
    const auto meant = nearest(name, names);
    return Error{ErrorCode::kNotFound, fmt::format("there is no context \"{}\"", name)}
        .with_reason("not_found")
        .with_hint(meant ? fmt::format("did you mean \"{}\"?", *meant)
                         : std::string("see latchkey context list"));
}

Result<int> list(Context& context) {
    const Credentials credentials = TRY(context.stored());
    if (context.globals.json) {
        json::array items;
        for (const auto& [name, login] : credentials.contexts) {
            items.push_back(to_json_object(credentials, name, login));
        }
        context.print_json_list(items);
        return kExitOk;
    }
    if (credentials.contexts.empty()) {
        context.print("No contexts found. latchkey login makes one\n");
        return kExitOk;
    }
    Table table{{"NAME", "ACTIVE", "AS", "SERVER", "PROJECT", "EXPIRES"}, {}};
    for (const auto& [name, login] : credentials.contexts) {
        const auto project = credentials.projects.find(name);
        table.rows.push_back({name, name == credentials.active ? "yes" : "", login.name,
                              login.server,
                              project == credentials.projects.end() ? "" : project->second.name,
                              expiry_in_words(login.expires_at)});
    }
    context.print_table(table, false);
    return kExitOk;
}

Result<int> show(Context& context, const std::optional<std::string>& wanted) {
    const Credentials credentials = TRY(context.stored());
    std::string name;
    if (wanted) {
        name = *wanted;
    } else if (context.globals.context || !credentials.active.empty()) {
        name = context.globals.context.value_or(credentials.active);
    } else {
        return Error{ErrorCode::kNotFound, "there is no active context"}
            .with_reason("not_found")
            .with_hint("choose one with latchkey context use, or run latchkey login");
    }
    const StoredLogin* login = TRY(find_context(credentials, name));
    if (context.globals.json) {
        context.print_json(to_json_object(credentials, name, *login));
        return kExitOk;
    }
    const std::string place = TRY(context.place_of(*login));
    const auto project = credentials.projects.find(name);
    context.print(render_details(
        {{"name", name},
         {"active", name == credentials.active ? "yes" : "no"},
         {"server", login->server},
         {"as", login->name},
         {"with", login->is_session ? "a CLI session" : "a token"},
         {"project", project == credentials.projects.end() ? "" : project->second.name},
         {"expires", expiry_in_words(login->expires_at)},
         {"kept in", place}}));
    return kExitOk;
}

void print_done(Context& context, const std::string& name, const std::string& sentence) {
    if (context.globals.json) {
        context.print_json(json::object{{"name", name}});
    } else if (!context.globals.quiet) {
        context.print(sentence + "\n");
    }
}

Result<int> use(Context& context, const std::string& name) {
    Credentials credentials = TRY(context.stored());
    const StoredLogin* login = TRY(find_context(credentials, name));
    const std::string server = login->server;
    credentials.active = name;
    TRY(context.store(credentials));
    print_done(context, name,
               fmt::format("Using context {} ({})", harmless(name), harmless(server)));
    return kExitOk;
}

Result<int> rename(Context& context, const std::string& name, const std::string& new_name) {
    const Credentials credentials = TRY(context.stored());
    TRY(find_context(credentials, name));
    if (new_name.empty()) return usage_error("a context needs a name");
    if (credentials.find(new_name) != nullptr) {
        return Error{ErrorCode::kConflict,
                     fmt::format("there is a context \"{}\" already", new_name)}
            .with_reason("context_exists");
    }
    TRY(context.rename_login(name, new_name));
    print_done(context, new_name,
               fmt::format("Renamed context {} to {}", harmless(name), harmless(new_name)));
    return kExitOk;
}

// The same as logging out of it: a session that nobody can use any more must not live on.
Result<int> remove(Context& context, const std::string& name) {
    const Credentials credentials = TRY(context.stored());
    TRY(find_context(credentials, name));
    const bool may_go_on = TRY(context.may_go_on(
        fmt::format("This ends the login \"{}\" and forgets it. Go on?", harmless(name))));
    if (!may_go_on) return failure("nothing was deleted");
    const int code = TRY(end_login(context, name));
    print_done(context, name, fmt::format("Deleted context {}", harmless(name)));
    return code;
}

}  // namespace

void add_context(Command root) {
    Command group = root.command("context", "The logins kept here: which server, as whom");
    group.example("latchkey login --server https://latchkey.example --context production");
    group.example("latchkey context use production");
    group.command("list", "List the contexts")
        .alias("ls")
        .example("latchkey context list")
        .action(&list);
    auto shown = std::make_shared<std::optional<std::string>>();
    group.command("show", "Show a context, by default the active one")
        .alias("get")
        .optional_argument("CONTEXT", *shown, "Its name")
        .example("latchkey context show")
        .action([shown](Context& context) { return show(context, *shown); });
    auto used = std::make_shared<std::string>();
    group.command("use", "Make a context the active one")
        .alias("select")
        .argument("CONTEXT", *used, "Its name")
        .example("latchkey context use production")
        .action([used](Context& context) { return use(context, *used); });
    auto names = std::make_shared<std::pair<std::string, std::string>>();
    group.command("rename", "Give a context another name")
        .argument("CONTEXT", names->first, "Its name now")
        .argument("NAME", names->second, "Its new name")
        .example("latchkey context rename http://127.0.0.1:8080 local")
        .action([names](Context& context) { return rename(context, names->first, names->second); });
    auto removed = std::make_shared<std::string>();
    group.command("delete", "Log out of a context and forget it")
        .alias("rm")
        .argument("CONTEXT", *removed, "Its name")
        .example("latchkey context delete staging")
        .action([removed](Context& context) { return remove(context, *removed); });
}

}  // namespace latchkey::cli
