#include "api/short_list.h"

#include <algorithm>
#include <charconv>

#include "api/cursor.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kPageMax = 200;

// Behind the item that the last page ended with; where it is gone, the next one has its place.
std::size_t start_of(const json::array& list, std::string_view name, const Cursor& after) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto* item = list[i].get_object().if_contains(name);
        if (item != nullptr && item->is_string() && item->get_string() == after.id) return i + 1;
    }
    std::size_t place = 0;
    std::from_chars(after.key.data(), after.key.data() + after.key.size(), place);
    return std::min(place, list.size());
}

}  // namespace

Result<http::Response> short_list_answer(const Call& call, json::array list,
                                         std::string_view name) {
    const auto& key = call.services.authority.keys().kek();
    std::size_t start = 0;
    if (call.query.has("after")) {
        start = start_of(list, name, TRY(open_cursor(key, call.query.get("after"))));
    }
    const std::size_t limit = TRY(call.query.limit(list.size(), kPageMax));
    const std::size_t end = start + std::min(limit, list.size() - start);
    if (start == 0 && end == list.size()) return json_answer(200, std::move(list));
    const json::array page(list.begin() + start, list.begin() + end);
    auto response = json_answer(200, page);
    if (end == list.size() || end == start) return response;
    const auto* last = list[end - 1].get_object().if_contains(name);
    const Cursor cursor{std::string(last->get_string()), std::to_string(end - 1)};
    response.fields.emplace_back("Link", next_link(call, seal_cursor(key, cursor)));
    return response;
}

}  // namespace latchkey::api
