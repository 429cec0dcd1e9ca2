#include "base/id.h"

#include <algorithm>

#include "base/encoding.h"

namespace latchkey {
namespace {

constexpr std::string_view kBase57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kShortLength = 22;

__extension__ using Uint128 = unsigned __int128;

std::optional<UuidBytes> parse_shortuuid(std::string_view text) {
    Uint128 value = 0;
    for (const char c : text) {
        const auto digit = kBase57.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        const Uint128 next = value * 57 + digit;
        // 57^22 is a little more than 2^128: a text that wraps around is no id.
        if (next / 57 != value) return std::nullopt;
        value = next;
    }
    UuidBytes bytes{};
    for (std::size_t i = 16; i-- > 0;) {
        bytes[i] = static_cast<std::uint8_t>(value & 0xFF);
        value >>= 8;
    }
    return bytes;
}

}  // namespace

UuidBytes make_uuid_v7(Timestamp now, std::span<const std::uint8_t, 10> random) {
    UuidBytes bytes{};
    auto milliseconds = static_cast<std::uint64_t>(now.microseconds() / 1000);
    for (std::size_t i = 6; i-- > 0;) {
        bytes[i] = static_cast<std::uint8_t>(milliseconds & 0xFF);
        milliseconds >>= 8;
    }
    std::copy(random.begin(), random.end(), bytes.begin() + 6);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x70);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
    return bytes;
}

std::string format_uuid(const UuidBytes& bytes) {
    const std::string hex = hex_encode(as_text(bytes));
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' +
           hex.substr(16, 4) + '-' + hex.substr(20);
}

std::string format_shortuuid(const UuidBytes& bytes) {
    Uint128 value = 0;
    for (const std::uint8_t byte : bytes) {
        value = value << 8 | byte;
    }
    std::string text(kShortLength, kBase57[0]);
    for (std::size_t i = kShortLength; i-- > 0;) {
        text[i] = kBase57[static_cast<std::size_t>(value % 57)];
        value /= 57;
    }
    return text;
}

std::optional<UuidBytes> parse_uuid(std::string_view text) {
    if (text.size() == kShortLength) return parse_shortuuid(text);
    if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-') {
        return std::nullopt;
    }
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i != 8 && i != 13 && i != 18 && i != 23) hex.push_back(text[i]);
    }
    const auto decoded = hex_decode(hex);
    if (!decoded) return std::nullopt;
    return uuid_from_bytes(*decoded);
}

std::optional<UuidBytes> uuid_from_bytes(std::string_view sixteen_bytes) {
    if (sixteen_bytes.size() != 16) return std::nullopt;
    UuidBytes bytes{};
    std::memcpy(bytes.data(), sixteen_bytes.data(), 16);
    return bytes;
}

}  // namespace latchkey
