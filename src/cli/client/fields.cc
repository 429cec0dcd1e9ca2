#include "cli/client/fields.h"

#include "base/id.h"

namespace latchkey::cli {

std::string text_of(const json::object& object, std::string_view member) {
    const json::value* value = object.if_contains(member);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->get_string());
}

bool truth_of(const json::object& object, std::string_view member) {
    const json::value* value = object.if_contains(member);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::uint64_t> number_of(const json::object& object, std::string_view member) {
    const json::value* value = object.if_contains(member);
    if (value == nullptr) return std::nullopt;
    if (value->is_uint64()) return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0) {
        return static_cast<std::uint64_t>(value->get_int64());
    }
    return std::nullopt;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view member) {
    std::vector<std::string> items;
    const json::value* value = object.if_contains(member);
    if (value == nullptr || !value->is_array()) return items;
    for (const json::value& item : value->get_array()) {
        if (item.is_string()) items.emplace_back(item.get_string());
    }
    return items;
}

bool is_null(const json::object& object, std::string_view member) {
    const json::value* value = object.if_contains(member);
    return value != nullptr && value->is_null();
}

std::string short_id(std::string_view uuid) {
    const auto bytes = parse_uuid(uuid);
    return bytes ? format_shortuuid(*bytes) : std::string(uuid);
}

json::array to_array(const std::vector<std::string>& items) {
    return json::array(items.begin(), items.end());
}

}  // namespace latchkey::cli
