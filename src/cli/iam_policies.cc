#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/policy_input.h"
#include "cli/principal.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

// Without --json it is still JSON, but always pretty: it is there to be edited and given back.
void print_policy(Context& context, const json::value& policy) {
    if (context.globals.json) return context.print_json(policy);
    context.print(format_json(policy, JsonForm::kPretty));
}

Result<int> get(Context& context, const PrincipalFlags& flags) {
    ApiClient client = TRY(context.client());
    const Principal principal = TRY(principal_meant(context, client, flags));
    const json::object policy = TRY(client.get_object(principal.path() + "/policy"));
    print_policy(context, policy);
    const json::value* statements = policy.if_contains("statement");
    if (statements != nullptr && statements->is_array() && statements->get_array().empty()) {
        context.note("no statement: it may do nothing there");
    }
    return kExitOk;
}

struct UpdateOptions {
    PrincipalFlags principal;
    std::optional<std::string> file;
};

Result<std::string> policy_text(Context& context, const UpdateOptions& options) {
    if (options.file) return read_policy_text(context, *options.file);
    if (!context.may_ask()) {
        return usage_error("--file is required",
                           "it takes a policy document, or - for stdin; there is no terminal to "
                           "ask at, or --no-input forbids it");
    }
    const json::object policy = TRY(ask_for_policy(context));
    return to_json(policy);
}

Result<int> update(Context& context, const UpdateOptions& options) {
    ApiClient client = TRY(context.client());
    const Principal principal = TRY(principal_meant(context, client, options.principal));
    const std::string text = TRY(policy_text(context, options));
    const auto answer = client.put_text(principal.path() + "/policy", text);
    if (!answer) return with_excerpt(context, answer.error(), text, "");
    if (context.globals.json) {
        context.print_json(*answer);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Updated the policy of {} in project {}\n", principal.shown(),
                                  harmless(principal.project.name)));
    }
    return kExitOk;
}

}  // namespace

void add_iam_policies(Command iam) {
    auto gets = std::make_shared<PrincipalFlags>();
    Command get_command = iam.command("get-policies", "Print a principal's policy document");
    add_principal_flags(get_command, *gets);
    get_command.example("latchkey iam get-policies -i 7VgsDiH8jBPtiFiGXPvsxk > policies.json");
    get_command.action([gets](Context& context) { return get(context, *gets); });

    auto updates = std::make_shared<UpdateOptions>();
    Command update_command =
        iam.command("update-policies", "Replace a principal's policy document");
    add_principal_flags(update_command, updates->principal);
    update_command.option("--file", updates->file, "FILE|-", "The document; - is stdin");
    update_command.example(
        "latchkey iam update-policies -i 7VgsDiH8jBPtiFiGXPvsxk --file policies.json");
    update_command.action([updates](Context& context) { return update(context, *updates); });
}

}  // namespace latchkey::cli
