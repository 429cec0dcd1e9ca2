// The device flow (RFC 8628): what a device asks for, and how a person decides about it, or about a
// command line that waits for his browser (web_login.cc).
#include "api/body.h"
#include "api/handlers.h"
#include "api/logins.h"
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"
#include "api/problem.h"
#include "authority/device_login.h"
#include "authority/web_login.h"

namespace latchkey::api {
namespace {

Error too_many(std::int64_t seconds, std::string why) {
    Error error{ErrorCode::kRateLimited, std::move(why)};
    error.retry_after_seconds = seconds;
    return error;
}

json::object start_view(const Services& services, const authority::DeviceStart& start) {
    const std::string page = services.issuer() + "/device";
    return {{"device_code", start.device_code.expose()},
            {"user_code", start.user_code},
            {"verification_uri", page},
            {"verification_uri_complete", page + "?user_code=" + start.user_code},
            {"expires_in",
             std::chrono::duration_cast<std::chrono::seconds>(authority::kDeviceCodeLife).count()},
            {"interval", authority::kDevicePollSeconds}};
}

Result<http::Response> start(Call& call) {
    const auto form = TRY(read_form(call.request()));
    TRY(check_cli_client(form));
    return begin_device_login(call, authority::kDeviceClient);
}

// Guessing other people's codes is bounded for each user.
class Guess {
public:
    explicit Guess(Call& call)
        : budget_(call.services.device_gate.guesses),
          steady_(call.services.authority.clock().steady()),
          user_(call.actor().user) {}

    // Of what the path names; a code that cannot be is a guess as well.
    Result<std::string> read(std::string_view text) {
        const auto seconds = budget_.wait_for(payer(), steady_);
        if (seconds > 0) return too_many(seconds, "too many codes were tried; wait a little");
        auto code = authority::read_user_code(text);
        if (!code) code = authority::read_web_login(text);
        return code ? std::move(*code) : std::string();
    }
    Error failed(Error error) {
        if (error.reason == "unknown_device_code") budget_.charge(payer(), steady_);
        return error;
    }

private:
    [[nodiscard]] authority::FailureBudget::Payer payer() const { return {{}, user_.raw()}; }

    authority::FailureBudget& budget_;
    Microseconds steady_;
    UserId user_;
};

json::object view_of(const Call& call, const store::DeviceCodeRecord& code) {
    json::object view{{"client", code.client},
                      {"address", code.address},
                      {"agent", code.agent},
                      {"requestedAt", format_rfc3339(code.created_at)},
                      {"expiresAt", format_rfc3339(code.expires_at)},
                      {"state", "pending"}};
    if (!authority::is_web_login(code)) {
        view["userCode"] = authority::show_user_code(code.user_code);
        if (!code.return_url.empty()) view["returnUrl"] = code.return_url;
        return view;
    }
    view["redirectUri"] = code.return_url;
    if (!code.host.empty()) view["host"] = code.host;
    // The browser should be where the command line is. Behind two ways out of one network it need
    // not look so, and therefore this warns and does not refuse.
    view["sameAddress"] = code.address == login_of(call).address_text;
    return view;
}

}  // namespace

Status check_cli_client(const Form& form) {
    const auto client = form.get("client_id");
    if (!client) return invalid_request("client_id is missing.");
    if (client == authority::kDeviceClient) return {};
    return invalid("The only client of this grant is latchkey-cli.", "invalid_client");
}

Status check_login_start(Call& call, const authority::Login& login) {
    // A page that a person looks at would use up what his address may begin.
    TRY(check_no_page(call.request()));
    const auto seconds = call.services.device_gate.starts.wait_for(
        {login.address, {}}, call.services.authority.clock().steady());
    if (seconds <= 0) return {};
    return too_many(seconds, "Too many logins were begun from this address.")
        .with_reason("slow_down");
}

Status charge_login_start(Call& call, const authority::Login& login) {
    TRY(check_login_start(call, login));
    // Every login that begins counts: its code stands in the store until it is used or too old.
    call.services.device_gate.starts.charge({login.address, {}},
                                            call.services.authority.clock().steady());
    return {};
}

http::Response cli_session_answer(const authority::LoggedIn& made) {
    const auto life = std::chrono::duration_cast<std::chrono::seconds>(
        authority::session_life(made.session.kind));
    return token_answer(200, json::object{{"access_token", made.secret.expose()},
                                          {"token_type", "Bearer"},
                                          {"expires_in", life.count()},
                                          {"session", true}});
}

Result<http::Response> post_device_authorization(Call& call) {
    auto started = start(call);
    if (!started) return refused(std::move(started).error());
    return started;
}

Result<authority::DeviceStart> start_device_login(Call& call, std::string_view client,
                                                  std::string_view return_url) {
    const auto login = login_of(call);
    TRY(charge_login_start(call, login));
    return authority::start_device_login(call.services.authority, login, client, return_url);
}

Result<http::Response> begin_device_login(Call& call, std::string_view client) {
    const auto made = TRY(start_device_login(call, client, {}));
    return token_answer(200, start_view(call.services, made));
}

Result<http::Response> poll_device_login(Call& call, const Form& form, std::string_view client) {
    const auto code = form.get("device_code");
    if (!code) return invalid_request("device_code is missing.");
    const auto made = TRY(authority::finish_device_login(
        call.services.authority, call.services.device_gate.polls, *code, login_of(call), client));
    return cli_session_answer(made);
}

Result<http::Response> device_grant(Call& call, const Form& form) {
    TRY(check_cli_client(form));
    return poll_device_login(call, form, authority::kDeviceClient);
}

Result<http::Response> get_device(Call& call) {
    Guess guess(call);
    const auto code = TRY(guess.read(call.parameters[0]));
    const auto found = authority::find_device_login(call.services.authority, code);
    if (!found) return guess.failed(found.error());
    return json_answer(200, view_of(call, *found));
}

Result<http::Response> post_device(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::DeviceDecision decision;
    decision.is_approved = TRY(body.flag("approve", false));
    if (!body.has("approve")) {
        return invalid("say approve: true or false", "missing_member", "/approve");
    }
    auto password = TRY(body.optional_text("password"));
    Secret second(TRY(body.optional_text("code")).value_or(""));
    TRY(body.done());
    if (decision.is_approved && !password) {
        return invalid("your password is needed once more", "missing_member", "/password");
    }
    Guess guess(call);
    decision.user_code = TRY(guess.read(call.parameters[0]));
    decision.user = call.actor().user;
    if (call.principal.session) decision.session = call.principal.session->id;
    decision.login = login_of(call);
    decision.login.password = Secret(std::move(password).value_or(""));
    decision.login.code = std::move(second);
    auto done = authority::decide_device_login(call.services.authority, std::move(decision));
    if (!done) return guess.failed(std::move(done).error());
    if (done->empty()) return no_content();
    return json_answer(200, json::object{{"redirectUrl", *done}});
}

}  // namespace latchkey::api
