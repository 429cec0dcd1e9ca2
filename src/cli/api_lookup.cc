#include "cli/api_lookup.h"

#include <fmt/format.h>

#include "base/id.h"
#include "cli/client/fields.h"
#include "cli/suggest.h"

namespace latchkey::cli {

Result<json::object> find_api(ApiClient& client, const std::string& wanted) {
    const Listing listing = TRY(client.list("/v1/apis", 0));
    const auto id = parse_uuid(wanted);
    std::vector<std::string> slugs;
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& api = item.get_object();
        const bool is_it = wanted.empty() ? truth_of(api, "default")
                                          : text_of(api, "slug") == wanted ||
                                                text_of(api, "audience") == wanted ||
                                                (id && parse_uuid(text_of(api, "id")) == id);
        if (is_it) return api;
        slugs.push_back(text_of(api, "slug"));
    }
    if (wanted.empty()) return failure("the server has no default API");
    const auto meant = nearest(wanted, slugs);
    return Error{ErrorCode::kNotFound, fmt::format("there is no API \"{}\"", wanted)}
        .with_reason("not_found")
        .with_hint(meant ? fmt::format("did you mean \"{}\"?", *meant)
                         : std::string("see latchkey api list"));
}

}  // namespace latchkey::cli
