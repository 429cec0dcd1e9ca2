#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kColumnMin = 8;  // below this a cut cell says nothing

std::vector<std::size_t> natural_widths(const Table& table) {
    std::vector<std::size_t> widths;
    for (const std::string& title : table.head) {
        widths.push_back(display_width(title));
    }
    for (const auto& row : table.rows) {
        CHECK(row.size() == table.head.size());
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(harmless(row[i])));
        }
    }
    return widths;
}

std::size_t total_width(const std::vector<std::size_t>& widths) {
    std::size_t total = 1;
    for (const std::size_t width : widths) {
        total += width + 3;
    }
    return total;
}

// What is left of the table in so many columns.
void shrink(std::vector<std::size_t>& widths, std::size_t columns) {
    while (total_width(widths) > columns) {
        if (widths.size() == 1) {
            widths.front() = std::max<std::size_t>(columns, 5) - 4;
            return;
        }
        auto widest = std::max_element(widths.begin() + 1, widths.end());
        if (*widest > kColumnMin) {
            --*widest;
        } else {
            widths.pop_back();
        }
    }
}

std::string rule(const std::vector<std::size_t>& widths, const char* left, const char* middle,
                 const char* right) {
    std::string line = left;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        for (std::size_t j = 0; j < widths[i] + 2; ++j) {
            line += "─";
        }
        line += i + 1 < widths.size() ? middle : right;
    }
    return line + "\n";
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string line = "│";
    for (std::size_t i = 0; i < widths.size(); ++i) {
        const std::string cell = truncated(harmless(cells[i]), widths[i]);
        const std::size_t used = display_width(cell);
        line +=
            fmt::format(" {}{} │", cell, std::string(widths[i] - std::min(used, widths[i]), ' '));
    }
    return line + "\n";
}

}  // namespace

std::size_t table_width(const Table& table) {
    return total_width(natural_widths(table));
}

std::string render_table(const Table& table, std::size_t columns) {
    std::vector<std::size_t> widths = natural_widths(table);
    if (columns != kUnlimitedColumns) shrink(widths, columns);
    std::string out = rule(widths, "┌", "┬", "┐");
    out += line_of(table.head, widths);
    out += rule(widths, "├", "┼", "┤");
    for (const auto& row : table.rows) {
        out += line_of(row, widths);
    }
    return out + rule(widths, "└", "┴", "┘");
}

std::string render_details(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::size_t widest = 0;
    for (const auto& [name, value] : fields) {
        if (!value.empty()) widest = std::max(widest, display_width(name));
    }
    std::string out;
    for (const auto& [name, value] : fields) {
        if (value.empty()) continue;
        out += fmt::format("{}{}  {}\n", name, std::string(widest - display_width(name), ' '),
                           harmless(value));
    }
    return out;
}

}  // namespace latchkey::cli
