#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_credentials.h"
#include "cli/key_token_plan.h"
#include "cli/progress.h"
#include "cli/server_metadata.h"
#include "cli/text.h"
#include "cli/user_lookup.h"
#include "crypto/key_pair.h"

namespace latchkey::cli {
namespace {

// What stays on this machine once the token is there.
struct Kept {
    Algorithm algorithm{Algorithm::kRs256};
    Secret private_key;  // PEM; empty when the key pair was the user's own
    std::optional<ServerMetadata> metadata;
    std::optional<NewPrivateFile> file;  // of --out
};

std::string generating(Algorithm algorithm) {
    const bool is_rsa = algorithm == Algorithm::kRs256 || algorithm == Algorithm::kRs512;
    return fmt::format("Generating a key pair for {}{}", algorithm_name(algorithm),
                       is_rsa ? " (4096 bits)" : "");
}

// Fills in plan.body's key. The file of --out is made before the token is, so that a path where
// nothing can be written leaves no token behind whose key nobody has.
Result<Kept> prepare(Context& context, ApiClient& client, const KeyTokenOptions& options,
                     KeyTokenPlan& plan) {
    Kept kept;
    if (!plan.generate) return kept;
    if (options.out) kept.metadata = TRY(get_metadata(client));
    Progress progress(context, generating(plan.algorithm));
    const PrivateKey pair = PrivateKey::generate(plan.algorithm);
    kept.private_key = pair.to_pem(plan.passphrase.empty() ? nullptr : &plan.passphrase);
    progress.done();
    kept.algorithm = pair.algorithm();
    plan.body["keys"] = to_jwk(pair.public_key(), options.key.key_id.value_or(""));
    if (!options.out) return kept;
    NewPrivateFile file = TRY(NewPrivateFile::create(*options.out));
    kept.file.emplace(std::move(file));
    return kept;
}

std::string key_id_of(const json::object& token) {
    const json::value* keys = token.if_contains("keys");
    if (keys != nullptr && keys->is_array() && !keys->get_array().empty()) {
        const json::value& first = keys->get_array().front();
        if (first.is_object()) return text_of(first.get_object(), "kid");
    }
    return text_of(token, "id");
}

std::optional<std::string> project_id_of(const KeyTokenPlan& plan) {
    if (!plan.grant) return std::nullopt;
    return plan.grant->project.id;
}

Status write_file(const json::object& token, const KeyTokenPlan& plan, Kept& kept) {
    KeyCredentials credentials;
    credentials.server = kept.metadata->issuer;
    credentials.token_endpoint = kept.metadata->token_endpoint;
    credentials.token_id = text_of(token, "id");
    credentials.key_id = key_id_of(token);
    credentials.project_id = project_id_of(plan);
    credentials.algorithm = algorithm_name(kept.algorithm);
    credentials.private_key = Secret(std::string(kept.private_key.expose()));
    return kept.file->write(to_file_text(credentials));
}

enum class PrivateParts { kShown, kLeftOut };

// The fields that an application needs, under the names that the seed gave them.
json::object fields_of(const json::object& token, const KeyTokenPlan& plan, const Kept& kept,
                       PrivateParts parts) {
    json::object fields{{"tokenId", text_of(token, "id")}, {"keyId", key_id_of(token)}};
    if (const auto project = project_id_of(plan)) fields["projectId"] = *project;
    if (parts == PrivateParts::kLeftOut || kept.private_key.empty()) return fields;
    fields["privateKey"] = kept.private_key.expose();
    if (!plan.passphrase.empty()) fields["passphrase"] = plan.passphrase.expose();
    return fields;
}

void print_made(Context& context, const json::object& token, const json::object& fields) {
    if (context.globals.json) {
        context.print_json(json::object{{"token", token}, {"credentials", fields}});
    } else if (context.globals.quiet) {
        context.print(format_json(fields, JsonForm::kPretty));
    } else {
        context.print(format_json(token, JsonForm::kPretty) + "\n");
        context.console().out.flush();
        context.console().err << "Copy the following fields to use this token in your "
                                 "application:\n";
        context.print(format_json(fields, JsonForm::kPretty));
    }
    // From here on the private key is not in this process alone.
    context.console().out.flush();
}

// Where the private key went. When the file failed, the key is printed wherever stdout leads: it
// would be lost otherwise.
Status hand_over(Context& context, const json::object& token, const KeyTokenPlan& plan,
                 Kept& kept) {
    Status written = kept.file ? write_file(token, plan, kept) : Status{};
    const bool is_for_a_program = context.globals.json && !context.console().out_is_terminal;
    const bool is_in_file = kept.file && written;
    print_made(
        context, token,
        fields_of(token, plan, kept,
                  is_in_file && !is_for_a_program ? PrivateParts::kLeftOut : PrivateParts::kShown));
    return written;
}

void print_hints(Context& context, const KeyTokenOptions& options, const Kept& kept,
                 const json::object& token) {
    if (context.globals.json) return;
    const std::string id = short_id(text_of(token, "id"));
    if (kept.file) {
        context.note(
            fmt::format("the private key is in {} and nowhere else; get an access token: "
                        "latchkey exchange --credentials {}",
                        *options.out, *options.out));
    } else if (!kept.private_key.empty()) {
        context.note("save the private key now: it is not stored and cannot be shown again");
    } else {
        context.note(fmt::format(
            "get an access token with it: latchkey exchange --key FILE --token-id {}", id));
    }
}

json::object policy_of(const PlannedGrant& grant) {
    json::object statement{{"effect", "Allow"},
                           {"action", to_array(grant.actions)},
                           {"resource", to_array(grant.resources)}};
    return {{"version", "2022-12-15"}, {"statement", json::array{std::move(statement)}}};
}

// The token is there by now, so a failure says what is still to do.
Status grant(Context& context, ApiClient& client, const PlannedGrant& wanted,
             const std::string& id) {
    const std::string path = fmt::format("/v1/projects/{}/principals/token/{}",
                                         percent_encode(wanted.project.id), percent_encode(id));
    const std::string in_words =
        fmt::format("-i {} -t token --project {}", short_id(id), short_id(wanted.project.id));
    Progress adding(context,
                    fmt::format("Adding the token to project {}", harmless(wanted.project.name)));
    const auto added = client.put(path, json::object{});
    if (!added) {
        Error error = added.error();
        error.message = fmt::format("the token {} was made, but not added to the project: {}",
                                    short_id(id), error.message);
        error.hint = fmt::format("add it later: latchkey iam add-principal {}", in_words);
        return error;
    }
    adding.done();
    Progress granting(context, "Granting permissions to the token");
    const auto granted = client.put(path + "/policy", policy_of(wanted));
    if (!granted) {
        Error error = granted.error();
        error.message = fmt::format(
            "the token {} was made and added to the project, but has no "
            "permissions there: {}",
            short_id(id), error.message);
        error.hint = fmt::format("grant them: latchkey iam update-policies {} --file policies.json",
                                 in_words);
        return error;
    }
    granting.done();
    return {};
}

int fail_partly(Context& context, const Error& error) {
    context.console().out.flush();
    report(context.console(), error, context.problem, context.globals.json);
    return kExitPartly;
}

Result<int> create(Context& context, const KeyTokenOptions& options) {
    TRY(check_key_token_options(context.globals, options));
    ApiClient client = TRY(context.client());
    KeyTokenPlan plan = TRY(plan_key_token(context, client, options));
    Kept kept = TRY(prepare(context, client, options, plan));
    Progress progress(context, "Creating the token");
    TokenFlags flags = options.token;
    if (flags.owner) flags.owner = TRY(find_user(client, *flags.owner));
    const json::object token = TRY(client.post_object(tokens_path(flags), plan.body));
    progress.done();
    const Status handed_over = hand_over(context, token, plan, kept);
    if (handed_over) print_hints(context, options, kept, token);
    if (plan.grant) {
        const Status granted = grant(context, client, *plan.grant, text_of(token, "id"));
        if (!granted) return fail_partly(context, granted.error());
    }
    if (!handed_over) return fail_partly(context, handed_over.error());
    return kExitOk;
}

}  // namespace

void add_key_token_create(Command token) {
    auto options = std::make_shared<KeyTokenOptions>();
    Command command = token.command("create-token", "Make a token whose secret is a key pair");
    add_token_flags(command, options->token);
    add_key_flags(command, options->key);
    command.flag("-g,--auto-generate-key", options->generate, "Make the key pair here");
    command.option("-p,--passphrase", options->passphrase, "TEXT",
                   "Encrypt the private key; better: --passphrase-file");
    command.option("--passphrase-file", options->passphrase_file, "FILE|-",
                   "Encrypt the private key with what is in this file");
    command.option("--out", options->out, "FILE",
                   "Write all that an application needs into a new file, 0600");
    command.flag("-w,--with-permissions", options->with_permissions,
                 "Add the token to the active project and grant it permissions");
    command.options("--resources", options->resources, "RESOURCE,…", "With -w: on these (*)");
    command.options("--actions", options->actions, "ACTION,…", "With -w: to do these (*)");
    command.example("latchkey token create-token");
    command.example("latchkey token create-token -n deploy-production -g --out deploy.json -w");
    command.example("latchkey token create-token -n build-server -f public.pem -a ES256");
    command.action([options](Context& context) { return create(context, *options); });
}

}  // namespace latchkey::cli
