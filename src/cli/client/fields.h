// Reading members of a server's JSON without trusting that they are there or of the right type:
// what is missing reads as empty. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace latchkey::cli {

std::string text_of(const json::object& object, std::string_view member);
bool truth_of(const json::object& object, std::string_view member);
std::optional<std::uint64_t> number_of(const json::object& object, std::string_view member);
std::vector<std::string> texts_of(const json::object& object, std::string_view member);
bool is_null(const json::object& object, std::string_view member);  // present, and null

// The 22-character form of an id that JSON shows as a UUID; anything else as it is.
std::string short_id(std::string_view uuid);

json::array to_array(const std::vector<std::string>& items);

}  // namespace latchkey::cli
