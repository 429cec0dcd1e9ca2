#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace latchkey {
namespace {

std::int64_t read_clock(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

// Reads exactly `digits` decimal digits at `position`, or nothing.
std::optional<int> digits_at(std::string_view text, std::size_t position, std::size_t digits) {
    if (position + digits > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = position; i < position + digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct Fraction {
    std::int64_t microseconds{0};
    std::size_t length{0};  // with the point
};

std::optional<Fraction> fraction_at(std::string_view text, std::size_t position) {
    if (position >= text.size() || text[position] != '.') return Fraction{};
    std::size_t end = position + 1;
    std::int64_t value = 0;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
        if (end - position <= 6) value = value * 10 + (text[end] - '0');
        ++end;
    }
    const std::size_t count = end - position - 1;
    if (count == 0 || count > 9) return std::nullopt;
    for (std::size_t i = count; i < 6; ++i) {
        value *= 10;
    }
    return Fraction{value, end - position};
}

std::optional<std::int64_t> offset_seconds(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.size() != 6 || zone[3] != ':' || (zone[0] != '+' && zone[0] != '-')) {
        return std::nullopt;
    }
    const auto hours = digits_at(zone, 1, 2);
    const auto minutes = digits_at(zone, 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const std::int64_t seconds = *hours * 3600 + *minutes * 60;
    return zone[0] == '-' ? -seconds : seconds;
}

std::optional<std::int64_t> date_and_time(std::string_view text) {
    const auto year = digits_at(text, 0, 4);
    const auto month = digits_at(text, 5, 2);
    const auto day = digits_at(text, 8, 2);
    const auto hour = digits_at(text, 11, 2);
    const auto minute = digits_at(text, 14, 2);
    const auto second = digits_at(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (text[10] != 'T' && text[10] != 't') return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return std::int64_t{days} * 86400 + *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

std::string format_rfc3339(Timestamp time) {
    const std::time_t seconds = time.seconds();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       time.microseconds() / 1000 % 1000);
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
    const Error error = invalid("a time is written as RFC 3339, 2027-01-31T12:00:00Z", "bad_time");
    if (text.size() < 20 || text.size() > 35) return error;
    const auto seconds = date_and_time(text);
    const auto fraction = fraction_at(text, 19);
    if (!seconds || !fraction) return error;
    const auto offset = offset_seconds(text.substr(19 + fraction->length));
    if (!offset) return error;
    return Timestamp::from_microseconds((*seconds - *offset) * 1'000'000 + fraction->microseconds);
}

std::string format_http_date(Timestamp time) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = time.seconds();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday],
                       parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
}

Timestamp SystemClock::now() const {
    return Timestamp::from_microseconds(read_clock(CLOCK_REALTIME));
}

Microseconds SystemClock::steady() const {
    return Microseconds{read_clock(CLOCK_BOOTTIME)};
}

}  // namespace latchkey
