#include "cli/outgoing.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/client/fields.h"
#include "cli/text.h"
#include "fetch/url.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kDataBytesMax = std::size_t{64} * 1024 * 1024;

bool has_header(const fetch::Headers& headers, std::string_view name) {
    return std::any_of(headers.begin(), headers.end(), [name](const auto& header) {
        return std::equal(
            header.first.begin(), header.first.end(), name.begin(), name.end(),
            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    });
}

Result<const Credential*> token_of(Context& context) {
    const Credential* credential = TRY(context.credential());
    if (credential == nullptr || credential->is_session) {
        return Error{ErrorCode::kUnauthenticated, "this needs a token, and a login is none"}
            .with_reason("token_needed")
            .with_hint("give one with --token, --token-file or LATCHKEY_TOKEN");
    }
    return credential;
}

void print_body(Context& context, const std::string& body) {
    if (!context.console().out_is_terminal) return context.print(body);
    // Another's bytes must not drive this terminal.
    context.print(harmless_lines(body));
    if (!body.empty() && body.back() != '\n') context.print("\n");
}

}  // namespace

Result<json::object> api_of_token(Context& context) {
    TRY(token_of(context));
    ApiClient client = TRY(context.client());
    const json::object self = TRY(client.get_object("/v1/tokens/self"));
    return json::object{{"slug", text_of(self, "api")},
                        {"audience", text_of(self, "audience")},
                        {"baseUrl", text_of(self, "apiBaseUrl")}};
}

Result<Listing> list_apis_by_any_login(Context& context) {
    std::optional<Credential> stored = TRY(context.stored_credential());
    if (stored && stored->is_session) {
        ApiClient client = TRY(context.client_with(std::move(stored->secret)));
        auto listing = client.list("/v1/apis", 0);
        if (listing || listing.error().code == ErrorCode::kUnavailable) return listing;
    }
    ApiClient client = TRY(context.client());
    return client.list("/v1/apis", 0);
}

Result<std::string> read_data(Context& context, const std::string& given) {
    if (given.empty() || given.front() != '@') return given;
    const std::string file = given.substr(1);
    if (file != "-") return read_file(file, kDataBytesMax);
    return std::string(std::istreambuf_iterator<char>(context.console().in), {});
}

Result<int> send_with_token(Context& context, fetch::HttpRequest request) {
    const Credential* credential = TRY(token_of(context));
    const fetch::Url url = TRY(fetch::parse_url(request.url));
    if (url.scheme == "http" && !url.is_loopback()) {
        print_warning(
            context.console(),
            fmt::format("{} is not encrypted: anyone on the way can read the token", url.origin()));
    }
    if (has_header(request.headers, "authorization")) {
        return usage_error("-H may not name Authorization: the token goes there");
    }
    request.headers.emplace_back("Authorization",
                                 fmt::format("Bearer {}", credential->secret.expose()));
    if (request.body && !has_header(request.headers, "content-type")) {
        request.headers.emplace_back("Content-Type",
                                     parse_json(*request.body, {kDataBytesMax, 64, 1'000'000})
                                         ? "application/json"
                                         : "application/octet-stream");
    }
    fetch::Options options = TRY(context.fetch_options());
    fetch::Client client(std::move(options));
    const fetch::HttpResponse response = TRY(client.send(request));
    print_body(context, response.body);
    if (response.status >= 200 && response.status < 300) return kExitOk;
    context.console().out.flush();
    Problem problem;
    problem.status = response.status;
    Error error = failure(fmt::format("{} answered {}", url.origin(), response.status));
    if (response.status >= 300 && response.status < 400) {
        error.hint = fmt::format("it points to {}, and no redirect is followed",
                                 response.header("location").value_or("nowhere"));
    }
    report(context.console(), error, problem, context.globals.json);
    return exit_code_of_status(response.status);
}

}  // namespace latchkey::cli
