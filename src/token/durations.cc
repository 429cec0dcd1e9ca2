#include "token/durations.h"

#include <array>
#include <string>

namespace latchkey {
namespace {

constexpr std::string_view kHint =
    "write 90m, 12h, 30d or 2w, a date as 2027-01-31, a time as 2027-01-31T12:00:00Z, or never";
constexpr std::int64_t kLongestSeconds = std::int64_t{10'000} * 366 * 86'400;

struct Unit {
    char letter;
    std::int64_t seconds;
};
// From large to small: that is also the order in which they may stand.
constexpr std::array<Unit, 5> kUnits{
    {{'w', 604'800}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};

Error bad_expiry(std::string message, std::string_view reason) {
    return invalid(std::move(message), reason, "/expiresAt").with_hint(std::string(kHint));
}

Error too_far() {
    return bad_expiry("the expiry is after the year 9999", "expiry_too_far");
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Digits off the front of `rest`; a number beyond every limit stays beyond it.
std::int64_t take_number(std::string_view& rest) {
    std::int64_t value = 0;
    while (!rest.empty() && is_digit(rest.front())) {
        if (value <= kLongestSeconds) value = value * 10 + (rest.front() - '0');
        rest.remove_prefix(1);
    }
    return value;
}

bool is_date(std::string_view text) {
    return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

bool has_long_year(std::string_view text) {
    const auto dash = text.find('-');
    return dash != std::string_view::npos && dash > 4 &&
           text.substr(0, dash).find_first_not_of("0123456789") == std::string_view::npos;
}

Result<Timestamp> parse_moment(std::string_view text, Timestamp now) {
    if (has_long_year(text)) return too_far();
    if (is_date(text) || text.find('-') != std::string_view::npos) {
        auto moment =
            parse_rfc3339(is_date(text) ? std::string(text) + "T23:59:59Z" : std::string(text));
        if (!moment) return bad_expiry("the expiry is not a date or time", "bad_expiry");
        return moment;
    }
    const Microseconds length = TRY(parse_duration(text));
    if (length > kEndOfTime - now) return too_far();
    return now + length;
}

}  // namespace

Result<Microseconds> parse_duration(std::string_view text) {
    Error error = bad_expiry("this is not a length of time", "bad_expiry");
    if (text.empty()) return error;
    std::int64_t total = 0;
    std::size_t next_unit = 0;
    std::string_view rest = text;
    while (!rest.empty()) {
        if (!is_digit(rest.front())) return error;
        const std::int64_t count = take_number(rest);
        if (rest.empty()) return error;  // a number without a unit could mean anything
        while (next_unit < kUnits.size() && kUnits[next_unit].letter != rest.front()) {
            ++next_unit;
        }
        if (next_unit == kUnits.size()) return error;
        const std::int64_t unit = kUnits[next_unit++].seconds;
        if (count > kLongestSeconds / unit) return too_far();
        total += count * unit;
        if (total > kLongestSeconds) return too_far();
        rest.remove_prefix(1);
    }
    if (total == 0) return bad_expiry("the length of time is zero", "bad_expiry");
    return std::chrono::duration_cast<Microseconds>(std::chrono::seconds(total));
}

Result<std::optional<Timestamp>> parse_expiry(std::string_view text, Timestamp now) {
    if (text == "never" || text == "none") return std::optional<Timestamp>{};
    const Timestamp moment = TRY(parse_moment(text, now));
    if (moment <= now) return bad_expiry("the expiry is in the past", "expiry_in_past");
    if (moment > kEndOfTime) return too_far();
    return std::optional(moment);
}

}  // namespace latchkey
