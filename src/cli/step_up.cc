#include "cli/step_up.h"

namespace latchkey::cli {

bool asks_for_code(const Context& context) {
    return context.problem && context.problem->code == "totp_needed";
}

Result<std::string> ask_for_code(Context& context) {
    return ask(context.console(), "Code of your second factor");
}

Result<Secret> prove_once_more(Context& context, std::string_view session) {
    if (!context.may_ask()) {
        return Error{ErrorCode::kPermissionDenied, "your password is needed once more for this"}
            .with_reason("step_up_needed")
            .with_hint(
                "run it at a terminal, log in anew, or use a token for what runs unattended");
    }
    const std::string name = TRY(context.context_name());
    const Secret password = TRY(ask_hidden(context.console(), "Your password once more"));
    ApiClient client = TRY(context.client_with(Secret(std::string(session))));
    json::object body{{"password", std::string(password.expose())}};
    auto answered = client.post_object("/v1/session/proof", body);
    if (!answered && asks_for_code(context)) {
        body["code"] = TRY(ask_for_code(context));
        answered = client.post_object("/v1/session/proof", body);
    }
    const json::object proven = TRY(std::move(answered));
    Secret fresh(text_of(proven, "session"));
    if (fresh.empty()) return failure("the server gave no session");
    TRY(context.replace_secret(name, fresh));
    return fresh;
}

}  // namespace latchkey::cli
