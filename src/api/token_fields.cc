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

void append_padded(unsigned value, std::size_t width, std::string& text) {
    std::array<char, 4> digits{};
    for (std::size_t i = width; i > 0; --i) {
        digits.at(i - 1) = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    text.append(digits.data(), width);
}

// As format_rfc3339 writes it, but onto the end of a text that has room.
void append_time(Timestamp time, std::string& text) {
    const std::chrono::sys_time<Microseconds> moment{Microseconds{time.microseconds()}};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::milliseconds>(moment - day)};
    append_padded(static_cast<unsigned>(static_cast<int>(date.year())), 4, text);
    text.push_back('-');
    append_padded(static_cast<unsigned>(date.month()), 2, text);
    text.push_back('-');
    append_padded(static_cast<unsigned>(date.day()), 2, text);
    text.push_back('T');
    append_padded(static_cast<unsigned>(clock.hours().count()), 2, text);
    text.push_back(':');
    append_padded(static_cast<unsigned>(clock.minutes().count()), 2, text);
    text.push_back(':');
    append_padded(static_cast<unsigned>(clock.seconds().count()), 2, text);
    text.push_back('.');
    append_padded(static_cast<unsigned>(clock.subseconds().count()), 3, text);
    text.push_back('Z');
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
