#include "dialects/calyptia/permissions.h"

#include <algorithm>

#include "token/scope.h"

namespace latchkey::dialects::calyptia {
namespace {

bool holds(const std::vector<std::string>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool allows(const std::vector<std::string>& patterns, std::string_view permission) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return scope_matches(pattern, permission);
    });
}

}  // namespace

std::vector<std::string> all_permissions() {
    return {kPermissions.begin(), kPermissions.end()};
}

Result<std::vector<std::string>> expanded(const std::optional<std::vector<std::string>>& asked) {
    if (!asked || asked->empty()) return all_permissions();
    std::vector<std::string> seen;
    for (const auto& permission : *asked) {
        if (std::find(kPermissions.begin(), kPermissions.end(), permission) == kPermissions.end()) {
            return Error{ErrorCode::kInvalidArgument, "invalid permission"};
        }
        if (holds(seen, permission)) {
            return Error{ErrorCode::kInvalidArgument, "duplicate permission"};
        }
        seen.push_back(permission);
    }
    return seen;
}

json::array shown(const std::vector<std::string>& permissions) {
    json::array list;
    for (const auto permission : kPermissions) {
        if (holds(permissions, permission)) list.emplace_back(permission);
    }
    for (const auto& permission : permissions) {
        const bool is_known =
            std::find(kPermissions.begin(), kPermissions.end(), permission) != kPermissions.end();
        if (!is_known) list.emplace_back(permission);
    }
    return list;
}

std::vector<std::string> permissions_of_place(const std::vector<std::string>& patterns) {
    if (allows(patterns, "token:write")) return all_permissions();
    if (allows(patterns, "project:read")) return {"read:*"};
    return {};
}

}  // namespace latchkey::dialects::calyptia
