#include <fmt/format.h>
#include <sys/stat.h>

#include "base/id.h"
#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/client_assertion.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_credentials.h"
#include "cli/key_file.h"
#include "cli/passphrase.h"
#include "cli/server_metadata.h"
#include "cli/text.h"
#include "cli/token_flags.h"
#include "crypto/random.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kJtiLength = 32;  // 190 bits

struct Options {
    std::optional<std::string> key;
    std::optional<std::string> token_id;
    std::optional<std::string> key_id;
    std::optional<std::string> passphrase_file;
    std::optional<std::string> algorithm;
    std::optional<std::string> credentials;
    std::vector<std::string> scopes;
};

// Who asks, with what. The project may still be a name.
struct Holder {
    TokenId token;
    std::string key_id;
    PrivateKey key;
    std::optional<std::string> project;
};

Status check_options(const Options& options) {
    if (options.credentials && (options.key || options.token_id || options.key_id)) {
        return usage_error("--credentials excludes --key, --token-id and --key-id",
                           "the file has all three");
    }
    if (!options.credentials && !options.key) {
        return usage_error("--key and --token-id, or --credentials, are required",
                           "latchkey token create-token -g --out FILE writes credentials");
    }
    if (!options.credentials && !options.token_id) return usage_error("--key needs --token-id");
    if (options.key == "-" && options.passphrase_file == "-") {
        return usage_error("stdin can be one file only", "give the other by name");
    }
    return {};
}

void warn_if_others_can_read(Context& context, const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077U) == 0) return;
    if (!S_ISREG(facts.st_mode)) return;
    print_warning(context.console(), fmt::format("others can read {}; run chmod 600 on it", path));
}

Result<Secret> read_private_pem(Context& context, const std::string& path) {
    if (path == "-") return read_secret_from_input(context.console());
    std::string text = TRY(read_file(path, kPrivatePemBytesMax));
    warn_if_others_can_read(context, path);
    return Secret(std::move(text));
}

// Asks for a passphrase only when the key turns out to need one.
Result<PrivateKey> open_key(Context& context, const Options& options, const Secret& pem,
                            const std::optional<std::string>& algorithm) {
    const std::optional<Algorithm> wanted = TRY(algorithm_of({{}, {}, algorithm}));
    if (options.passphrase_file) {
        const Secret passphrase = TRY(read_passphrase(context.console(), *options.passphrase_file));
        return PrivateKey::from_pem(pem, &passphrase, wanted);
    }
    auto key = PrivateKey::from_pem(pem, nullptr, wanted);
    if (key || key.error().reason != "passphrase_needed") return key;
    if (!context.may_ask()) {
        return usage_error("the private key is encrypted: --passphrase-file is required",
                           "there is no terminal to ask at, or --no-input forbids it");
    }
    const Secret passphrase = TRY(ask_hidden(context.console(), "Passphrase of the private key"));
    return PrivateKey::from_pem(pem, &passphrase, wanted);
}

Result<TokenId> token_id_of(const std::string& text, std::string_view where) {
    if (const auto id = TokenId::parse(text)) return *id;
    return usage_error(
        fmt::format("{}: \"{}\" is no token's id", where, text),
        "an id looks like 0190163d-8694-739b-aea5-966c26f8ad91, or has 22 characters");
}

Result<std::optional<std::string>> wanted_project(Context& context) {
    if (context.globals.project && !context.globals.project->empty()) {
        return context.globals.project;
    }
    auto named = context.environment("LATCHKEY_PROJECT");
    if (named && named->empty()) named.reset();
    return named;
}

Result<Holder> holder_of_flags(Context& context, const Options& options) {
    const TokenId token = TRY(token_id_of(*options.token_id, "--token-id"));
    const Secret pem = TRY(read_private_pem(context, *options.key));
    PrivateKey key = TRY(open_key(context, options, pem, options.algorithm));
    std::optional<std::string> project = TRY(wanted_project(context));
    return Holder{token, options.key_id.value_or(""), std::move(key), std::move(project)};
}

// The file says which server it is for; its key is shown to no other.
Result<Holder> holder_of_file(Context& context, const Options& options) {
    KeyCredentials file = TRY(read_key_credentials(*options.credentials));
    warn_if_others_can_read(context, *options.credentials);
    if (context.globals.server) {
        const std::string named = TRY(context.server());
        if (named != file.server) {
            return usage_error(fmt::format("{} is for {}", *options.credentials, file.server),
                               "leave --server out");
        }
    }
    context.globals.server = file.server;
    const TokenId token = TRY(token_id_of(file.token_id, *options.credentials));
    std::optional<std::string> algorithm = options.algorithm;
    if (!algorithm && !file.algorithm.empty()) algorithm = file.algorithm;
    PrivateKey key = TRY(open_key(context, options, file.private_key, algorithm));
    std::optional<std::string> project = TRY(wanted_project(context));
    if (!project) project = std::move(file.project_id);
    return Holder{token, file.key_id, std::move(key), std::move(project)};
}

// The token endpoint takes ids alone, and nobody need be logged in to exchange; a name can be
// looked up by who is.
Result<std::string> resource_of(Context& context, const std::string& project) {
    std::string id;
    if (const auto parsed = ProjectId::parse(project)) {
        id = parsed->uuid();
    } else {
        const Credential* credential = TRY(context.credential());
        if (credential == nullptr) {
            return usage_error(fmt::format("--project: \"{}\" is no project's id", project),
                               "a name can be used while you are logged in");
        }
        ApiClient client = TRY(context.client());
        const Project found = TRY(find_project(client, project));
        id = found.id;
    }
    return "urn:latchkey:project:" + id;
}

std::string hint_for(std::string_view code, const Holder& holder) {
    if (code == "invalid_client") {
        return fmt::format(
            "is this the token's key, is the token still active, and is this machine's clock "
            "right?{}",
            holder.key_id.empty() ? " If the token has several keys, name this one: --key-id" : "");
    }
    if (code == "invalid_target") {
        return holder.project
                   ? "the token is not in that project: latchkey iam add-principal adds it"
                   : "name a project that the token was added to: --project ID";
    }
    if (code == "invalid_scope") return "leave --scope out for all that the token may do there";
    return {};
}

void print_hints(Context& context, const json::object& answer) {
    const std::string scope = text_of(answer, "scope");
    context.note(fmt::format("good for {} s · scopes {} · present it as Authorization: Bearer",
                             number_of(answer, "expires_in").value_or(0),
                             scope.empty() ? "none" : scope));
}

Result<int> exchange(Context& context, const Options& options) {
    TRY(check_options(options));
    const Holder holder = TRY(options.credentials ? holder_of_file(context, options)
                                                  : holder_of_flags(context, options));
    std::string resource;
    if (holder.project) resource = TRY(resource_of(context, *holder.project));
    ApiClient client = TRY(context.client_with(Secret{}));
    const ServerMetadata metadata = TRY(get_metadata(client));
    const std::string assertion =
        sign_assertion(holder.key, {holder.token, holder.key_id, metadata.issuer,
                                    random_string_base62(kJtiLength), context.now()});
    auto answered = client.post_form(
        metadata.token_path,
        {{"grant_type", "client_credentials"},
         {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
         {"client_assertion", assertion},
         {"resource", resource},
         {"scope", join(all_items(options.scopes), " ")}});
    if (!answered) {
        Error error = std::move(answered).error();
        if (context.problem && error.hint.empty()) {
            error.hint = hint_for(context.problem->code, holder);
        }
        return error;
    }
    const std::string access_token = text_of(*answered, "access_token");
    if (access_token.empty()) return failure(client.server() + " gave no access token");
    if (context.globals.json) {
        context.print_json(*answered);
        return kExitOk;
    }
    context.print(access_token + "\n");
    print_hints(context, *answered);
    return kExitOk;
}

}  // namespace

void add_exchange(Command root) {
    auto options = std::make_shared<Options>();
    Command command = root.command("exchange", "Get an access token with a key token's key");
    command.option("--key", options->key, "FILE|-", "The private key, PEM");
    command.option("--token-id", options->token_id, "ID", "Whose key it is");
    command.option("--key-id", options->key_id, "ID", "Which of the token's keys it is");
    command.option("--passphrase-file", options->passphrase_file, "FILE|-",
                   "What the private key is encrypted with");
    command.option("--algorithm", options->algorithm, "ALG",
                   "RS256 (default for RSA), RS512, ES256, ES512 or Ed25519");
    command.option("--credentials", options->credentials, "FILE",
                   "What create-token --out wrote, instead of all these");
    command.options("-s,--scope", options->scopes, "SCOPE,…", "No more than these");
    command.example("TOKEN=$(latchkey exchange --credentials deploy.json)");
    command.example("latchkey exchange --key private.pem --token-id ID --project PROJECT");
    command.action([options](Context& context) { return exchange(context, *options); });
}

}  // namespace latchkey::cli
