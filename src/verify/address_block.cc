#include "verify/address_block.h"

#include <algorithm>
#include <charconv>

namespace latchkey::verify {

std::optional<AddressBlock> parse_address_block(std::string_view text) {
    constexpr unsigned kMappedBits = 96;  // before an IPv4 address, RFC 4291 §2.5.5.2
    const std::size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const auto address = parse_address(host);
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return AddressBlock{*address, 128};
    const bool is_v4 = host.find(':') == std::string_view::npos;
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!is_whole || digits.size() > 3 || bits > (is_v4 ? 32U : 128U)) return std::nullopt;
    return AddressBlock{*address, is_v4 ? kMappedBits + bits : bits};
}

bool is_inside(const Address& address, const AddressBlock& block) {
    const std::size_t whole = block.bits / 8;
    if (!std::equal(address.begin(), address.begin() + whole, block.address.begin())) return false;
    const unsigned rest = block.bits % 8;
    if (rest == 0) return true;
    const unsigned mask = 0xFFU << (8 - rest) & 0xFFU;
    return ((address[whole] ^ block.address[whole]) & mask) == 0;
}

}  // namespace latchkey::verify
