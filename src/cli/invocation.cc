#include "cli/invocation.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/context.h"
#include "cli/dash_values.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/suggest.h"
#include "token/opaque.h"

namespace latchkey::cli {
namespace {

constexpr std::string_view kTokenFlag = "--token";
constexpr std::string_view kTokenFlagWithValue = "--token=";
constexpr std::string_view kPassphraseFlag = "--passphrase";
constexpr std::string_view kPassphraseFlagWithValue = "--passphrase=";

void add_globals(Command root, Globals& globals) {
    root.flag("--json", globals.json, "Answer in JSON; one record a line with -q");
    root.flag("--no-color", globals.no_color, "No colour");
    root.flag("--no-input", globals.no_input, "Never ask; a missing value is an error");
    root.flag("-q,--quiet", globals.quiet, "Only what was asked for");
    root.flag("-v,--verbose", globals.verbose, "Say more");
    root.flag("-y,--yes", globals.yes, "Answer questions with yes");
    root.flag("--wide", globals.wide, "Tables uncut, with all their columns");
    root.flag("--version", globals.version, "Show the version");
    root.option("--server", globals.server, "URL", "The server; else LATCHKEY_SERVER");
    root.option("--context", globals.context, "NAME", "Which stored login to use");
    root.option("--project", globals.project, "ID|NAME", "The project meant");
    root.option("--token", globals.token, "SECRET", "Use this token");
    root.option("--token-file", globals.token_file, "FILE|-", "Use the token in this file");
    root.option("--timeout", globals.timeout, "TIME", "How long to wait for the server (30s)");
    root.option("--cacert", globals.ca_file, "FILE", "Trust the authorities in this file alone");
}

// Never run: rewrite_help sees the word first.
void add_help(Command root) {
    auto words = std::make_shared<std::vector<std::string>>();
    Command command = root.command("help", "Show the help of a command");
    command.everything_after(*words);
    command.example("latchkey help token create");
    command.action([words](Context& /*context*/) -> Result<int> { return kExitOk; });
}

void add_serve(Command root, const Hooks& hooks) {
    auto rest = std::make_shared<std::vector<std::string>>();
    Command command = root.command("serve", "Run the server; see latchkey serve --help");
    command.everything_after(*rest);
    command.example("latchkey serve --data /var/lib/latchkey --listen 127.0.0.1:8080");
    command.action(
        [rest, &hooks](Context& /*context*/) -> Result<int> { return hooks.serve(*rest); });
}

// Where the command's first word stands, after global flags at most, if it is this one.
std::optional<std::size_t> find_first(std::string_view word, const CommandTree& tree,
                                      const std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (args[i] == word) return i;
        if (args[i].size() < 2 || args[i].front() != '-') return std::nullopt;
        for (const FlagSpec& flag : tree.flags) {
            const bool is_it =
                std::find(flag.names.begin(), flag.names.end(), args[i]) != flag.names.end();
            if (is_it && flag.takes_value) ++i;
            if (is_it) break;
        }
    }
    return std::nullopt;
}

// `latchkey help token create` is what `latchkey token create --help` is.
void rewrite_help(const CommandTree& tree, std::vector<std::string>& args) {
    const auto help = find_first("help", tree, args);
    if (!help) return;
    args.erase(args.begin() + static_cast<std::ptrdiff_t>(*help));
    args.emplace_back("--help");
}

// What to do about a 401 depends on where the credential came from.
void add_login_hint(Context& context, Error& error) {
    if (error.code != ErrorCode::kUnauthenticated || !error.hint.empty() || !context.problem) {
        return;
    }
    const auto credential = context.credential();
    if (!credential || *credential == nullptr) return;
    error.hint =
        (*credential)->is_session
            ? "the stored login has ended: run latchkey login"
            : fmt::format("the server does not accept the token of {}", (*credential)->source);
}

// Long lines are hard to read, however wide the terminal is.
std::size_t help_columns(const Console& console) {
    return std::min<std::size_t>(console.columns, 100);
}

// It is out of the process list by now, but not out of the shell's history. Said to people only: a
// script's author saw it when writing the script.
void warn_of_token_flag(Context& context) {
    if (!context.console().err_is_terminal || context.globals.quiet) return;
    print_warning(context.console(),
                  "a token among the arguments can be seen by others and stays in the shell's "
                  "history; --token-file - or LATCHKEY_TOKEN is safer");
}

int fail(Context& context, Error error, bool as_json) {
    add_login_hint(context, error);
    context.console().out.flush();
    report(context.console(), error, context.problem, as_json);
    return exit_code(error);
}

}  // namespace

void add_all_commands(Menu& menu) {
    Command root = menu.root();
    add_login(root);
    add_logout(root);
    add_whoami(root);
    add_status(root);
    Command token = root.command("token", "Make, list, check and revoke tokens");
    add_token_create(token);
    add_key_token_create(token);
    add_token_list(token);
    add_token_get(token);
    add_token_rotate(token);
    add_token_update(token);
    add_key_token_update(token);
    add_token_revoke(token);
    add_token_usage(token);
    add_token_bulk(token);
    add_token_inspect(token);
    add_token_verify(token);
    add_exchange(root);
    add_run(root);
    add_request(root);
    add_api(root);
    add_scope(root);
    add_import(root);
    add_user(root);
    add_project(root);
    Command iam = root.command("iam", "Who is in a project, and what their policies allow");
    add_iam_principals(iam);
    add_iam_policies(iam);
    add_iam_test(iam);
    add_role(root);
    add_events(root);
    add_admin(root);
    add_version(root);
    add_context(root);
    add_completion(root);
    add_docs(root, [&menu] { return menu.tree(); });
}

std::optional<std::string> take_token(std::vector<std::string>& args) {
    std::optional<std::string> token;
    for (auto word = args.begin(); word != args.end() && *word != "--";) {
        if (*word == kTokenFlag && word + 1 != args.end()) {
            token = *(word + 1);
            word = args.erase(word, word + 2);
        } else if (word->rfind(kTokenFlagWithValue, 0) == 0) {
            token = word->substr(kTokenFlagWithValue.size());
            word = args.erase(word);
        } else {
            ++word;
        }
    }
    return token;
}

namespace {

// Where in this word a secret begins: its size when the next word is one, npos when neither is.
// "-p" may stand behind other short flags, and its value behind it ("-gpTEXT"); a word too many
// that is overwritten shows in the process list alone.
std::size_t secret_in(std::string_view word) {
    if (word == kTokenFlag || word == kPassphraseFlag) return word.size();
    for (const std::string_view flag : {kTokenFlagWithValue, kPassphraseFlagWithValue}) {
        if (word.rfind(flag, 0) == 0) return flag.size();
    }
    if (word.size() < 2 || word[0] != '-' || word[1] == '-') return std::string_view::npos;
    const std::size_t flag = word.find('p');
    return flag == std::string_view::npos ? flag : flag + 1;
}

}  // namespace

void scrub(int argc, char** argv) {
    const auto overwrite = [](char* text) { std::memset(text, 'x', std::strlen(text)); };
    bool value_of_flag = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        const std::size_t secret = value_of_flag ? 0 : secret_in(word);
        const bool starts_value = !value_of_flag && secret == word.size();
        if (value_of_flag || shape_of(word) != TokenShape::kOther) {
            overwrite(argv[i]);
        } else if (secret < word.size()) {
            overwrite(argv[i] + secret);
        }
        value_of_flag = starts_value;
    }
}

int run_with(Invocation invocation) {
    Context context(invocation.console, invocation.environment, invocation.hooks, invocation.clock);
    std::vector<std::string>& args = invocation.args;
    Menu menu("latchkey", "Personal access tokens for your API: make, scope, watch and revoke");
    add_globals(menu.root(), context.globals);
    add_serve(menu.root(), invocation.hooks);
    add_all_commands(menu);
    add_help(menu.root());
    const CommandTree tree = menu.tree();
    if (!args.empty() && args.front() == kCompleteCommand) return complete(invocation, tree);
    rewrite_help(tree, args);
    // The server has its own parser, so nothing behind that word may reach ours.
    if (const auto serve = find_first("serve", tree, args)) {
        const auto first = args.begin() + static_cast<std::ptrdiff_t>(*serve) + 1;
        return invocation.hooks.serve({first, args.end()});
    }
    std::optional<std::string> token = take_token(args);
    args = with_dash_values_joined(tree, std::move(args));
    const bool as_json = std::find(args.begin(), args.end(), "--json") != args.end();
    const Status known = check_words(tree, args);
    if (!known) return fail(context, known.error(), as_json);
    auto parsed = menu.parse(args);
    if (!parsed) return fail(context, parsed.error(), as_json);
    if (token) {
        context.globals.token = std::move(token);
        warn_of_token_flag(context);
    }
    if (context.globals.no_color) invocation.console.colour = false;
    if (context.globals.version) {
        invocation.console.out << "latchkey " LATCHKEY_VERSION "\n";
        return kExitOk;
    }
    if (!parsed->action) {
        const bool is_fine = parsed->help_was_asked || args.empty();
        (is_fine ? invocation.console.out : invocation.console.err)
            << render_help(path_to(tree, parsed->path), help_columns(invocation.console));
        return is_fine ? kExitOk : kExitUsage;
    }
    const auto code = parsed->action(context);
    context.warn_of_end();
    if (!code) return fail(context, code.error(), as_json);
    return *code;
}

}  // namespace latchkey::cli
