#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr const char* kSocketName = "/admin.sock";
// No host of that name is asked for: the socket's path is where we connect.
constexpr const char* kSocketServer = "http://localhost";

struct Options {
    std::optional<std::string> data;
    std::string file;
    bool nothing_changed_since{false};
    std::optional<std::string> kek_file;
    bool emergency{false};
    std::optional<std::string> email;
    bool password_stdin{false};
    std::vector<std::string> roles;
    std::optional<std::string> name;
};

std::string data_directory(Context& context, const Options& options) {
    if (options.data) return *options.data;
    if (const auto data = context.environment("LATCHKEY_DATA"); data && !data->empty()) {
        return *data;
    }
    return context.hooks().default_data_directory;
}

// Whether somebody listens on the socket: a file alone may be left over from a crash.
Result<bool> is_running(const std::string& data) {
    const std::string path = data + kSocketName;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return failure(fmt::format("the path {} is too long for a socket", path),
                       "use a data directory with a shorter path, or a relative one");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return failure("no socket can be opened");
    // NOLINTNEXTLINE: the socket interface takes every kind of address as this one.
    const int result =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int number = result == 0 ? 0 : errno;
    ::close(probe);
    if (number == 0) return true;
    if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR) return false;
    return failure(
        fmt::format("cannot reach {}: {}", path, std::generic_category().message(number)),
        "run it as the user the server runs as");
}

void say_where(Context& context, bool running, const std::string& data) {
    if (context.globals.quiet) return;
    context.console().err << (running ? "on the running server\n"
                                      : fmt::format("on the stopped server's data directory {}\n",
                                                    harmless(data)));
}

Result<ApiClient> socket_client(Context& context, const std::string& data) {
    fetch::Options options = TRY(context.fetch_options());
    options.unix_socket = data + kSocketName;
    // A backup or a check of a large store takes longer than an ordinary call.
    if (!context.globals.timeout) options.timeout = std::chrono::minutes(30);
    return ApiClient(std::move(options), kSocketServer, Secret{}, context.problem);
}

Result<int> print_result(Context& context, const std::string& text) {
    if (context.globals.json) {
        context.print_json(json::object{{"result", trimmed(text)}});
    } else {
        context.print(text);
        if (!text.empty() && text.back() != '\n') context.print("\n");
    }
    return kExitOk;
}

Result<int> backup(Context& context, const Options& options) {
    const std::string data = data_directory(context, options);
    const bool running = TRY(is_running(data));
    say_where(context, running, data);
    if (!running) {
        const std::string text = TRY(context.hooks().backup(data, options.file));
        return print_result(context, text);
    }
    ApiClient client = TRY(socket_client(context, data));
    // The server's working directory is not ours.
    std::error_code problem;
    const std::filesystem::path path = std::filesystem::absolute(options.file, problem);
    const json::object answer =
        TRY(client.post_object("/admin/backup", json::object{{"path", path.string()}}));
    if (context.globals.json) {
        context.print_json(answer);
    } else {
        context.print(fmt::format(
            "Backed up epoch {}, revision {} to {} ({} bytes)\n",
            number_of(answer, "epoch").value_or(0), number_of(answer, "revision").value_or(0),
            harmless(text_of(answer, "path")), number_of(answer, "bytes").value_or(0)));
    }
    return kExitOk;
}

Result<int> restore(Context& context, const Options& options) {
    const std::string data = data_directory(context, options);
    const bool running = TRY(is_running(data));
    if (running) {
        return Error{ErrorCode::kConflict, fmt::format("a server is running on {}", data)}
            .with_reason("server_running")
            .with_hint("stop it first: a restore replaces all that it holds");
    }
    say_where(context, running, data);
    RestoreOptions how;
    how.nothing_changed_since = options.nothing_changed_since;
    if (options.kek_file) how.kek_file = *options.kek_file;
    const std::string text = TRY(context.hooks().restore(data, options.file, how));
    return print_result(context, text);
}

Result<int> rotate_keys(Context& context, const Options& options) {
    const std::string data = data_directory(context, options);
    const bool running = TRY(is_running(data));
    if (options.emergency && !context.globals.yes) {
        if (!context.may_ask()) {
            return usage_error("an emergency rotation ends every token of the active key",
                               "give --yes if that is meant");
        }
        const bool agreed =
            TRY(confirm(context.console(), "This ends every token the active key signed. Go on?"));
        if (!agreed) return kExitFailure;
    }
    say_where(context, running, data);
    if (!running) {
        const std::string text = TRY(context.hooks().rotate_keys(data, options.emergency));
        return print_result(context, text);
    }
    ApiClient client = TRY(socket_client(context, data));
    const json::object answer = TRY(
        client.post_object("/admin/rotate-keys", json::object{{"emergency", options.emergency}}));
    if (context.globals.json) {
        context.print_json(answer);
        return kExitOk;
    }
    const json::value* keys = answer.if_contains("keys");
    Table table{{"KID", "ALGORITHM", "STATE", "CREATED AT"}, {}};
    for (const json::value& item :
         keys != nullptr && keys->is_array() ? keys->get_array() : json::array{}) {
        if (!item.is_object()) continue;
        const json::object& key = item.get_object();
        table.rows.push_back({text_of(key, "kid"), text_of(key, "algorithm"), text_of(key, "state"),
                              local_time_or_never(text_of(key, "createdAt"))});
    }
    context.print_table(table, false);
    return kExitOk;
}

Result<int> check(Context& context, const Options& options) {
    const std::string data = data_directory(context, options);
    const bool running = TRY(is_running(data));
    say_where(context, running, data);
    if (!running) {
        const std::string text = TRY(context.hooks().check(data));
        return print_result(context, text);
    }
    ApiClient client = TRY(socket_client(context, data));
    const json::object answer = TRY(client.post_object("/admin/check", json::object{}));
    if (context.globals.json) {
        context.print_json(answer);
    } else {
        context.print(harmless_lines(text_of(answer, "report")));
        context.print("\n");
    }
    return truth_of(answer, "ok") ? kExitOk : kExitFailure;
}

Result<int> create_user(Context& context, const Options& options) {
    const std::string data = data_directory(context, options);
    const std::string email = TRY(context.need(options.email, "--email", "E-mail"));
    if (!options.password_stdin && !context.may_ask()) {
        return usage_error("the password is missing", "give it on stdin with --password-stdin");
    }
    Secret password =
        TRY(options.password_stdin ? read_secret_from_input(context.console())
                                   : ask_hidden(context.console(), "Password of the new user"));
    const std::vector<std::string> roles = split_commas(join(options.roles, ","));
    const bool running = TRY(is_running(data));
    say_where(context, running, data);
    if (!running) {
        const std::string text =
            TRY(context.hooks().create_user(data, email, std::move(password), roles));
        return print_result(context, text);
    }
    ApiClient client = TRY(socket_client(context, data));
    json::object body{{"email", email}, {"password", std::string(password.expose())}};
    if (!roles.empty()) body["roles"] = to_array(roles);
    if (options.name) body["name"] = *options.name;
    const json::object user = TRY(client.post_object("/admin/create-user", body));
    if (context.globals.json) {
        context.print_json(user);
    } else {
        context.print(
            fmt::format("Created user {} ({})\n", harmless(email), short_id(text_of(user, "id"))));
    }
    return kExitOk;
}

Command& with_data(Command&& command, const std::shared_ptr<Options>& options) {
    return command.option("--data", options->data, "DIR",
                          "The server's data directory; else LATCHKEY_DATA");
}

}  // namespace

void add_admin(Command root) {
    Command admin = root.command("admin", "Look after a server on this machine, running or not");
    auto options = std::make_shared<Options>();
    const auto bind = [options](Result<int> (*step)(Context&, const Options&)) {
        return [options, step](Context& context) { return step(context, *options); };
    };
    with_data(admin.command("backup", "Write a backup; the server may go on working"), options)
        .argument("FILE", options->file, "Where to")
        .example("latchkey admin backup /var/backups/latchkey.backup --data /var/lib/latchkey")
        .action(bind(&backup));
    with_data(admin.command("restore", "Replace a stopped server's data by a backup"), options)
        .argument("FILE", options->file, "The backup")
        .flag("--nothing-changed-since", options->nothing_changed_since,
              "Nothing was issued or revoked after it: suspend no token")
        .option("--kek", options->kek_file, "FILE", "The key that opens the backup's keys")
        .example("latchkey admin restore /var/backups/latchkey.backup --data /var/lib/latchkey")
        .action(bind(&restore));
    with_data(admin.command("rotate-keys", "Sign with a new key from now on"), options)
        .flag("--emergency", options->emergency, "The old key is lost: its tokens end at once")
        .example("latchkey admin rotate-keys --data /var/lib/latchkey")
        .action(bind(&rotate_keys));
    with_data(admin.command("check", "Check the store and its log for damage"), options)
        .example("latchkey admin check --data /var/lib/latchkey")
        .action(bind(&check));
    with_data(admin.command("create-user", "Add a person, by default as a member"), options)
        .option("--email", options->email, "EMAIL", "The person's e-mail")
        .option("-n,--name", options->name, "NAME", "What to call the person")
        .flag("--password-stdin", options->password_stdin, "Read the password from stdin")
        .options("--role,--roles", options->roles, "ROLE,…", "As administrator")
        .example("latchkey admin create-user --email ana@example.com --password-stdin")
        .action(bind(&create_user));
}

}  // namespace latchkey::cli
