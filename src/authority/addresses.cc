#include "authority/addresses.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

namespace latchkey::authority {
namespace {

struct Range {
    std::array<std::uint8_t, 16> address{};  // IPv4 as ::ffff:a.b.c.d
    int bits{128};
};

std::optional<Range> parse_range(const std::string& text) {
    const auto slash = text.find('/');
    const std::string address = text.substr(0, slash);
    Range range;
    int bits_max = 128;
    if (inet_pton(AF_INET6, address.c_str(), range.address.data()) != 1) {
        range.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
        if (inet_pton(AF_INET, address.c_str(), range.address.data() + 12) != 1) {
            return std::nullopt;
        }
        bits_max = 32;
    }
    int bits = bits_max;
    if (slash != std::string::npos) {
        const char* first = text.data() + slash + 1;
        const char* last = text.data() + text.size();
        const auto parsed = std::from_chars(first, last, bits);
        if (parsed.ec != std::errc{} || parsed.ptr != last || bits < 0 || bits > bits_max) {
            return std::nullopt;
        }
    }
    range.bits = bits + (128 - bits_max);
    return range;
}

bool covers(const Range& wide, const Range& narrow) {
    if (narrow.bits < wide.bits) return false;
    const int whole = wide.bits / 8;
    if (!std::equal(wide.address.begin(), wide.address.begin() + whole, narrow.address.begin())) {
        return false;
    }
    const int rest = wide.bits % 8;
    if (rest == 0) return true;
    const auto index = static_cast<std::size_t>(whole);
    const unsigned mask = 0xFFU << (8 - rest);
    return ((wide.address[index] ^ narrow.address[index]) & mask & 0xFFU) == 0;
}

}  // namespace

Status check_address_ranges(const std::vector<std::string>& ranges) {
    if (ranges.size() > 32) {
        return invalid("at most 32 address ranges", "bad_address_range", "/allowedIps");
    }
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].size() > 64 || !parse_range(ranges[i])) {
            return invalid("an address range is written 192.0.2.0/24 or 2001:db8::/32",
                           "bad_address_range", "/allowedIps/" + std::to_string(i));
        }
    }
    return {};
}

Status check_within(const std::vector<std::string>& ranges,
                    const std::vector<std::string>& parents) {
    if (parents.empty()) return {};
    for (const auto& text : ranges) {
        const auto range = parse_range(text);
        const bool is_inside =
            range && std::any_of(parents.begin(), parents.end(), [&](const std::string& parent) {
                const auto wide = parse_range(parent);
                return wide && covers(*wide, *range);
            });
        if (!is_inside) {
            return Error{ErrorCode::kPermissionDenied,
                         "a token bound to addresses cannot create one for others"}
                .with_reason("address_beyond_parent")
                .with_field("/allowedIps");
        }
    }
    return {};
}

}  // namespace latchkey::authority
