#include "cli/key_token_plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/errors.h"
#include "cli/key_credentials.h"
#include "cli/passphrase.h"
#include "cli/text.h"
#include "token/policy.h"
#include "token/scope.h"

namespace latchkey::cli {
namespace {

constexpr std::string_view kEverything = "*";

Status check_pairing(const KeyTokenOptions& options) {
    if (options.generate && options.key.file) {
        return usage_error("--auto-generate-key excludes --public-key-file",
                           "-g makes a new key pair, -f registers a key that you have");
    }
    if (options.passphrase && !options.generate) {
        return usage_error("--passphrase needs --auto-generate-key",
                           "it encrypts the private key that -g makes");
    }
    if (options.passphrase_file && !options.generate) {
        return usage_error("--passphrase-file needs --auto-generate-key",
                           "it encrypts the private key that -g makes");
    }
    if (options.passphrase && options.passphrase_file) {
        return usage_error("--passphrase excludes --passphrase-file");
    }
    if (options.passphrase && options.passphrase->empty()) {
        return usage_error("--passphrase is empty", "leave it out for a key without one");
    }
    if (options.out && options.key.file) {
        return usage_error("--out needs --auto-generate-key",
                           "the file is for the private key, which is yours already");
    }
    if (!options.with_permissions && !(options.actions.empty() && options.resources.empty())) {
        return usage_error("--actions and --resources need --with-permissions");
    }
    return {};
}

Status check_stdin(const Globals& globals, const KeyTokenOptions& options) {
    int readers = 0;
    for (const auto& file : {globals.token_file, options.key.file, options.passphrase_file}) {
        if (file == "-") ++readers;
    }
    if (readers < 2) return {};
    return usage_error("stdin can be one file only", "give the others by name");
}

// Between spaces, as the seed's prompts take them, or commas.
std::vector<std::string> words_of(std::string text) {
    std::replace(text.begin(), text.end(), ' ', ',');
    return split_commas(text);
}

std::vector<std::string> or_everything(std::vector<std::string> given) {
    if (given.empty()) given.emplace_back(kEverything);
    return given;
}

Result<std::string> ask_name(Console& console) {
    for (;;) {
        std::string name = TRY(ask(console, "Name of the token (at least 8 characters)"));
        const Status is_fine = check_key_token_name(name);
        if (is_fine) return name;
        print_labelled(console, "error", is_fine.error().message);
    }
}

Status ask_key(Console& console, KeyTokenOptions& options) {
    if (options.generate || options.key.file) return {};
    if (options.out) {
        options.generate = true;  // there is nothing else to write
        return {};
    }
    options.generate = TRY(confirm_unless_no(console, "Generate a new key pair for the token?"));
    if (options.generate) return {};
    options.key.file = TRY(ask(console, "File of the public key (PEM, JWK or JWKS)"));
    return {};
}

// Both are judged as the server judges a policy, since the token would be there before it did.
Status check_actions(const std::vector<std::string>& actions) {
    for (const std::string& action : actions) {
        if (is_scope_pattern(action)) continue;
        return usage_error(fmt::format("\"{}\" is no action", action),
                           "an action is a scope, such as license:read, license:* or *");
    }
    return {};
}

Status check_resources(const std::vector<std::string>& resources) {
    for (const std::string& resource : resources) {
        if (is_resource_pattern(resource)) continue;
        return usage_error(fmt::format("\"{}\" is no resource", resource),
                           "a resource looks like orders/7, orders/* or *");
    }
    return {};
}

using Check = Status (*)(const std::vector<std::string>&);

Result<std::vector<std::string>> ask_words(Console& console, std::string_view question,
                                           Check check) {
    for (;;) {
        const std::string answer = TRY(ask_or(console, question, kEverything));
        std::vector<std::string> words = words_of(answer);
        const Status is_fine = check(words);
        if (is_fine) return words;
        print_labelled(console, "error", is_fine.error().message);
    }
}

Result<PlannedGrant> ask_rights(Console& console, Project project) {
    PlannedGrant grant{std::move(project), {}, {}};
    grant.resources =
        TRY(ask_words(console, "Allowed resources, separated by spaces", check_resources));
    grant.actions = TRY(ask_words(console, "Allowed actions, separated by spaces", check_actions));
    return grant;
}

Result<std::optional<PlannedGrant>> ask_grant(Context& context, ApiClient& client) {
    std::optional<PlannedGrant> grant;
    Console& console = context.console();
    auto project = project_meant(context, client);
    // Which project is a question of its own where there are several; who may see none is not
    // bothered with it.
    if (!project && exit_code(project.error()) != kExitUsage) return grant;
    const std::string which =
        project ? fmt::format("the active project \"{}\"", harmless(project->name))
                : std::string("a project");
    const bool is_wanted =
        TRY(confirm(console, fmt::format("Add the token to {} and grant it permissions?", which)));
    if (!is_wanted) return grant;
    if (!project) {
        const std::string named = TRY(ask(console, "Which project (name or id)"));
        project = find_project(client, named);
        if (!project) return std::move(project).error();
    }
    grant = TRY(ask_rights(console, *project));
    return grant;
}

Error missing(std::string what) {
    return usage_error(std::move(what), "there is no terminal to ask at, or --no-input forbids it");
}

// Asks for everything that was not given as soon as one thing that must be there is missing; who
// gave all of that is asked nothing.
Status check_complete(const KeyTokenOptions& options) {
    if (!options.token.name) return missing("--name is required");
    if (!options.generate && !options.key.file) {
        return missing("--auto-generate-key or --public-key-file is required");
    }
    return {};
}

Result<Secret> given_passphrase(Context& context, const KeyTokenOptions& options) {
    if (options.passphrase_file)
        return read_passphrase(context.console(), *options.passphrase_file);
    if (!options.passphrase) return Secret{};
    print_warning(context.console(),
                  "a passphrase among the arguments can be seen by others and stays in the "
                  "shell's history; --passphrase-file is safer");
    return Secret(*options.passphrase);
}

// Judges the key before anything is asked of the server.
Status plan_key(Context& context, const KeyTokenOptions& options, KeyTokenPlan& plan) {
    plan.generate = options.generate;
    const std::optional<Algorithm> algorithm = TRY(algorithm_of(options.key));
    plan.algorithm = algorithm.value_or(Algorithm::kRs256);
    if (options.generate) return {};
    const json::object members = TRY(key_members(context.console(), options.key));
    plan.body.insert(members.begin(), members.end());
    return {};
}

}  // namespace

Status check_key_token_options(const Globals& globals, const KeyTokenOptions& options) {
    TRY(check_pairing(options));
    TRY(check_stdin(globals, options));
    TRY(algorithm_of(options.key));
    TRY(check_key_id(options.key));
    TRY(check_actions(all_items(options.actions)));
    TRY(check_resources(all_items(options.resources)));
    if (options.token.name) TRY(check_key_token_name(*options.token.name));
    struct stat facts {};
    if (options.out && ::lstat(options.out->c_str(), &facts) == 0) {
        return file_is_there(*options.out);
    }
    return {};
}

Result<KeyTokenPlan> plan_key_token(Context& context, ApiClient& client, KeyTokenOptions options) {
    const Status is_complete = check_complete(options);
    const bool is_guided = !is_complete;
    if (is_guided && !context.may_ask()) return is_complete.error();
    Console& console = context.console();
    KeyTokenPlan plan;
    const json::object members = TRY(token_members(context, options.token));
    if (is_guided && !options.token.name) options.token.name = TRY(ask_name(console));
    if (is_guided) TRY(ask_key(console, options));
    plan.passphrase = TRY(given_passphrase(context, options));
    if (is_guided && options.generate && plan.passphrase.empty()) {
        plan.passphrase = TRY(ask_new_passphrase(console));
    }
    plan.body["name"] = *options.token.name;
    plan.body["kind"] = "key";
    plan.body.insert(members.begin(), members.end());
    TRY(plan_key(context, options, plan));
    if (options.with_permissions) {
        Project project = TRY(project_meant(context, client));
        plan.grant.emplace(PlannedGrant{std::move(project),
                                        or_everything(all_items(options.actions)),
                                        or_everything(all_items(options.resources))});
    } else if (is_guided) {
        plan.grant = TRY(ask_grant(context, client));
    }
    return plan;
}

}  // namespace latchkey::cli
