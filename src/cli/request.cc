#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/outgoing.h"
#include "cli/text.h"
#include "fetch/url.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string method;
    std::string url;
    std::optional<std::string> data;
    std::vector<std::string> headers;
    bool to_this_host{false};
};

Result<fetch::Headers> parse_headers(const std::vector<std::string>& given) {
    fetch::Headers headers;
    for (const std::string& line : given) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || colon == 0) {
            return usage_error(fmt::format("\"{}\" is no header", line),
                               "a header looks like -H 'Accept: text/plain'");
        }
        headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
    return headers;
}

bool is_below(const fetch::Url& url, const json::object& api) {
    const auto base = fetch::parse_url(text_of(api, "baseUrl"));
    return base && fetch::is_below(url, *base);
}

// A token goes only where its API was registered, unless the user names the host knowingly.
Status check_target(Context& context, const fetch::Url& url, bool to_this_host) {
    if (to_this_host) {
        if (context.globals.token || context.globals.token_file) return {};
        return usage_error("--to-this-host needs --token or --token-file",
                           "so that a stored login never leaves for another host");
    }
    if (is_below(url, TRY(api_of_token(context)))) return {};
    const auto apis = list_apis_by_any_login(context);
    for (const json::value& item : apis ? apis->items : json::array{}) {
        if (item.is_object() && is_below(url, item.get_object())) return {};
    }
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("{} is no registered API's base URL", url.origin())}
        .with_reason("foreign_host")
        .with_hint("see latchkey api list, or give --token and --to-this-host");
}

Result<int> request(Context& context, const Options& options) {
    const auto url = fetch::parse_url(options.url);
    if (!url) return usage_error(url.error().message, "give an absolute URL");
    fetch::HttpRequest outgoing;
    outgoing.method = options.method;
    std::transform(outgoing.method.begin(), outgoing.method.end(), outgoing.method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    outgoing.url = options.url;
    outgoing.headers = TRY(parse_headers(options.headers));
    TRY(check_target(context, *url, options.to_this_host));
    if (options.data) outgoing.body = TRY(read_data(context, *options.data));
    return send_with_token(context, std::move(outgoing));
}

}  // namespace

void add_request(Command root) {
    auto options = std::make_shared<Options>();
    root.command("request", "Call an API with your token; no redirect is followed")
        .argument("METHOD", options->method, "GET, POST, …")
        .argument("URL", options->url, "At or below an API's registered base URL")
        .option("-d,--data", options->data, "BODY", "The body; @FILE or @- reads it")
        .options("-H,--header", options->headers, "LINE", "A header, 'Name: value'")
        .flag("--to-this-host", options->to_this_host,
              "With --token: send it to that host though no API is registered there")
        .example("latchkey request GET https://api.example.com/v1/licenses")
        .action([options](Context& context) { return request(context, *options); });
}

}  // namespace latchkey::cli
