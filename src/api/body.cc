#include "api/body.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace latchkey::api {
namespace {

Error wrong_type(std::string_view name, std::string_view wanted) {
    return invalid("the member " + std::string(name) + " must be " + std::string(wanted),
                   "wrong_type", "/" + std::string(name));
}

Status check_content_type(const http::Request& request) {
    const auto type = request.find("Content-Type").value_or("");
    const std::string_view essence = type.substr(0, type.find(';'));
    const auto end = essence.find_last_not_of(" \t");
    const std::string_view trimmed =
        end == std::string_view::npos ? std::string_view() : essence.substr(0, end + 1);
    if (http::equal_without_case(trimmed, "application/json")) return {};
    return invalid("the body must be JSON", "unsupported_media_type")
        .with_hint("send Content-Type: application/json");
}

Result<json::value> parse_value(const http::Request& request) {
    TRY(check_content_type(request));
    // Catalogues and event pages are long lists; other bodies never come near.
    JsonLimits limits;
    limits.members_max = 1024;
    return parse_json(request.body, limits);
}

// `wrong` says what is wrong with the whole.
Result<std::vector<Body>> objects_of(const json::value& value, const Error& wrong) {
    const json::array* items = value.if_array();
    if (items == nullptr) return wrong;
    std::vector<Body> bodies;
    for (const auto& item : *items) {
        const json::object* object = item.if_object();
        if (object == nullptr) return wrong;
        bodies.emplace_back(*object);
    }
    return bodies;
}

bool is_listed(std::string_view name, std::string_view list) {
    while (true) {
        const auto end = list.find(',');
        if (list.substr(0, end) == name) return !name.empty();
        if (end == std::string_view::npos) return false;
        list.remove_prefix(end + 1);
    }
}

}  // namespace

Result<Body> Body::parse(const http::Request& request, bool may_be_empty) {
    if (request.body.empty() && may_be_empty) return Body(json::object{});
    auto value = TRY(parse_value(request));
    json::object* object = value.if_object();
    if (object == nullptr) return invalid("the body must be a JSON object", "wrong_type");
    if (object->size() > 256) return invalid("too many members", "malformed_json");
    return Body(std::move(*object));
}

const json::value* Body::take(std::string_view name) {
    asked_.emplace(name);
    return object_.if_contains(name);
}

bool Body::has(std::string_view name) const {
    return object_.if_contains(name) != nullptr;
}

Result<std::string> Body::text(std::string_view name) {
    const json::value* value = take(name);
    if (value == nullptr) {
        return invalid("the member " + std::string(name) + " is missing", "missing_member",
                       "/" + std::string(name));
    }
    if (!value->is_string()) return wrong_type(name, "a string");
    return std::string(value->get_string());
}

Result<std::optional<std::string>> Body::optional_text(std::string_view name) {
    const json::value* value = take(name);
    if (value == nullptr || value->is_null()) return std::optional<std::string>();
    if (!value->is_string()) return wrong_type(name, "a string");
    return std::optional<std::string>(std::string(value->get_string()));
}

Result<bool> Body::flag(std::string_view name, bool otherwise) {
    const json::value* value = take(name);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) return wrong_type(name, "true or false");
    return value->get_bool();
}

Result<std::optional<std::uint32_t>> Body::optional_number(std::string_view name) {
    const json::value* value = take(name);
    if (value == nullptr || value->is_null()) return std::optional<std::uint32_t>();
    const bool is_whole = value->is_int64() && value->get_int64() >= 0;
    if (!is_whole) return wrong_type(name, "a whole number");
    // What is beyond every limit stays beyond it, so that who knows the limit says it.
    return std::optional(
        static_cast<std::uint32_t>(std::min<std::int64_t>(value->get_int64(), 0xFFFF'FFFF)));
}

Result<std::optional<std::vector<std::string>>> Body::optional_texts(std::string_view name) {
    const json::value* value = take(name);
    if (value == nullptr || value->is_null()) return std::optional<std::vector<std::string>>();
    const json::array* items = value->if_array();
    if (items == nullptr) return wrong_type(name, "an array of strings");
    std::vector<std::string> texts;
    for (const auto& item : *items) {
        if (!item.is_string()) return wrong_type(name, "an array of strings");
        texts.emplace_back(item.get_string());
    }
    return std::optional<std::vector<std::string>>(std::move(texts));
}

Result<std::optional<Timestamp>> Body::optional_time(std::string_view name) {
    const auto text = TRY(optional_text(name));
    if (!text) return std::optional<Timestamp>();
    auto time = parse_rfc3339(*text);
    if (!time) return std::move(time).error().with_field("/" + std::string(name));
    return std::optional<Timestamp>(*time);
}

Result<std::optional<std::vector<Body>>> Body::optional_objects(std::string_view name) {
    const json::value* value = take(name);
    if (value == nullptr) return std::optional<std::vector<Body>>();
    return std::optional<std::vector<Body>>(
        TRY(objects_of(*value, wrong_type(name, "an array of objects"))));
}

Status Body::done() const {
    for (const auto& member : object_) {
        if (asked_.contains(std::string_view(member.key()))) continue;
        std::string known;
        for (const auto& name : asked_) {
            known += (known.empty() ? "" : ", ") + name;
        }
        const std::string key(std::string_view(member.key()).substr(0, 60));
        return invalid("there is no member " + key + " here", "unknown_member", "/" + key)
            .with_hint("known members: " + known);
    }
    return {};
}

Result<std::string_view> json_text(const http::Request& request) {
    TRY(check_content_type(request));
    return std::string_view(request.body);
}

Result<std::vector<Body>> parse_objects(const http::Request& request) {
    const auto value = TRY(parse_value(request));
    return objects_of(value, invalid("the body must be an array of objects", "wrong_type"));
}

Result<Query> Query::parse_known(std::string_view query, std::string_view known) {
    Query parsed;
    while (!query.empty()) {
        const auto end = query.find('&');
        const std::string_view item = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const auto equals = item.find('=');
        const auto name = percent_decode(item.substr(0, equals));
        const auto value = percent_decode(
            equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1));
        if (!name || !value || !is_valid_utf8(*value)) {
            return invalid("the query is not well-formed", "bad_query");
        }
        const bool is_known = is_listed(*name, known);
        if (!is_known && !parsed.unknown_) parsed.unknown_ = *name;
        if (parsed.has(*name))
            return invalid("the parameter " + *name + " stands twice", "bad_query");
        if (is_known) parsed.items_.emplace_back(*name, *value);
    }
    return parsed;
}

Result<Query> Query::parse(std::string_view query, std::string_view known) {
    auto parsed = TRY(parse_known(query, known));
    if (parsed.unknown_) {
        return invalid("there is no parameter " + parsed.unknown_->substr(0, 60) + " here",
                       "bad_query");
    }
    return parsed;
}

std::string Query::get(std::string_view name, std::string_view otherwise) const {
    for (const auto& [key, value] : items_) {
        if (key == name) return value;
    }
    return std::string(otherwise);
}

bool Query::has(std::string_view name) const {
    return std::any_of(items_.begin(), items_.end(),
                       [&](const auto& item) { return item.first == name; });
}

Result<std::size_t> Query::limit(std::size_t otherwise, std::size_t most) const {
    if (!has("limit")) return otherwise;
    const std::string text = get("limit");
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < 1 ||
        value > most) {
        return invalid("limit is a number from 1 to " + std::to_string(most), "bad_query");
    }
    return value;
}

}  // namespace latchkey::api
