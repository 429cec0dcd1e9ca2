// Calyptia's four permissions: what its clients send is checked and made whole here, and what we
// keep is shown in its words.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace latchkey::dialects::calyptia {

inline constexpr std::array<std::string_view, 4> kPermissions = {"create:*", "read:*", "update:*",
                                                                 "delete:*"};

std::vector<std::string> all_permissions();

// None, null and the empty list mean all four there, as its Go client counts on. Here alone, and
// then they are kept and shown as the four, so that nobody reads "nothing" where "everything" is
// meant. Errors: "invalid permission", "duplicate permission".
Result<std::vector<std::string>> expanded(const std::optional<std::vector<std::string>>& asked);

// In the order above; a permission of another API, which a token made elsewhere may have, last.
json::array shown(const std::vector<std::string>& permissions);

// What a place in a project lets its member do, in the four words.
std::vector<std::string> permissions_of_place(const std::vector<std::string>& patterns);

}  // namespace latchkey::dialects::calyptia
