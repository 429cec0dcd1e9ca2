#include "cli/secret_argument.h"

#include "cli/text.h"

namespace latchkey::cli {

Result<Secret> secret_argument(Context& context, const std::optional<std::string>& given) {
    if (given && *given != "-") return Secret(*given);
    if (!given) {
        const Credential* credential = TRY(context.credential());
        if (credential != nullptr && !credential->is_session) {
            return Secret(std::string(credential->secret.expose()));
        }
    }
    if (context.console().in_is_terminal && context.globals.no_input) {
        return usage_error("the token is missing", "give it on stdin with -");
    }
    if (context.console().in_is_terminal) return ask_hidden(context.console(), "Token");
    const Secret text = TRY(read_secret_from_input(context.console()));
    return Secret(trimmed(text.expose()));
}

}  // namespace latchkey::cli
