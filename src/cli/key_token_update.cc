#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_file.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "cli/token_flags.h"
#include "cli/token_view.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::optional<std::string> id;
    std::optional<std::string> name;
    std::optional<std::string> description;
    KeyFlags key;
};

bool changes_nothing(const Options& options) {
    return !options.name && !options.description && !options.key.file;
}

std::optional<std::string> unless_empty(std::string answer) {
    if (answer.empty()) return std::nullopt;
    return answer;
}

// An empty answer leaves things as they are.
Status ask_changes(Context& context, Options& options) {
    Console& console = context.console();
    options.name = unless_empty(TRY(ask(console, "New name (empty: as it is)")));
    options.key.file =
        unless_empty(TRY(ask(console, "File of a new public key (empty: as it is)")));
    return {};
}

Result<json::object> body_of(Context& context, Options options) {
    if (!options.key.file && (options.key.key_id || options.key.algorithm)) {
        return usage_error("--key-id and --algorithm go with --public-key-file",
                           "give the key that they are about");
    }
    if (changes_nothing(options) && context.may_ask()) TRY(ask_changes(context, options));
    if (changes_nothing(options)) {
        return usage_error("nothing to change was given",
                           "use --name, --description or --public-key-file");
    }
    json::object body;
    if (options.name) {
        TRY(check_key_token_name(*options.name));
        body["name"] = *options.name;
    }
    if (options.description) body["description"] = *options.description;
    if (!options.key.file) return body;
    const json::object key = TRY(key_members(context.console(), options.key));
    body.insert(key.begin(), key.end());
    return body;
}

Result<int> update(Context& context, const Options& options) {
    const std::string id = TRY(context.need(options.id, "--token-id", "Id of the token"));
    const json::object body = TRY(body_of(context, options));
    ApiClient client = TRY(context.client());
    Progress progress(context, "Updating the token");
    const json::value token = TRY(client.patch("/v1/tokens/" + percent_encode(id), body));
    progress.done();
    if (context.globals.json) {
        context.print_json(token);
        return kExitOk;
    }
    if (context.globals.quiet) return kExitOk;
    context.print(fmt::format("Updated token {}\n", harmless(id)));
    if (options.key.file && token.is_object()) {
        context.note(fmt::format("its keys are now {}; the ones before work no more",
                                 keys_in_words(token.get_object())));
    }
    return kExitOk;
}

}  // namespace

void add_key_token_update(Command token) {
    auto options = std::make_shared<Options>();
    Command command = token.command("update-token", "Change a key token's name or its key");
    command.option("-i,--token-id", options->id, "ID", "The token's id");
    command.option("-n,--name", options->name, "NAME", "A new name");
    command.option("-d,--description", options->description, "TEXT", "A new description");
    add_key_flags(command, options->key);
    command.example("latchkey token update-token -i ID -f new-public.pem");
    command.action([options](Context& context) { return update(context, *options); });
}

}  // namespace latchkey::cli
