#include "cli/excerpt.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kCodePointsBefore = 40;
constexpr std::size_t kCodePointsAfter = 32;

std::optional<std::string_view> find_line(std::string_view text, std::size_t line) {
    std::size_t start = 0;
    for (std::size_t number = 1; number < line; ++number) {
        const std::size_t end = text.find('\n', start);
        if (end == std::string_view::npos) return std::nullopt;
        start = end + 1;
    }
    std::string_view found = text.substr(start, text.find('\n', start) - start);
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    return found;
}

bool starts_code_point(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80;
}

// The byte at which the code point with this number (from 0) begins, or the end.
std::size_t offset_of(std::string_view text, std::size_t code_points) {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at) {
        if (!starts_code_point(text[at])) continue;
        if (seen == code_points) break;
        ++seen;
    }
    return at;
}

std::string shown(std::string_view text) {
    std::string plain(text);
    std::replace(plain.begin(), plain.end(), '\t', ' ');
    return harmless(plain);
}

}  // namespace

std::string excerpt(std::string_view text, std::size_t line, std::size_t column) {
    if (line == 0 || column == 0) return {};
    const auto whole = find_line(text, line);
    if (!whole) return {};
    std::string_view before = whole->substr(0, offset_of(*whole, column - 1));
    std::string_view after = whole->substr(before.size());
    const auto length =
        static_cast<std::size_t>(std::count_if(before.begin(), before.end(), starts_code_point));
    std::string left;
    if (length > kCodePointsBefore) {
        before.remove_prefix(offset_of(before, length - kCodePointsBefore));
        left = "…";
    }
    const std::size_t end = offset_of(after, kCodePointsAfter);
    const char* const right = end < after.size() ? "…" : "";
    after = after.substr(0, end);
    left += shown(before);
    const std::string number = std::to_string(line);
    return fmt::format("  {:>4} | {}{}{}\n  {} | {}^\n", number, left, shown(after), right,
                       std::string(std::max<std::size_t>(4, number.size()), ' '),
                       std::string(display_width(left), ' '));
}

}  // namespace latchkey::cli
