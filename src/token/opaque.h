// Opaque tokens:  token = prefix "_" random checksum
//   prefix   = [a-z][a-z0-9]{1,15}
//   random   = 34 × [0-9A-Za-z], 202 bits
//   checksum = CRC-32 of the random part alone (ISO 3309, as zlib's), base62 with the most
//              significant digit first, left-padded with '0' to 6: the rule secret scanners know.
// The checksum is no secret: it lets us refuse typing errors and floods before any lookup.
// shape_of, has_valid_checksum and could_be_token do not allocate: they stand on the path of every
// check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace latchkey {

inline constexpr std::size_t kOpaqueRandomLength = 34;
inline constexpr std::size_t kChecksumLength = 6;

bool is_valid_prefix(std::string_view prefix);

Secret make_opaque(std::string_view prefix);  // a valid prefix is a CHECK

// The six characters for any random part.
std::string opaque_checksum(std::string_view random);
// True for any well-formed opaque token, whatever its prefix and the length of its random part
// (≥ 20), whose checksum is right.
bool has_valid_checksum(std::string_view token);

enum class TokenShape : std::uint8_t {
    kOpaque,  // prefix "_" 40 characters of base62; the checksum is not looked at
    kJwt,     // two dots between three parts that are not empty, all of the base64url alphabet
    // One dot between two parts of the base64url alphabet, the second of exactly 64 characters:
    // project_token.h.
    kTwoPart,
    kOther,
};
TokenShape shape_of(std::string_view text);

// What needs no lookup: false for a text that no issuer of these formats ever gave out.
bool could_be_token(std::string_view text);

}  // namespace latchkey
