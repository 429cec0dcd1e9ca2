#include "api/short_list.h"

#include <algorithm>
#include <tuple>

#include "api/cursor.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kPageMax = 200;

std::string_view text_of(const json::value& item, std::string_view member) {
    return item.get_object().at(member).get_string();
}

// The names of the members that the list is sorted by; `time` is empty where ids do it alone.
struct SortKey {
    std::string_view time;
    std::string_view name;

    [[nodiscard]] Cursor of(const json::value& item) const {
        return {std::string(text_of(item, name)),
                time.empty() ? "" : std::string(text_of(item, time))};
    }
};

bool is_before(const Cursor& a, const Cursor& b) {
    return std::tie(a.key, a.id) < std::tie(b.key, b.id);
}

// The first that stands behind `after`.
std::size_t sorted_start(const json::array& list, const SortKey& key, const Cursor& after) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const json::value& item) {
        return is_before(after, key.of(item));
    });
    return static_cast<std::size_t>(found - list.begin());
}

std::size_t own_start(const json::array& list, const SortKey& key, const Cursor& after) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const json::value& item) {
        return text_of(item, key.name) == after.id;
    });
    return found == list.end() ? 0 : static_cast<std::size_t>(found - list.begin()) + 1;
}

}  // namespace

Result<http::Response> short_list_answer(const Call& call, json::array list, std::string_view name,
                                         ListOrder order) {
    const auto& key = call.services.authority.keys().kek();
    const SortKey sort{order == ListOrder::kByTime ? "createdAt" : "", name};
    const bool is_sorted = order == ListOrder::kByTime || name == "id";
    if (is_sorted) {
        std::sort(list.begin(), list.end(), [&](const json::value& a, const json::value& b) {
            return is_before(sort.of(a), sort.of(b));
        });
    }
    std::size_t start = 0;
    if (call.query.has("after")) {
        const auto after = TRY(open_cursor(key, call.query.get("after")));
        start = is_sorted ? sorted_start(list, sort, after) : own_start(list, sort, after);
    }
    const std::size_t limit = TRY(call.query.limit(list.size(), kPageMax));
    const std::size_t end = start + std::min(limit, list.size() - start);
    if (start == 0 && end == list.size()) return json_answer(200, std::move(list));
    const json::array page(list.begin() + start, list.begin() + end);
    auto response = json_answer(200, page);
    if (end == list.size() || end == start) return response;
    response.fields.emplace_back("Link", next_link(call, seal_cursor(key, sort.of(list[end - 1]))));
    return response;
}

}  // namespace latchkey::api
