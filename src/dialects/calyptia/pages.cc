#include "dialects/calyptia/pages.h"

#include <algorithm>
#include <charconv>

#include "api/cursor.h"

namespace latchkey::dialects::calyptia {

Result<Page> read_page(const api::Call& call, std::string list) {
    Page page;
    page.list = std::move(list);
    if (call.query.has("last")) {
        const std::string text = call.query.get("last");
        std::uint64_t last = 0;
        const auto* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, last);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            return Error{ErrorCode::kInvalidArgument, "invalid argument"}.with_hint(
                "last is a whole number, 0 or more");
        }
        page.last = std::min<std::uint64_t>(last, kPageMax);
    }
    const std::string before = call.query.get("before");
    if (before.empty()) return page;
    const auto cursor = api::open_cursor(call.services.authority.keys().kek(), before);
    if (cursor && cursor->key == page.list) page.before = parse_uuid(cursor->id);
    if (!page.before) return Error{ErrorCode::kInvalidArgument, "decode cursor"};
    return page;
}

void add_next_link(const api::Call& call, const Page& page, const UuidBytes& last_shown,
                   http::Response& response) {
    std::string link = "<" + std::string(call.request().path) + "?";
    std::string_view rest = call.request().query;
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view item = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        if (!item.empty() && !item.starts_with("before=")) link.append(item).append("&");
    }
    const auto& kek = call.services.authority.keys().kek();
    link += "before=" + api::seal_cursor(kek, {format_uuid(last_shown), page.list});
    response.fields.emplace_back("Link", link + ">; rel=\"next\"");
}

Result<std::string> id_parameter(const api::Call& call, std::string_view what) {
    const std::string& text = call.parameters[0];
    if (parse_uuid(text)) return text;
    return Error{ErrorCode::kInvalidArgument, "invalid " + std::string(what) + " ID"};
}

}  // namespace latchkey::dialects::calyptia
