// The line of a text that an error is about, with a mark under the place:
//      4 |     "action": ["licens:read"],
//        |                ^
// Pure. What could rewrite a terminal is escaped, and a long line is cut around the place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace latchkey::cli {

// Lines and columns count from 1, columns in code points. Two lines, each with its end; nothing
// when the text has no such line.
std::string excerpt(std::string_view text, std::size_t line, std::size_t column);

}  // namespace latchkey::cli
