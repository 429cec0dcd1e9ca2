#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/policy_input.h"
#include "cli/principal.h"
#include "cli/text.h"
#include "token/policy.h"

namespace latchkey::cli {
namespace {

constexpr int kExitDenied = 1;

struct Options {
    PrincipalFlags principal;
    std::optional<std::string> action;
    std::optional<std::string> resource;
    std::optional<std::string> file;
};

std::string in_words(const std::string& limit) {
    static constexpr std::array<std::pair<const char*, const char*>, 5> kWords{{
        {"token_scopes", "the token's own scopes"},
        {"owner_roles", "what the owner's roles allow"},
        {"member_role", "the owner's role in the project"},
        {"owner_policy", "the owner's own policy in the project"},
        {"token_state", "the token's state, which is not active"},
    }};
    for (const auto& [name, words] : kWords) {
        if (limit == name) return words;
    }
    return limit;
}

// "2: Deny license:write on orders/*"; people count from 1.
std::string statement_of(const json::object& answer) {
    const json::value* value = answer.if_contains("statement");
    if (value == nullptr || !value->is_object()) return {};
    const json::object& statement = value->get_object();
    return fmt::format("{}: {} {} on {}", number_of(statement, "index").value_or(0) + 1,
                       text_of(statement, "effect"), join(texts_of(statement, "action"), ", "),
                       join(texts_of(statement, "resource"), ", "));
}

std::string cutting_limits(const json::object& answer) {
    std::vector<std::string> limits;
    const json::value* value = answer.if_contains("limits");
    if (value == nullptr || !value->is_array()) return {};
    for (const json::value& item : value->get_array()) {
        if (!item.is_object() || truth_of(item.get_object(), "allowed")) continue;
        limits.push_back(in_words(text_of(item.get_object(), "limit")));
    }
    return join(limits, ", ");
}

// A draft is sent inside of the question, where the server could not say its line and column.
Result<json::value> parse_draft(Context& context, const std::string& text) {
    auto policy = parse_policy(text);
    if (policy) return parse_json(text);
    return with_excerpt(context, std::move(policy).error(), text, "");
}

void print_answer(Context& context, const json::object& answer) {
    if (context.globals.json) return context.print_json(answer);
    if (context.globals.quiet) return;
    context.print(truth_of(answer, "allowed") ? "allowed\n" : "denied\n");
    // Where a statement decided it says why by itself.
    const std::string statement = statement_of(answer);
    context.print(render_details({
        {"statement", statement},
        {"cut by", cutting_limits(answer)},
        {"why", statement.empty() ? text_of(answer, "reason") : ""},
    }));
}

Result<int> simulate(Context& context, const Options& options) {
    const std::string action = TRY(context.need(options.action, "--action", "Action"));
    ApiClient client = TRY(context.client());
    const Principal principal = TRY(principal_meant(context, client, options.principal));
    json::object body{
        {"principalType", principal.type}, {"principalId", principal.id}, {"action", action}};
    if (options.resource) body["resource"] = *options.resource;
    std::string draft;
    if (options.file) {
        draft = TRY(read_policy_text(context, *options.file));
        body["policy"] = TRY(parse_draft(context, draft));
    }
    const std::string path = "/v1/projects/" + percent_encode(principal.project.id) + "/simulate";
    const auto answer = client.post_object(path, body);
    if (!answer && options.file) return with_excerpt(context, answer.error(), draft, "/policy");
    if (!answer) return answer.error();
    print_answer(context, *answer);
    return truth_of(*answer, "allowed") ? kExitOk : kExitDenied;
}

}  // namespace

void add_iam_test(Command iam) {
    auto options = std::make_shared<Options>();
    Command command = iam.command("test", "Ask what a principal may do in the project, and why");
    add_principal_flags(command, options->principal);
    command.option("-a,--action", options->action, "SCOPE", "What it would do: license:read");
    command.option("-r,--resource", options->resource, "RESOURCE",
                   "To what: orders/7; without it, to everything");
    command.option("--file", options->file, "FILE|-",
                   "Judge by this policy document, not by the one that is kept");
    command.example("latchkey iam test -i 7VgsDiH8jBPtiFiGXPvsxk --action license:read");
    command.example(
        "latchkey iam test -i 7VgsDiH8jBPtiFiGXPvsxk --action license:read --resource orders/7 "
        "--file draft.json");
    command.action([options](Context& context) { return simulate(context, *options); });
}

}  // namespace latchkey::cli
