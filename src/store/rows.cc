#include "store/rows.h"

#include "base/json.h"

namespace latchkey::store {
namespace {

Error damaged() {
    return Error{ErrorCode::kInternal, "a stored row cannot be read", "bad list of strings"};
}

Status decode_any_list(std::string_view text, std::vector<std::string>& items) {
    const JsonLimits limits{.bytes_max = 1U << 24, .depth_max = 2, .members_max = 1U << 20};
    const auto parsed = parse_json(text, limits);
    if (!parsed || !parsed->is_array()) return damaged();
    items.clear();
    for (const auto& element : parsed->get_array()) {
        if (!element.is_string()) return damaged();
        items.emplace_back(std::string_view(element.get_string()));
    }
    return {};
}

}  // namespace

std::string encode_list(const std::vector<std::string>& items) {
    std::string text = "[";
    for (const auto& item : items) {
        if (text.size() > 1) text.push_back(',');
        text += json_quote(item);
    }
    return text += ']';
}

Status decode_list(std::string_view text, std::vector<std::string>& items) {
    // Scopes and addresses have nothing to escape; the rare rest goes through the real parser.
    if (text.find('\\') != std::string_view::npos) return decode_any_list(text, items);
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') return damaged();
    text.remove_prefix(1);
    text.remove_suffix(1);
    std::size_t count = 0;
    while (!text.empty()) {
        if (text.front() != '"') return damaged();
        const std::size_t end = text.find('"', 1);
        if (end == std::string_view::npos) return damaged();
        if (count == items.size()) items.emplace_back();
        items[count++].assign(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
        if (text.empty()) break;
        if (text.front() != ',' || text.size() < 2) return damaged();
        text.remove_prefix(1);
    }
    items.resize(count);
    return {};
}

}  // namespace latchkey::store
