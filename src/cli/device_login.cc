#include "cli/device_login.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::string_view kClient = "latchkey-cli";
constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::uint64_t kIntervalDefault = 5;
constexpr std::uint64_t kIntervalMax = 60;
constexpr std::uint64_t kLifeMax = 1800;

struct Started {
    std::string device_code;
    std::string user_code;
    std::string address;
    std::string address_with_code;
    std::uint64_t expires_in{0};
    std::uint64_t interval{kIntervalDefault};
};

Result<Started> start(ApiClient& client) {
    const json::object answer = TRY(
        client.post_form("/oauth2/device_authorization", {{"client_id", std::string(kClient)}}));
    Started started;
    started.device_code = text_of(answer, "device_code");
    started.user_code = text_of(answer, "user_code");
    started.address = text_of(answer, "verification_uri");
    started.address_with_code = text_of(answer, "verification_uri_complete");
    started.expires_in = std::min(number_of(answer, "expires_in").value_or(0), kLifeMax);
    started.interval = std::clamp(number_of(answer, "interval").value_or(kIntervalDefault),
                                  std::uint64_t{1}, kIntervalMax);
    if (started.device_code.empty() || started.user_code.empty() || started.address.empty()) {
        return failure("the server's answer has no code to confirm");
    }
    return started;
}

// Only for a person at a terminal: a script that logs in should not open windows.
bool may_open(Context& context, BrowserUse use) {
    const Console& console = context.console();
    if (!console.in_is_terminal || !console.err_is_terminal || !context.may_ask()) return false;
    return use == BrowserUse::kMayOpen && has_screen(context);
}

void tell(Context& context, const Started& started, BrowserUse use) {
    auto& err = context.console().err;
    err << fmt::format("Open {} in a browser, log in there, and enter this code:\n\n    {}\n\n",
                       harmless(started.address), harmless(started.user_code));
    err << fmt::format("It is good for {} minutes. Confirm only what you began yourself.\n",
                       started.expires_in / 60)
        << std::flush;
    if (may_open(context, use)) open_browser(context, started.address_with_code);
}

enum class Poll : std::uint8_t { kWait, kWaitLonger, kDone };

// Errors end the wait.
Result<Poll> poll(Context& context, ApiClient& client, const Started& started,
                  json::object& session) {
    auto answered = client.post_form("/oauth2/token", {{"grant_type", std::string(kGrant)},
                                                       {"client_id", std::string(kClient)},
                                                       {"device_code", started.device_code}});
    if (answered) {
        session = std::move(*answered);
        return Poll::kDone;
    }
    const std::string code = context.problem ? context.problem->code : "";
    if (code == "authorization_pending") return Poll::kWait;
    if (code == "slow_down") return Poll::kWaitLonger;
    if (code == "access_denied") {
        return Error{ErrorCode::kUnauthenticated, "the login was refused in the browser"};
    }
    if (code == "expired_token") {
        return Error{ErrorCode::kUnauthenticated, "nobody confirmed in time"}.with_hint(
            "run latchkey login again");
    }
    // The network may be away for a moment; the code goes on being good.
    const bool may_pass = answered.error().code == ErrorCode::kUnavailable ||
                          answered.error().code == ErrorCode::kRateLimited;
    if (may_pass) return Poll::kWaitLonger;
    return std::move(answered).error();
}

Result<json::object> wait(Context& context, ApiClient& client, const Started& started) {
    Progress progress(context, "Waiting until it is confirmed");
    std::uint64_t interval = started.interval;
    for (std::uint64_t waited = 0; waited <= started.expires_in; waited += interval) {
        std::this_thread::sleep_for(std::chrono::seconds(interval));
        json::object session;
        const Poll result = TRY(poll(context, client, started, session));
        context.problem.reset();
        if (result == Poll::kDone) {
            progress.done();
            return session;
        }
        if (result == Poll::kWaitLonger) interval = std::min(interval + 5, kIntervalMax);
    }
    return Error{ErrorCode::kUnauthenticated, "nobody confirmed in time"}.with_hint(
        "run latchkey login again");
}

}  // namespace

Result<StoredLogin> login_of_grant(Context& context, const std::string& server,
                                   const json::object& granted) {
    StoredLogin login;
    login.server = server;
    login.secret = text_of(granted, "access_token");
    if (login.secret.empty()) return failure("the server gave no session");
    const auto life = static_cast<std::int64_t>(number_of(granted, "expires_in").value_or(0));
    login.expires_at = format_rfc3339(context.now() + std::chrono::seconds(life));
    ApiClient own = TRY(context.client_with(Secret(login.secret)));
    const json::object user = TRY(own.get_object("/v1/users/me"));
    login.name = text_of(user, "email");
    return login;
}

Result<StoredLogin> log_in_by_device(Context& context, BrowserUse use) {
    ApiClient client = TRY(context.client_with(Secret{}));
    const Started started = TRY(start(client));
    tell(context, started, use);
    const json::object session = TRY(wait(context, client, started));
    return login_of_grant(context, client.server(), session);
}

}  // namespace latchkey::cli
