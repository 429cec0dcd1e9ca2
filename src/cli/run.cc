#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/outgoing.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string id;
    std::optional<std::string> data;
    std::optional<std::string> api;
};

bool is_named(const json::object& api, const std::string& wanted) {
    return text_of(api, "slug") == wanted || text_of(api, "audience") == wanted;
}

Result<std::string> base_url_of(const json::object& api) {
    std::string url = text_of(api, "baseUrl");
    if (url.empty()) {
        return failure(fmt::format("the API {} has no base URL", text_of(api, "slug")),
                       "register one: its owner can add baseUrl to it");
    }
    while (url.back() == '/') {
        url.pop_back();
    }
    return url;
}

// The token's own API, or the one that is named. Never one that happens to be the default: a token
// goes to nobody whom it is not for.
Result<std::string> base_url(Context& context, const std::string& wanted) {
    const json::object own = TRY(api_of_token(context));
    if (wanted.empty() || is_named(own, wanted)) return base_url_of(own);
    const Listing listing = TRY(list_apis_by_any_login(context));
    for (const json::value& item : listing.items) {
        if (!item.is_object() || !is_named(item.get_object(), wanted)) continue;
        return base_url_of(item.get_object());
    }
    return Error{ErrorCode::kNotFound, fmt::format("there is no API \"{}\"", wanted)}
        .with_reason("not_found")
        .with_hint("see latchkey api list");
}

Result<int> run_function(Context& context, const Options& options) {
    const std::string base = TRY(base_url(context, options.api.value_or("")));
    fetch::HttpRequest request;
    request.method = "POST";
    request.url = fmt::format("{}/functions/{}", base, percent_encode(options.id));
    request.body = TRY(read_data(context, options.data.value_or("")));
    return send_with_token(context, std::move(request));
}

}  // namespace

void add_run(Command root) {
    auto options = std::make_shared<Options>();
    root.command("run", "Run a function of an API with your token")
        .argument("ID", options->id, "The function's id")
        .option("-d,--data", options->data, "DATA", "Its input; @FILE or @- reads it")
        .option("--api", options->api, "API", "Slug or audience; else the token's API")
        .example("latchkey run 2dDqeXN -d 'ping' --token $TOKEN")
        .action([options](Context& context) { return run_function(context, *options); });
}

}  // namespace latchkey::cli
