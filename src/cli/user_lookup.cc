#include "cli/user_lookup.h"

#include <fmt/format.h>

#include "base/id.h"
#include "cli/client/fields.h"

namespace latchkey::cli {

Result<std::string> find_user(ApiClient& client, const std::string& wanted) {
    if (parse_uuid(wanted)) return wanted;
    auto listing = client.list("/v1/users?limit=200", 0);
    if (!listing && listing.error().code == ErrorCode::kPermissionDenied) {
        return std::move(listing).error().with_hint(
            "give the user's id: only administrators may look up names and e-mail addresses");
    }
    if (!listing) return std::move(listing).error();
    std::vector<std::string> found;
    for (const json::value& item : listing->items) {
        if (!item.is_object()) continue;
        const json::object& user = item.get_object();
        if (text_of(user, "email") == wanted || text_of(user, "name") == wanted) {
            found.push_back(text_of(user, "id"));
        }
    }
    if (found.size() == 1) return found.front();
    if (found.empty()) {
        return Error{ErrorCode::kNotFound, fmt::format("there is no user \"{}\"", wanted)}
            .with_reason("not_found")
            .with_hint("see latchkey user list");
    }
    return usage_error(fmt::format("{} users are called \"{}\"", found.size(), wanted),
                       "give the id");
}

}  // namespace latchkey::cli
