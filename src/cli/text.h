// Text for a terminal. What others named may hold escapes, control characters or bidirectional
// overrides; shown raw they would rewrite the screen, so they become visible escapes. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace latchkey::cli {

// One line: control and bidirectional characters as \x1b or \u{202e}, invalid UTF-8 as \xff.
std::string harmless(std::string_view text);
// The same, but line feeds and tabs stay: for bodies that others wrote.
std::string harmless_lines(std::string_view text);

// Columns that a terminal gives this UTF-8 text.
std::size_t display_width(std::string_view utf8);
// At most `columns` wide; what was cut is marked with "…".
std::string truncated(std::string_view utf8, std::size_t columns);

// "Jan 10 2023 11:55" in the time zone of this process.
std::string local_time(Timestamp time);
// RFC 3339 in, local time out; "Never" for an empty text.
std::string local_time_or_never(std::string_view rfc3339);

// Items between commas, trimmed, empty ones left out.
std::vector<std::string> split_commas(std::string_view text);
std::string join(const std::vector<std::string>& items, std::string_view separator);
std::string trimmed(std::string_view text);

}  // namespace latchkey::cli
