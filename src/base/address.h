// Network addresses in one form: 16 bytes, IPv4 as ::ffff:a.b.c.d, all zero for "not known".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

using Address = std::array<std::uint8_t, 16>;

std::string format_address(const Address& address);  // "127.0.0.1", "2001:db8::1", "" when unknown
std::optional<Address> parse_address(std::string_view text);
bool is_loopback(const Address& address);

}  // namespace latchkey
