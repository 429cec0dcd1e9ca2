// How a command line is logged in by the browser of its own machine: it pushes what it asks for
// (RFC 9126), a person decides on our page (device.cc), and the code that his browser carries back
// is exchanged for a session (RFC 6749 §4.1.3, RFC 7636). There is one client, and one answer.
#include "authority/web_login.h"

#include <array>

#include "api/handlers.h"
#include "api/logins.h"
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kRequestUri = "urn:ietf:params:oauth:request_uri:";

// What elsewhere asks for another page, another person, another answer or more rights. Whoever
// asks it here must not believe that it was heard.
Status check_nothing_more(const Form& form) {
    static constexpr std::array<std::string_view, 17> kRefused = {
        "prompt",        "max_age",  "acr_values",  "id_token_hint",
        "login_hint",    "display",  "ui_locales",  "claims",
        "nonce",         "request",  "request_uri", "registration",
        "response_mode", "audience", "resource",    "authorization_details",
        "dpop_jkt"};
    for (const auto name : kRefused) {
        if (form.get(name)) {
            return invalid_request(std::string(name) +
                                   " is not taken here: a login asks for one "
                                   "thing, a session of the command line.");
        }
    }
    if (!form.get("scope")) return {};
    return invalid("scope is not taken here: a session may do what its person may.",
                   "invalid_scope");
}

Result<std::string> need(const Form& form, std::string_view name) {
    auto value = form.get(name);
    if (!value) return invalid_request(std::string(name) + " is missing.");
    return std::move(*value);
}

Result<authority::WebLoginRequest> read_login(const Form& form) {
    const auto response_type = TRY(need(form, "response_type"));
    if (response_type != "code") {
        return invalid("The only response type is code.", "unsupported_response_type");
    }
    authority::WebLoginRequest wanted;
    wanted.redirect_uri = TRY(need(form, "redirect_uri"));
    wanted.state = TRY(need(form, "state"));
    wanted.code_challenge = TRY(need(form, "code_challenge"));
    // RFC 7636 §4.3: who says nothing means «plain».
    if (form.get("code_challenge_method") != "S256") {
        return invalid_request("code_challenge_method must be S256.");
    }
    wanted.host = form.get("device_name").value_or("");
    return wanted;
}

Result<http::Response> push(Call& call) {
    const auto form = TRY(read_form(call.request()));
    TRY(check_cli_client(form));
    TRY(check_nothing_more(form));
    const auto wanted = TRY(read_login(form));
    const auto login = login_of(call);
    TRY(charge_login_start(call, login));
    const auto name = TRY(authority::start_web_login(call.services.authority, login, wanted));
    const auto life =
        std::chrono::duration_cast<std::chrono::seconds>(authority::kWebLoginLife).count();
    return token_answer(
        201, json::object{{"request_uri", std::string(kRequestUri) + name}, {"expires_in", life}});
}

}  // namespace

Result<http::Response> post_pushed_authorization(Call& call) {
    auto pushed = push(call);
    if (!pushed) return refused(std::move(pushed).error());
    return pushed;
}

Result<http::Response> authorization_code_grant(Call& call, const Form& form) {
    TRY(check_cli_client(form));
    authority::WebLoginProof proof;
    proof.code = TRY(need(form, "code"));
    proof.redirect_uri = TRY(need(form, "redirect_uri"));
    proof.verifier = TRY(need(form, "code_verifier"));
    const auto made =
        TRY(authority::finish_web_login(call.services.authority, proof, login_of(call)));
    return cli_session_answer(made);
}

}  // namespace latchkey::api
