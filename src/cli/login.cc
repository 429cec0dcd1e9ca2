#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/device_login.h"
#include "cli/step_up.h"
#include "cli/text.h"
#include "cli/web_login.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::optional<std::string> email;
    bool password_stdin{false};
    std::optional<std::string> code;
    bool with_token{false};
    bool web{false};
    bool no_browser{false};
    bool insecure_storage{false};
};

Result<Secret> password(Context& context, const Options& options) {
    if (options.password_stdin) return read_secret_from_input(context.console());
    if (!context.may_ask()) {
        return usage_error("the password is missing",
                           "give it on stdin with --password-stdin, or use --with-token");
    }
    return ask_hidden(context.console(), "Password");
}

Result<StoredLogin> log_in_by_password(Context& context, const Options& options) {
    const std::string email = TRY(context.need(options.email, "--email", "E-mail"));
    const Secret secret = TRY(password(context, options));
    ApiClient client = TRY(context.client_with(Secret{}));
    json::object body{
        {"email", email}, {"password", std::string(secret.expose())}, {"kind", "cli"}};
    if (options.code) body["code"] = *options.code;
    auto answered = client.post_object("/v1/session", body);
    if (!answered && asks_for_code(context) && context.may_ask()) {
        body["code"] = TRY(ask_for_code(context));
        answered = client.post_object("/v1/session", body);
    }
    if (!answered && asks_for_code(context)) {
        return std::move(answered).error().with_hint("give it with --code");
    }
    if (!answered && answered.error().code == ErrorCode::kUnauthenticated &&
        answered.error().hint.empty()) {
        // A login kept from before has no part in this.
        return std::move(answered).error().with_hint("check both, then try again");
    }
    const json::object session = TRY(std::move(answered));
    StoredLogin login;
    login.server = client.server();
    login.secret = text_of(session, "session");
    login.name = email;
    login.expires_at = text_of(session, "expiresAt");
    if (login.secret.empty()) return failure("the server gave no session");
    return login;
}

Result<StoredLogin> log_in_by_token(Context& context) {
    Secret secret;
    if (context.console().in_is_terminal) {
        secret = TRY(ask_hidden(context.console(), "Token"));
    } else {
        secret = TRY(read_secret_from_input(context.console()));
    }
    StoredLogin login;
    login.is_session = false;
    login.secret = std::string(secret.expose());
    ApiClient client = TRY(context.client_with(std::move(secret)));
    const json::object token = TRY(client.get_object("/v1/tokens/self"));
    login.server = client.server();
    login.name = text_of(token, "name");
    login.expires_at = text_of(token, "expiresAt");
    return login;
}

bool is_by_password(const Options& options) {
    return options.email || options.password_stdin || options.code;
}

Status check(const Options& options) {
    if (options.with_token && is_by_password(options)) {
        return usage_error("--with-token excludes --email, --password-stdin and --code");
    }
    if (options.web && (options.with_token || is_by_password(options))) {
        return usage_error("--web excludes --email, --password-stdin, --code and --with-token",
                           "the browser asks for all that it needs");
    }
    if (options.no_browser && (options.with_token || is_by_password(options))) {
        return usage_error("--no-browser is for a login that a browser confirms");
    }
    return {};
}

// Where it is kept. A session that could not be kept would go on in nobody's hands: it ends.
Result<std::string> keep_or_end(Context& context, const std::string& name, const StoredLogin& made,
                                const Options& options) {
    auto place = context.keep_login(
        name, made, options.insecure_storage ? LoginStorage::kFile : LoginStorage::kBest);
    if (place || !made.is_session) return place;
    context.globals.server = made.server;
    auto client = context.client_with(Secret(made.secret));
    const Status ended = client ? client->remove("/v1/session") : Status(client.error());
    if (!ended) context.note(fmt::format("a session goes on at {}: end it there", made.server));
    return place;
}

Result<StoredLogin> log_in(Context& context, const Options& options, const KeepLogin& keep) {
    const auto use = options.no_browser ? BrowserUse::kOnlyTell : BrowserUse::kMayOpen;
    if (options.with_token) return log_in_by_token(context);
    if (options.web) return log_in_by_web(context, use, keep);
    if (is_by_password(options)) return log_in_by_password(context, options);
    return log_in_by_device(context, use);
}

Result<int> login(Context& context, const Options& options) {
    TRY(check(options));
    std::string name;
    if (context.globals.context) name = *context.globals.context;
    // A context that is about to be made names no server yet.
    const auto known = context.stored();
    if (known && known->find(name) == nullptr) context.globals.context.reset();
    std::string place;
    const KeepLogin keep = [&](const StoredLogin& made) -> Status {
        place = TRY(keep_or_end(context, name.empty() ? made.server : name, made, options));
        return {};
    };
    const StoredLogin made = TRY(log_in(context, options, keep));
    if (!options.web) TRY(keep(made));
    if (context.globals.verbose) context.note(fmt::format("the login is kept in {}", place));
    if (context.globals.json) {
        context.print_json(json::object{{"server", made.server},
                                        {"name", made.name},
                                        {"kind", made.is_session ? "session" : "token"}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Logged in to {} {} {}\n", made.server,
                                  made.is_session ? "as" : "with the token", harmless(made.name)));
    }
    return kExitOk;
}

}  // namespace

void add_login(Command root) {
    auto options = std::make_shared<Options>();
    Command command = root.command("login", "Log in to a server; the login is kept for 30 days");
    command.option("--email", options->email, "EMAIL",
                   "Whom to log in with a password; without it a browser confirms");
    command.flag("--password-stdin", options->password_stdin, "Read the password from stdin");
    command.option("--code", options->code, "CODE",
                   "The six digits of your second factor, or a recovery code");
    command.flag("--web", options->web, "Confirm in the browser of this machine; no code to type");
    command.flag("--no-browser", options->no_browser, "Only print where to confirm, open nothing");
    command.flag("--with-token", options->with_token, "Keep a token, read from stdin, instead");
    command.flag("--insecure-storage", options->insecure_storage,
                 "Keep the login in a file, not in the system keyring");
    command.example("latchkey login --server https://latchkey.example");
    command.example("latchkey login --web");
    command.example("latchkey login --email ana@example.com --password-stdin < password.txt");
    command.action([options](Context& context) { return login(context, *options); });
}

}  // namespace latchkey::cli
