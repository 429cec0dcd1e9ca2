#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/token_view.h"

namespace latchkey::cli {
namespace {

Result<int> get(Context& context, const std::string& id) {
    ApiClient client = TRY(context.client());
    const std::string path = "/v1/tokens/" + percent_encode(id);
    const json::object token = TRY(client.get_object(path));
    if (context.globals.json) {
        context.print_json(token);
        return kExitOk;
    }
    // Nice to have: a token may be shown without knowing where it was used.
    const auto usage = client.get_object(path + "/usage");
    context.print(token_details(token, usage ? *usage : json::object{}));
    return kExitOk;
}

}  // namespace

void add_token_get(Command token) {
    auto id = std::make_shared<std::string>();
    Command command = token.command("get", "Show one token, never its secret");
    command.alias("show");
    command.argument("ID", *id, "The token's id");
    command.example("latchkey token get 7VgsDiH8jBPtiFiGXPvsxk");
    command.action([id](Context& context) { return get(context, *id); });

    auto named = std::make_shared<std::optional<std::string>>();
    Command key_token = token.command("get-token", "Show a key token and its keys");
    key_token.option("-i,--token-id", *named, "ID", "The token's id");
    key_token.example("latchkey token get-token -i 7VgsDiH8jBPtiFiGXPvsxk");
    key_token.action([named](Context& context) -> Result<int> {
        const std::string given = TRY(context.need(*named, "--token-id", "Id of the token"));
        return get(context, given);
    });
}

}  // namespace latchkey::cli
