// Tables in box drawing, as the seed's CLI prints them:
//   ┌────┬──────┐
//   │ ID │ NAME │
//   ├────┼──────┤
//   │ a  │ b    │
//   └────┴──────┘
// Cells are made harmless here. Where the terminal is too narrow, wide columns are cut first, then
// the last ones are left out, and the first column is cut when it stands alone: no line ever wraps.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace latchkey::cli {

struct Table {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;  // each as long as `head`
};

inline constexpr std::size_t kUnlimitedColumns = 0;

// Ends with a line feed. `columns` is the width to keep to.
std::string render_table(const Table& table, std::size_t columns);
// The width it would take uncut.
std::size_t table_width(const Table& table);

// "name   value" lines for one record, the names padded to the longest. Empty values are left out.
std::string render_details(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace latchkey::cli
