#include "api/token_fields.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace latchkey::api {
namespace {

void append_number(std::uint64_t value, std::string& text) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text.append(digits.data(), end);
}

// The decimal digits of `value` from `at` on, as many as `width`.
void write_padded(unsigned value, std::size_t at, std::size_t width, std::array<char, 24>& text) {
    for (std::size_t i = at + width; i > at; --i) {
        text.at(i - 1) = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

// As format_rfc3339 writes it, but onto the end of a text that has room.
void append_time(Timestamp time, std::string& out) {
    const std::chrono::sys_time<Microseconds> moment{Microseconds{time.microseconds()}};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::milliseconds>(moment - day)};
    std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                              '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
    write_padded(static_cast<unsigned>(static_cast<int>(date.year())), 0, 4, text);
    write_padded(static_cast<unsigned>(date.month()), 5, 2, text);
    write_padded(static_cast<unsigned>(date.day()), 8, 2, text);
    write_padded(static_cast<unsigned>(clock.hours().count()), 11, 2, text);
    write_padded(static_cast<unsigned>(clock.minutes().count()), 14, 2, text);
    write_padded(static_cast<unsigned>(clock.seconds().count()), 17, 2, text);
    write_padded(static_cast<unsigned>(clock.subseconds().count()), 20, 3, text);
    out.append(text.data(), text.size());
}

void append_rate(const verify::RateState& rate, std::string& text) {
    text.append("\"token\";r=");
    append_number(rate.remaining, text);
    text.append(";t=");
    append_number(rate.reset, text);
}

void append_policy(const RateLimit& limit, std::string& text) {
    text.append("\"token\";q=");
    append_number(limit.requests, text);
    text.append(";w=");
    append_number(limit.seconds, text);
}

}  // namespace

std::optional<Timestamp> end_of(const verify::TokenView& view) {
    auto end = view.access == nullptr ? view.expires_at : std::optional(view.access->expires_at);
    for (const auto& other : {view.expires_at, view.secret_ends_at}) {
        if (other) end = std::min(end.value_or(*other), *other);
    }
    return end;
}

void append_uuid(const UuidBytes& id, std::string& out) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::array<char, 36> text{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
        text[at++] = kHex[id[i] >> 4];
        text[at++] = kHex[id[i] & 15];
    }
    out.append(text.data(), text.size());
}

void append_expiry_field(const verify::TokenView& view, std::string& head) {
    const auto end = end_of(view);
    if (!end) return;
    head.append("Token-Expires-At: ");
    append_time(*end, head);
    head.append("\r\n");
}

void append_rate_fields(const RateLimit& limit, const verify::RateState& rate, std::string& head) {
    if (!limit.is_set()) return;
    head.append("RateLimit: ");
    append_rate(rate, head);
    head.append("\r\nRateLimit-Policy: ");
    append_policy(limit, head);
    head.append("\r\n");
}

void add_token_fields(const Principal& principal, http::Response& response) {
    if (principal.ends_at) {
        response.fields.emplace_back("Token-Expires-At", format_rfc3339(*principal.ends_at));
    }
    if (!principal.actor.rate.is_set()) return;
    std::string rate;
    std::string policy;
    append_rate(principal.rate, rate);
    append_policy(principal.actor.rate, policy);
    response.fields.emplace_back("RateLimit", std::move(rate));
    response.fields.emplace_back("RateLimit-Policy", std::move(policy));
}

}  // namespace latchkey::api
