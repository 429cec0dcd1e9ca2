// "Did you mean …?": which known word a misspelt one is nearest to. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

// Edits between two words: insert, delete, replace and swap of neighbours, each one.
std::size_t edit_distance(std::string_view a, std::string_view b);
// The nearest candidate, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& among);

}  // namespace latchkey
