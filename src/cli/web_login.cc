#include "cli/web_login.h"

#include <array>
#include <chrono>

#include <fmt/format.h>
#include <unistd.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/device_login.h"
#include "cli/loopback.h"
#include "cli/progress.h"
#include "cli/server_metadata.h"
#include "cli/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"

namespace latchkey::cli {
namespace {

constexpr std::string_view kClient = "latchkey-cli";
constexpr auto kPatience = std::chrono::minutes(5);
constexpr std::size_t kHostLengthMax = 64;
constexpr std::string_view kOtherWay =
    "latchkey login, without --web, shows a code to confirm in any browser";

// What this login alone knows.
struct Attempt {
    std::string redirect_uri;
    std::string state;
    std::string verifier;  // 43 characters of 256 random bits
};

Attempt new_attempt(const Loopback& loopback) {
    constexpr std::size_t kBytes = 32;
    Attempt attempt;
    attempt.redirect_uri = fmt::format("http://{}{}", loopback.authority(), kCallbackPath);
    attempt.state = base64url_encode(random_string(kBytes));
    attempt.verifier = base64url_encode(random_string(kBytes));
    return attempt;
}

// As the person knows this machine; what is no plain name is left out.
std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return {};
    std::string text(name.data());
    if (!is_valid_utf8(text) || has_unprintable(text) || text.size() > kHostLengthMax) return {};
    return text;
}

Result<ServerMetadata> metadata_of(ApiClient& client) {
    auto metadata = TRY(get_metadata(client));
    if (!metadata.authorization_endpoint.empty()) return metadata;
    return failure(fmt::format("{} knows no login of this kind", client.server()),
                   std::string(kOtherWay));
}

// Where the person confirms it.
Result<std::string> push(ApiClient& client, const ServerMetadata& metadata,
                         const Attempt& attempt) {
    const json::object pushed = TRY(
        client.post_form(metadata.pushed_path,
                         {{"client_id", std::string(kClient)},
                          {"response_type", "code"},
                          {"redirect_uri", attempt.redirect_uri},
                          {"state", attempt.state},
                          {"code_challenge", base64url_encode(as_text(sha256(attempt.verifier)))},
                          {"code_challenge_method", "S256"},
                          {"device_name", host_name()}}));
    const std::string request = text_of(pushed, "request_uri");
    if (request.empty()) return failure("the server's answer has no login to confirm");
    return fmt::format("{}?client_id={}&request_uri={}", metadata.authorization_endpoint, kClient,
                       percent_encode(request));
}

BrowserProcess tell(Context& context, const std::string& address, BrowserUse use) {
    auto& err = context.console().err;
    BrowserProcess browser;
    if (use == BrowserUse::kMayOpen) browser = open_browser(context, address);
    err << fmt::format("{} to confirm this login:\n\n    {}\n\n",
                       browser.was_started() ? "Your browser opens this page"
                                             : "Open this page in a browser of this machine",
                       harmless(address))
        << std::flush;
    if (!browser.was_started()) context.note(kOtherWay);
    return browser;
}

Result<Callback> wait(Context& context, Loopback& loopback, const std::string& state,
                      BrowserProcess& browser) {
    Progress progress(context, "Waiting for the browser");
    const auto look = [&] {
        if (!browser.has_failed()) return;
        if (context.console().err_is_terminal) context.console().err << "\n";
        context.note(fmt::format("no browser could be opened; {}", kOtherWay));
    };
    auto answer = TRY(loopback.wait(state, kPatience, look));
    if (!answer) {
        return Error{ErrorCode::kUnauthenticated, "nobody confirmed in time"}.with_hint(
            std::string(kOtherWay));
    }
    progress.done();
    return std::move(*answer);
}

Status check(const Callback& callback, const ServerMetadata& metadata) {
    // RFC 9207: another server's code would be given to this one.
    if (callback.issuer != metadata.issuer) {
        return failure("the browser came back from another server; nothing was sent on",
                       "run latchkey login --web again, and confirm on its page alone");
    }
    if (callback.error.empty()) return {};
    if (callback.error == "access_denied") {
        return Error{ErrorCode::kUnauthenticated, "the login was refused in the browser"};
    }
    return failure(fmt::format("the login failed: {}", callback.error));
}

Result<StoredLogin> redeem(Context& context, ApiClient& client, const ServerMetadata& metadata,
                           const Attempt& attempt, const Callback& callback) {
    TRY(check(callback, metadata));
    auto granted = client.post_form(metadata.token_path, {{"grant_type", "authorization_code"},
                                                          {"client_id", std::string(kClient)},
                                                          {"code", callback.code},
                                                          {"redirect_uri", attempt.redirect_uri},
                                                          {"code_verifier", attempt.verifier}});
    if (!granted && context.problem && context.problem->code == "invalid_grant") {
        return Error{ErrorCode::kUnauthenticated, granted.error().message}.with_hint(
            "run latchkey login --web again");
    }
    const json::object session = TRY(std::move(granted));
    return login_of_grant(context, client.server(), session);
}

CallbackPage page_of(const Callback& callback, const Result<StoredLogin>& made) {
    if (made) return CallbackPage::kLoggedIn;
    return callback.error == "access_denied" ? CallbackPage::kRefused : CallbackPage::kFailed;
}

}  // namespace

Result<StoredLogin> log_in_by_web(Context& context, BrowserUse use, const KeepLogin& keep) {
    ApiClient client = TRY(context.client_with(Secret{}));
    const ServerMetadata metadata = TRY(metadata_of(client));
    Loopback loopback = TRY(Loopback::open());
    const Attempt attempt = new_attempt(loopback);
    const std::string address = TRY(push(client, metadata, attempt));
    BrowserProcess browser = tell(context, address, use);
    const Callback callback = TRY(wait(context, loopback, attempt.state, browser));
    // The page waits for this: it says what has become of it, and by then the code in its address
    // is used up.
    auto made = redeem(context, client, metadata, attempt, callback);
    const Status kept = made ? keep(*made) : Status();
    if (!kept) made = kept.error();
    loopback.reply(page_of(callback, made));
    return made;
}

}  // namespace latchkey::cli
