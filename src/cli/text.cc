#include "cli/text.h"

#include <array>
#include <clocale>
#include <ctime>
#include <cwchar>

#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey::cli {
namespace {

struct CodePoint {
    char32_t value{0};
    std::size_t bytes{1};
    bool valid{false};
};

std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    if (lead >= 0xf0 && lead < 0xf5) return 4;
    return 0;
}

CodePoint next_code_point(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t bytes = length_of(lead);
    if (bytes == 0 || bytes > text.size() || !is_valid_utf8(text.substr(0, bytes))) return {};
    char32_t value = bytes == 1 ? lead : lead & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    return {value, bytes, true};
}

// Zero-width and tag characters hide text that a reader should see.
bool is_invisible(char32_t value) {
    return value == 0xad || (value >= 0x200b && value <= 0x200f) ||
           (value >= 0x2060 && value <= 0x2064) || value == 0xfeff ||
           (value >= 0xe0000 && value <= 0xe007f);
}

std::string escaped(std::string_view text, bool keep_lines) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = next_code_point(text.substr(at));
        const std::string_view bytes = text.substr(at, point.bytes);
        at += point.bytes;
        if (!point.valid) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
        } else if (keep_lines && (point.value == '\n' || point.value == '\t')) {
            out += bytes;
        } else if (point.value < 0x20 || point.value == 0x7f) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
        } else if (has_unprintable(bytes) || is_invisible(point.value)) {
            out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point.value));
        } else {
            out += bytes;
        }
    }
    return out;
}

// wcwidth asks the thread's locale, and ours must not depend on how the user set it.
class Utf8Locale {
public:
    Utf8Locale()
        : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
          previous_(locale_ != nullptr ? uselocale(locale_) : nullptr) {}
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;
    ~Utf8Locale() {
        if (locale_ == nullptr) return;
        uselocale(previous_);
        freelocale(locale_);
    }

private:
    locale_t locale_;
    locale_t previous_;
};

std::size_t width_of(const CodePoint& point) {
    if (!point.valid) return 1;
    const int columns = wcwidth(static_cast<wchar_t>(point.value));
    return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

}  // namespace

std::string harmless(std::string_view text) {
    return escaped(text, false);
}
std::string harmless_lines(std::string_view text) {
    return escaped(text, true);
}

std::size_t display_width(std::string_view utf8) {
    const Utf8Locale locale;
    std::size_t columns = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        const CodePoint point = next_code_point(utf8.substr(at));
        columns += width_of(point);
        at += point.bytes;
    }
    return columns;
}

std::string truncated(std::string_view utf8, std::size_t columns) {
    if (display_width(utf8) <= columns) return std::string(utf8);
    const Utf8Locale locale;
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < utf8.size()) {
        const CodePoint point = next_code_point(utf8.substr(at));
        if (used + width_of(point) + 1 > columns) break;
        used += width_of(point);
        at += point.bytes;
    }
    return std::string(utf8.substr(0, at)) + "…";
}

std::string local_time(Timestamp time) {
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = time.seconds();
    std::tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return format_rfc3339(time);
    return fmt::format("{} {:02} {} {:02}:{:02}",
                       kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_mday,
                       parts.tm_year + 1900, parts.tm_hour, parts.tm_min);
}

std::string local_time_or_never(std::string_view rfc3339) {
    if (rfc3339.empty()) return "Never";
    const auto time = parse_rfc3339(rfc3339);
    return time ? local_time(*time) : harmless(rfc3339);
}

std::string trimmed(std::string_view text) {
    const std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(space) - first + 1));
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> items;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        std::string item = trimmed(text.substr(start, end - start));
        if (!item.empty()) items.push_back(std::move(item));
        start = end + 1;
    }
    return items;
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
    return fmt::format("{}", fmt::join(items, separator));
}

}  // namespace latchkey::cli
