#include "authority/addresses.h"

#include <algorithm>

#include "verify/address_block.h"

namespace latchkey::authority {
namespace {

bool covers(const verify::AddressBlock& wide, const verify::AddressBlock& narrow) {
    return narrow.bits >= wide.bits && verify::is_inside(narrow.address, wide);
}

// The network that a range is in, as it is written; itself when nothing is set behind its length.
std::string network_of(const std::string& range) {
    const auto block = verify::parse_address_block(range);
    Address network = block->address;
    for (unsigned bit = block->bits; bit < 8 * network.size(); ++bit) {
        auto& byte = network.at(bit / 8);
        byte = static_cast<std::uint8_t>(byte & ~(0x80U >> (bit % 8)));
    }
    if (network == block->address) return range;
    const std::string text = network == Address{} ? "::" : format_address(network);
    return text + range.substr(range.find('/'));
}

}  // namespace

// The reader is the judge's own: a range that it could not read would match nobody.
Status check_address_ranges(const std::vector<std::string>& ranges) {
    if (ranges.size() > 32) {
        return invalid("at most 32 address ranges", "bad_address_range", "/allowedIps");
    }
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].size() > 64 || !verify::parse_address_block(ranges[i])) {
            return invalid("an address range is written 192.0.2.0/24 or 2001:db8::/32",
                           "bad_address_range", "/allowedIps/" + std::to_string(i));
        }
        // Whoever writes 192.0.2.7/8 may mean one address, and would get sixteen million.
        const auto network = network_of(ranges[i]);
        if (network != ranges[i]) {
            return invalid(ranges[i] + " has bits set behind its length", "bad_address_range",
                           "/allowedIps/" + std::to_string(i))
                .with_hint("write " + network + " for all of it, or the one address alone");
        }
    }
    return {};
}

Status check_within(const std::vector<std::string>& ranges,
                    const std::vector<std::string>& parents) {
    if (parents.empty()) return {};
    for (const auto& text : ranges) {
        const auto range = verify::parse_address_block(text);
        const bool is_inside =
            range && std::any_of(parents.begin(), parents.end(), [&](const std::string& parent) {
                const auto wide = verify::parse_address_block(parent);
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
