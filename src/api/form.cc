#include "api/form.h"

#include <algorithm>

#include "base/encoding.h"

namespace latchkey::api {
namespace {

Error invalid_request(std::string why) {
    return invalid(std::move(why), "invalid_request");
}

std::optional<std::string> decode(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    auto decoded = percent_decode(spaced);
    if (!decoded || !is_valid_utf8(*decoded) || has_unprintable(*decoded)) return std::nullopt;
    return decoded;
}

}  // namespace

Result<Form> Form::parse(const http::Request& request) {
    const auto type = request.find("Content-Type").value_or("");
    const std::string_view essence = type.substr(0, type.find(';'));
    const auto end = essence.find_last_not_of(" \t");
    const auto trimmed =
        end == std::string_view::npos ? std::string_view() : essence.substr(0, end + 1);
    if (!http::equal_without_case(trimmed, "application/x-www-form-urlencoded")) {
        return invalid_request("The body must be application/x-www-form-urlencoded.");
    }
    return parse(request.body);
}

Result<Form> Form::parse(std::string_view body) {
    if (body.size() > kFormBytesMax) return invalid_request("The body is too long.");
    Form form;
    while (!body.empty()) {
        const auto end = std::min(body.find('&'), body.size());
        const std::string_view item = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (item.empty()) continue;
        const auto equals = std::min(item.find('='), item.size());
        auto name = decode(item.substr(0, equals));
        auto value = decode(item.substr(std::min(equals + 1, item.size())));
        if (!name || !value) return invalid_request("The body is not well-formed.");
        const bool is_known = std::any_of(form.items_.begin(), form.items_.end(),
                                          [&](const auto& known) { return known.first == *name; });
        if (is_known) return invalid_request("A parameter stands twice.");
        if (form.items_.size() == kFormParametersMax) {
            return invalid_request("There are too many parameters.");
        }
        form.items_.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

std::optional<std::string> Form::get(std::string_view name) const {
    for (const auto& [key, value] : items_) {
        if (key == name && !value.empty()) return value;
    }
    return std::nullopt;
}

}  // namespace latchkey::api
