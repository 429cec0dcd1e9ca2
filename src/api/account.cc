// /v1/account: what a person changes about his own logging in. Sessions only: no token ever gets
// here. Everything with a password runs on the password worker.
#include "api/body.h"
#include "api/handlers.h"
#include "api/logins.h"
#include "api/views.h"
#include "authority/change_password.h"
#include "authority/second_factor.h"

namespace latchkey::api {
namespace {

http::Response codes_answer(int status, const authority::RecoveryCodes& codes) {
    json::array list;
    for (const auto& code : codes) {
        list.emplace_back(code.expose());
    }
    return json_answer(status, json::object{{"recoveryCodes", std::move(list)}});
}

// A body with the password and a code, and nothing else.
Status prove_with_body(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    auto login = login_of(call);
    login.password = Secret(TRY(body.text("password")));
    login.code = Secret(TRY(body.text("code")));
    TRY(body.done());
    TRY(authority::prove_once_more(call.services.authority, call.actor().user, login));
    return {};
}

}  // namespace

Result<http::Response> post_account_password(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    auto login = login_of(call);
    login.password = Secret(TRY(body.text("password")));
    login.code = Secret(TRY(body.optional_text("code")).value_or(""));
    const Secret fresh(TRY(body.text("newPassword")));
    TRY(body.done());
    const auto made = TRY(authority::change_password(
        call.services.authority, *call.principal.session, std::move(login), fresh));
    return session_answer(call, 200, made, handover_of(call));
}

Result<http::Response> get_account_factor(Call& call) {
    const auto state = TRY(authority::read_factor(call.services.authority, call.actor().user));
    return json_answer(200, json::object{{"enabled", state.since.has_value()},
                                         {"since", time_view(state.since)},
                                         {"recoveryCodesLeft", state.recovery_codes}});
}

Result<http::Response> post_account_factor(Call& call) {
    auto body = TRY(Body::parse(call.request(), true));
    TRY(body.done());
    const auto start = TRY(authority::begin_factor(call.services.authority, call.actor()));
    return json_answer(
        201, json::object{{"secret", start.secret.expose()}, {"uri", start.uri.expose()}});
}

Result<http::Response> post_account_factor_confirm(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const Secret code(TRY(body.text("code")));
    TRY(body.done());
    const auto codes = TRY(authority::confirm_factor(call.services.authority, call.actor(),
                                                     code.expose(), call.principal.session->id));
    return codes_answer(200, codes);
}

Result<http::Response> post_account_factor_disable(Call& call) {
    TRY(prove_with_body(call));
    TRY(authority::end_factor(call.services.authority, call.actor()));
    return no_content();
}

Result<http::Response> post_account_recovery_codes(Call& call) {
    TRY(prove_with_body(call));
    const auto codes = TRY(authority::renew_recovery_codes(call.services.authority, call.actor()));
    return codes_answer(201, codes);
}

Result<http::Response> delete_user_factor(Call& call) {
    TRY(authority::reset_factor(call.services.authority, call.actor(), call.parameters[0]));
    return no_content();
}

}  // namespace latchkey::api
