#include "base/address.h"

#include <algorithm>

#include <arpa/inet.h>

namespace latchkey {
namespace {

constexpr Address kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_ipv4(const Address& address) {
    return std::equal(address.begin(), address.begin() + 12, kMappedPrefix.begin());
}

}  // namespace

std::string format_address(const Address& address) {
    if (address == Address{}) return {};
    char text[INET6_ADDRSTRLEN] = {};
    if (is_ipv4(address)) {
        inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
    } else {
        inet_ntop(AF_INET6, address.data(), text, sizeof text);
    }
    return text;
}

std::optional<Address> parse_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};  // on the stack: checks read address lists
    if (text.size() >= terminated.size()) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    Address address = kMappedPrefix;
    if (inet_pton(AF_INET, terminated.data(), address.data() + 12) == 1) return address;
    if (inet_pton(AF_INET6, terminated.data(), address.data()) == 1) return address;
    return std::nullopt;
}

bool is_loopback(const Address& address) {
    if (is_ipv4(address)) return address[12] == 127;
    Address one{};
    one[15] = 1;
    return address == one;
}

}  // namespace latchkey
