#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/user_lookup.h"

namespace latchkey::cli {
namespace {

Result<int> list(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/users", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"ID", "KIND", "NAME", "E-MAIL", "STATE", "ROLES"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& user = item.get_object();
        table.rows.push_back({short_id(text_of(user, "id")), text_of(user, "kind"),
                              text_of(user, "name"), text_of(user, "email"), text_of(user, "state"),
                              join(texts_of(user, "roles"), " ")});
    }
    context.print_table(table, false);
    return kExitOk;
}

struct CreateOptions {
    bool is_machine{false};
    bool is_invited{false};
    bool password_stdin{false};
    std::optional<std::string> name;
    std::optional<std::string> email;
    std::vector<std::string> roles;
    std::vector<std::string> verifies;
};

// Twice, because nobody sees what is typed.
Result<Secret> ask_for_new_password(Console& console) {
    Secret password = TRY(ask_hidden(console, "Password of the new user"));
    const Secret again = TRY(ask_hidden(console, "The same again"));
    if (equal_in_constant_time(password.expose(), again.expose())) return password;
    return usage_error("the two passwords differ");
}

Result<json::object> body_of(Context& context, const CreateOptions& options) {
    json::object body;
    body["kind"] = options.is_machine ? "machine" : "human";
    if (!options.roles.empty()) body["roles"] = to_array(split_commas(join(options.roles, ",")));
    if (options.is_machine) {
        if (options.password_stdin) return usage_error("--machine excludes --password-stdin");
        if (options.email) return usage_error("--machine excludes --email");
        if (options.is_invited) return usage_error("--machine excludes --invite");
        body["name"] = TRY(context.need(options.name, "--name", "Name"));
        if (!options.verifies.empty()) {
            body["verifies"] = to_array(split_commas(join(options.verifies, ",")));
        }
        return body;
    }
    if (!options.verifies.empty()) return usage_error("--verifies needs --machine");
    if (options.name) body["name"] = *options.name;
    body["email"] = TRY(context.need(options.email, "--email", "E-mail"));
    if (options.is_invited) {
        if (options.password_stdin) return usage_error("--invite excludes --password-stdin");
        return body;
    }
    if (!options.password_stdin && !context.may_ask()) {
        return usage_error(
            "the password is missing",
            "give it on stdin with --password-stdin, or let the person choose it with "
            "--invite");
    }
    const Secret password = TRY(options.password_stdin ? read_secret_from_input(context.console())
                                                       : ask_for_new_password(context.console()));
    body["password"] = std::string(password.expose());
    return body;
}

// The link alone on stdout, for it is what is handed on.
void print_link(Context& context, const json::object& user) {
    context.print(text_of(user, "inviteLink") + "\n");
    context.note(
        fmt::format("The link is good once, until {}. Hand it over on a safe way: whoever "
                    "opens it first chooses the password.",
                    local_time_or_never(text_of(user, "invitedUntil"))));
}

Result<int> create(Context& context, const CreateOptions& options) {
    const json::object body = TRY(body_of(context, options));
    ApiClient client = TRY(context.client());
    const json::object user = TRY(client.post_object("/v1/users", body));
    if (context.globals.json) {
        context.print_json(user);
    } else if (context.globals.quiet) {
        context.print(text_of(user, options.is_invited ? "inviteLink" : "id") + "\n");
    } else {
        context.print(fmt::format("Created user {}\n", short_id(text_of(user, "id"))));
        if (options.is_invited) print_link(context, user);
    }
    return kExitOk;
}

void print_done(Context& context, const json::value& user, std::string_view done,
                const std::string& wanted) {
    if (context.globals.json) {
        context.print_json(user);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("{} user {}\n", done, harmless(wanted)));
    }
}

Result<int> get(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const std::string id = TRY(find_user(client, wanted));
    const json::object user = TRY(client.get_object("/v1/users/" + percent_encode(id)));
    if (context.globals.json) {
        context.print_json(user);
        return kExitOk;
    }
    context.print(render_details({
        {"id", short_id(text_of(user, "id"))},
        {"kind", text_of(user, "kind")},
        {"name", text_of(user, "name")},
        {"e-mail", text_of(user, "email")},
        {"state", text_of(user, "state")},
        {"roles", join(texts_of(user, "roles"), " ")},
        {"verifies", join(texts_of(user, "verifies"), " ")},
        {"created", local_time_or_never(text_of(user, "createdAt"))},
    }));
    return kExitOk;
}

Result<int> invite(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const std::string id = TRY(find_user(client, wanted));
    const json::object user =
        TRY(client.post_object("/v1/users/" + percent_encode(id) + "/invite", json::object{}));
    if (context.globals.json) {
        context.print_json(user);
    } else {
        print_link(context, user);
    }
    return kExitOk;
}

Result<int> reset_factor(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const std::string id = TRY(find_user(client, wanted));
    TRY(client.remove("/v1/users/" + percent_encode(id) + "/factor"));
    if (context.globals.json) {
        context.print_json(json::object{{"id", id}, {"secondFactor", false}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Reset the second factor of {}\n", harmless(wanted)));
    }
    return kExitOk;
}

struct RoleOptions {
    std::string user;
    std::vector<std::string> roles;
};

Result<int> set_roles(Context& context, const RoleOptions& options) {
    const std::vector<std::string> roles = split_commas(join(options.roles, ","));
    ApiClient client = TRY(context.client());
    const std::string id = TRY(find_user(client, options.user));
    const json::value user = TRY(
        client.patch("/v1/users/" + percent_encode(id), json::object{{"roles", to_array(roles)}}));
    if (context.globals.json || context.globals.quiet || !roles.empty()) {
        print_done(context, user, "Changed the roles of", options.user);
    } else {
        context.print(fmt::format("Took all roles from user {}\n", harmless(options.user)));
    }
    return kExitOk;
}

Result<int> set_state(Context& context, const std::string& wanted, const std::string& state) {
    ApiClient client = TRY(context.client());
    const std::string id = TRY(find_user(client, wanted));
    const json::value user =
        TRY(client.patch("/v1/users/" + percent_encode(id), json::object{{"state", state}}));
    print_done(context, user, state == "active" ? "Enabled" : "Disabled", wanted);
    return kExitOk;
}

}  // namespace

void add_user(Command root) {
    Command user = root.command("user", "People and machines that own tokens");
    user.command("list", "List the users").alias("ls").example("latchkey user list").action(&list);
    auto options = std::make_shared<CreateOptions>();
    user.command("create", "Add a user")
        .flag("--machine", options->is_machine, "A machine user, which owns tokens only")
        .option("-n,--name", options->name, "NAME", "What to call the user")
        .option("--email", options->email, "EMAIL", "A person's e-mail")
        .flag("--password-stdin", options->password_stdin, "Read the password from stdin")
        .flag("--invite", options->is_invited, "Print a link by which the person chooses it")
        .options("--role,--roles", options->roles, "ROLE,…", "What the user may do")
        .options("--verifies", options->verifies, "API,…",
                 "The APIs whose tokens a machine user may verify")
        .example("latchkey user create --email ana@example.com --role member")
        .example("latchkey user create --email ana@example.com --invite")
        .example("latchkey user create --machine -n gateway --role verifier --verifies licensing")
        .action([options](Context& context) { return create(context, *options); });
    auto shown = std::make_shared<std::string>();
    user.command("get", "Show one user")
        .alias("show")
        .example("latchkey user get ana@example.com")
        .argument("USER", *shown, "Id, e-mail or name")
        .action([shown](Context& context) { return get(context, *shown); });
    auto roles = std::make_shared<RoleOptions>();
    user.command("set-roles", "Replace a user's roles; what its tokens may do changes at once")
        .argument("USER", roles->user, "Id, e-mail or name")
        .arguments("ROLE", roles->roles, "All the roles it has from now on")
        .example("latchkey user set-roles ana@example.com member auditor")
        .action([roles](Context& context) { return set_roles(context, *roles); });
    auto invited = std::make_shared<std::string>();
    user.command("invite", "Print a new link to choose a password; one from before is void")
        .argument("USER", *invited, "Id, e-mail or name")
        .example("latchkey user invite ana@example.com")
        .action([invited](Context& context) { return invite(context, *invited); });
    auto reset = std::make_shared<std::string>();
    user.command("reset-factor", "Take a lost second factor away")
        .argument("USER", *reset, "Id, e-mail or name")
        .example("latchkey user reset-factor ana@example.com")
        .action([reset](Context& context) { return reset_factor(context, *reset); });
    for (const bool enable : {false, true}) {
        auto wanted = std::make_shared<std::string>();
        const std::string state = enable ? "active" : "disabled";
        user.command(enable ? "enable" : "disable",
                     enable ? "Let a user in again, and its tokens work"
                            : "Shut a user out; its tokens stop at once")
            .argument("USER", *wanted, "Id, e-mail or name")
            .example(fmt::format("latchkey user {} ana@example.com", enable ? "enable" : "disable"))
            .action(
                [wanted, state](Context& context) { return set_state(context, *wanted, state); });
    }
}

}  // namespace latchkey::cli
