// Text encodings: base64url (RFC 4648 §5), hex, base62 and base57. Decoders are strict: exactly one
// text stands for each byte string, so no padding, white space or spare bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace latchkey {

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
// Standard alphabet with padding (RFC 4648 §4), for PEM and Basic credentials. Strict as well.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);  // either case

// 0-9A-Za-z, most significant digit first, left-padded with '0' to `width`.
std::string base62_encode(std::uint64_t value, std::size_t width);

// Percent-decoding of one path segment (RFC 3986 §2.1); nothing when a '%' is malformed.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  // all but unreserved characters

bool is_valid_utf8(std::string_view text);
// Control characters (C0, C1, DEL), line separators and bidirectional overrides: never in a name.
bool has_unprintable(std::string_view utf8);
std::size_t utf8_length(std::string_view utf8);  // code points of valid UTF-8

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    // NOLINTNEXTLINE: viewing bytes as characters is what this is for.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
    // NOLINTNEXTLINE: viewing characters as bytes is what this is for.
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace latchkey
