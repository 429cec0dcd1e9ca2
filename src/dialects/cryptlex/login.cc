// POST /v3/accounts/login: e-mail and password in, a session's secret out, as an access token.
#include "authority/login.h"

#include "api/principal.h"
#include "dialects/cryptlex/handlers.h"
#include "dialects/own_tokens.h"

namespace latchkey::dialects::cryptlex {
namespace {

Result<authority::Login> read_login(const api::Call& call) {
    auto body = TRY(read_object(call.request()));
    authority::Login login;
    login.login = TRY(body.text("email"));
    login.password = Secret(TRY(body.text("password")));
    // An installation is one account, whatever its clients call it.
    TRY(body.optional_text("accountAlias"));
    TRY(body.optional_text("accountId"));
    TRY(body.done());
    login.kind = store::SessionKind::kCli;
    login.address = api::client_address(call.services, call.request());
    login.address_text = format_address(login.address);
    login.agent = call.request().find("User-Agent").value_or("");
    return login;
}

}  // namespace

Result<http::Response> post_login(api::Call& call) {
    const auto login = TRY(read_login(call));
    const auto made = authority::log_in(call.services.authority, login);
    ++(made ? call.services.logins_ok : call.services.logins_failed);
    if (!made) return made.error();
    return api::json_answer(200, json::object{{"accessToken", made->secret.expose()}});
}

}  // namespace latchkey::dialects::cryptlex
