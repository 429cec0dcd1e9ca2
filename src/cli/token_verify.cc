#include <fmt/format.h>

#include "base/encoding.h"
#include "base/id.h"
#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/secret_argument.h"
#include "cli/text.h"
#include "token/scope.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::optional<std::string> secret;
    std::vector<std::string> scopes;
    std::optional<std::string> api;
    std::optional<std::string> resource;
};

int print_verdict(Context& context, const json::object& answer) {
    const bool is_valid = truth_of(answer, "valid");
    if (context.globals.json) {
        context.print_json(answer);
    } else if (!context.globals.quiet) {
        const std::vector<std::string> missing = texts_of(answer, "missingScopes");
        std::string line = is_valid ? "active" : "not valid: " + text_of(answer, "verdict");
        if (!missing.empty()) line += fmt::format(" (missing {})", join(missing, " "));
        context.print(harmless(line) + "\n");
    }
    return is_valid ? kExitOk : kExitFailure;
}

// A name is looked up with the stored login: neither a verifier's token nor the one in question may
// list projects.
Result<std::string> project_id(Context& context, const std::string& wanted) {
    if (parse_uuid(wanted)) return wanted;
    auto stored = TRY(context.stored_credential());
    if (!stored) {
        return usage_error(fmt::format("\"{}\" is no project's id", wanted),
                           "names need a login: latchkey login, or give the id");
    }
    ApiClient client = TRY(context.client_with(std::move(stored->secret)));
    return TRY(find_project(client, wanted)).id;
}

// As a verifier: the server judges with scopes, project and resource, and says why not.
Result<json::object> ask_as_verifier(Context& context, const Options& options,
                                     const Secret& secret) {
    json::object body;
    body["token"] = std::string(secret.expose());
    if (options.api) body["api"] = *options.api;
    if (!options.scopes.empty()) body["scopes"] = to_array(split_commas(join(options.scopes, ",")));
    if (context.globals.project) {
        body["project"] = TRY(project_id(context, *context.globals.project));
    }
    if (options.resource) body["resource"] = *options.resource;
    ApiClient client = TRY(context.client());
    return client.post_object("/v1/tokens/verify", body);
}

std::string word_in(std::string_view code) {
    for (const char* word : {"revoked", "expired", "suspended", "malformed", "disabled"}) {
        if (code.find(word) != std::string_view::npos) return word;
    }
    return "not accepted";
}

// As a gateway asks before it lets a request with the token pass.
Result<json::object> ask_as_gateway(Context& context, const Options& options, const Secret& secret,
                                    const std::string& api) {
    fetch::HttpRequest request;
    request.url = TRY(context.server()) + "/check/api/" + percent_encode(api);
    std::vector<std::string> scopes;
    for (const std::string& scope : split_commas(join(options.scopes, ","))) {
        scopes.push_back(percent_encode(scope));
    }
    if (!scopes.empty()) request.url += "/scope/" + join(scopes, "+");
    if (context.globals.project) {
        request.url += "/project/" + TRY(project_id(context, *context.globals.project));
    }
    if (options.resource) request.url += "/resource/" + percent_encode(*options.resource);
    request.headers.emplace_back("Authorization", fmt::format("Bearer {}", secret.expose()));
    fetch::Client client(TRY(context.fetch_options()));
    const fetch::HttpResponse response = TRY(client.send(request));
    if (response.status == 200) return json::object{{"valid", true}, {"verdict", "active"}};
    const auto answer = parse_json(response.body, {});
    if (!answer || !answer->is_object() || !answer->get_object().contains("verdict")) {
        return decode_problem(response, context.problem.emplace());
    }
    const json::object& said = answer->get_object();
    json::object found{{"valid", false}, {"verdict", text_of(said, "verdict")}};
    const auto missing = texts_of(said, "missingScopes");
    if (!missing.empty()) found["missingScopes"] = to_array(missing);
    return found;
}

// As the token itself, which may always ask what it is.
Result<json::object> ask_as_itself(Context& context, const Options& options, const Secret& secret) {
    ApiClient client = TRY(context.client_with(Secret(std::string(secret.expose()))));
    auto self = client.get_object("/v1/tokens/self");
    if (!self && self.error().code == ErrorCode::kUnauthenticated) {
        const std::string code = context.problem ? context.problem->code : "";
        const std::string& text = self.error().message;
        const std::string word = word_in(code) == "not accepted" ? word_in(text) : word_in(code);
        return json::object{{"valid", false}, {"verdict", word}};
    }
    if (!self) return std::move(self).error();
    const bool is_for_api = !options.api || *options.api == text_of(*self, "api") ||
                            *options.api == text_of(*self, "audience");
    if (!is_for_api) {
        return json::object{
            {"valid", false}, {"verdict", "wrong_audience"}, {"tokenId", text_of(*self, "id")}};
    }
    if (context.globals.project || options.resource) {
        auto answer = TRY(ask_as_gateway(context, options, secret, text_of(*self, "api")));
        answer["tokenId"] = text_of(*self, "id");
        return answer;
    }
    const char* member = self->contains("effectiveScopes") ? "effectiveScopes" : "scopes";
    const ScopeSet has = TRY(ScopeSet::create(texts_of(*self, member)));
    const std::vector<std::string> wanted = split_commas(join(options.scopes, ","));
    const std::vector<std::string> missing = has.missing(wanted);
    const std::string state = text_of(*self, "state");
    const bool is_active = state.empty() || state == "active";
    json::object answer{{"valid", is_active && missing.empty()},
                        {"verdict", !is_active        ? state
                                    : missing.empty() ? "active"
                                                      : "insufficient_scope"},
                        {"tokenId", text_of(*self, "id")}};
    answer["scopes"] = to_array(texts_of(*self, member));
    if (!missing.empty()) answer["missingScopes"] = to_array(missing);
    return answer;
}

Result<int> verify(Context& context, const Options& options) {
    for (const std::string& scope : split_commas(join(options.scopes, ","))) {
        if (!is_scope(scope)) return usage_error(fmt::format("\"{}\" is no scope", scope));
    }
    const Secret secret = TRY(secret_argument(context, options.secret));
    const Credential* credential = TRY(context.credential());
    const bool is_other_token = credential != nullptr && !credential->is_session &&
                                credential->secret.expose() != secret.expose();
    if (is_other_token) {
        auto answer = ask_as_verifier(context, options, secret);
        if (answer) return print_verdict(context, *answer);
        const ErrorCode code = answer.error().code;
        // A token that is no verifier's: then the one in question speaks for itself.
        if (code != ErrorCode::kPermissionDenied) return std::move(answer).error();
    }
    const json::object answer = TRY(ask_as_itself(context, options, secret));
    return print_verdict(context, answer);
}

}  // namespace

void add_token_verify(Command token) {
    auto options = std::make_shared<Options>();
    token.command("verify", "Ask the server whether a token is good; exit 0 active, 1 not")
        .optional_argument("SECRET", options->secret, "The token; - reads it from stdin")
        .options("-s,--scope", options->scopes, "SCOPE,…", "It must be allowed this")
        .option("--api", options->api, "API", "It must be for this API (slug or audience)")
        .option("--resource", options->resource, "RESOURCE", "On this resource")
        .example("latchkey token verify --token \"$VERIFIER\" - --scope license:read < token.txt")
        .action([options](Context& context) { return verify(context, *options); });
}

}  // namespace latchkey::cli
