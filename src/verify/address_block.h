// Blocks of addresses as text: "10.0.0.0/8", "2001:db8::/32" or one address. Pure; neither reading
// nor matching allocates.
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"

namespace latchkey::verify {

struct AddressBlock {
    Address address{};
    unsigned bits{128};  // of the 16 bytes, so that an IPv4 /8 has 104
};

// Nothing: neither an address nor a block. Bits after the prefix are ignored.
std::optional<AddressBlock> parse_address_block(std::string_view text);
bool is_inside(const Address& address, const AddressBlock& block);

}  // namespace latchkey::verify
