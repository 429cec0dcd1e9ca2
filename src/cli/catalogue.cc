#include "cli/catalogue.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/client/fields.h"
#include "token/scope.h"

namespace latchkey::cli {
namespace {

Error at(const toml::node& node, std::string_view text) {
    return invalid(fmt::format("line {}: {}", node.source().begin.line, text), "bad_catalogue");
}

Status check_keys(const toml::table& table, const std::vector<std::string_view>& known) {
    for (const auto& [key, value] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            return at(value, fmt::format("unknown key \"{}\"", key.str()));
        }
    }
    return {};
}

Result<std::string> text_at(const toml::table& table, std::string_view key, bool is_required) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        if (is_required) return at(table, fmt::format("\"{}\" is missing", key));
        return std::string{};
    }
    const auto value = node->value<std::string>();
    if (!value || !node->is_string()) return at(*node, fmt::format("\"{}\" is no text", key));
    return *value;
}

Result<std::vector<std::string>> texts_at(const toml::table& table, std::string_view key) {
    std::vector<std::string> items;
    const toml::node* node = table.get(key);
    if (node == nullptr) return items;
    const toml::array* array = node->as_array();
    if (array == nullptr) return at(*node, fmt::format("\"{}\" is no array", key));
    for (const toml::node& element : *array) {
        if (!element.is_string()) return at(element, fmt::format("\"{}\" holds no text", key));
        items.push_back(*element.value<std::string>());
    }
    return items;
}

Result<json::object> parse_scope(const toml::table& table) {
    TRY(check_keys(table, {"name", "description", "group", "aliases"}));
    const std::string name = TRY(text_at(table, "name", true));
    if (!is_scope_pattern(name)) return at(table, fmt::format("\"{}\" is no scope", name));
    json::object entry;
    entry["name"] = name;
    entry["description"] = TRY(text_at(table, "description", false));
    const std::string group = TRY(text_at(table, "group", false));
    if (!group.empty()) entry["group"] = group;
    const std::vector<std::string> aliases = TRY(texts_at(table, "aliases"));
    if (!aliases.empty()) entry["aliases"] = to_array(aliases);
    return entry;
}

Result<json::array> parse_scopes(const toml::table& table) {
    json::array scopes;
    std::vector<std::string> names;
    const toml::node* node = table.get("scope");
    if (node == nullptr) return scopes;
    const toml::array* array = node->as_array();
    if (array == nullptr) return at(*node, "scopes are written as [[scope]]");
    for (const toml::node& element : *array) {
        const toml::table* entry = element.as_table();
        if (entry == nullptr) return at(element, "scopes are written as [[scope]]");
        json::object scope = TRY(parse_scope(*entry));
        std::string name = text_of(scope, "name");
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            return at(element, fmt::format("the scope {} stands twice", name));
        }
        names.push_back(std::move(name));
        scopes.push_back(std::move(scope));
    }
    return scopes;
}

}  // namespace

Result<Catalogue> parse_catalogue(std::string_view toml_text) {
    toml::table table;
    try {
        table = toml::parse(toml_text);
    } catch (const toml::parse_error& error) {
        return invalid(fmt::format("line {}: {}", error.source().begin.line, error.description()),
                       "bad_catalogue");
    }
    TRY(check_keys(table, {"slug", "audience", "name", "base_url", "default_scopes", "scope"}));
    Catalogue catalogue;
    catalogue.slug = TRY(text_at(table, "slug", true));
    catalogue.audience = TRY(text_at(table, "audience", true));
    catalogue.api["slug"] = catalogue.slug;
    catalogue.api["audience"] = catalogue.audience;
    const std::string name = TRY(text_at(table, "name", false));
    if (!name.empty()) catalogue.api["name"] = name;
    const std::string base_url = TRY(text_at(table, "base_url", false));
    if (!base_url.empty()) catalogue.api["baseUrl"] = base_url;
    const std::vector<std::string> defaults = TRY(texts_at(table, "default_scopes"));
    if (table.contains("default_scopes")) catalogue.api["defaultScopes"] = to_array(defaults);
    catalogue.scopes = TRY(parse_scopes(table));
    return catalogue;
}

}  // namespace latchkey::cli
