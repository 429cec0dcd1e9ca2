#include "token/opaque.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "crypto/random.h"

namespace latchkey {
namespace {

constexpr std::size_t kRandomLengthMin = 20;
constexpr std::size_t kBodyLength = kOpaqueRandomLength + kChecksumLength;
constexpr std::size_t kPrefixLengthMax = 16;
constexpr std::size_t kSecondPartLength = 64;
constexpr std::size_t kFirstPartLengthMax = 512;

enum CharacterClass : std::uint8_t { kBase62 = 1, kBase64Url = 2, kPrefixTail = 4 };

constexpr std::array<std::uint8_t, 256> kClasses = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < table.size(); ++c) {
        const bool is_digit = c >= '0' && c <= '9';
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_large = c >= 'A' && c <= 'Z';
        if (is_digit || is_small || is_large) table[c] |= kBase62 | kBase64Url;
        if (c == '-' || c == '_') table[c] |= kBase64Url;
        if (is_digit || is_small) table[c] |= kPrefixTail;
    }
    return table;
}();

bool consists_of(std::string_view text, CharacterClass wanted) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
    });
}

// CRC-32 as zlib and GitHub have it, four bytes a step: tables[k] moves a byte k further places on.
// zlib's own costs more to enter than this takes for 34 bytes.
constexpr std::uint32_t kCrcPolynomial = 0xEDB88320U;
using CrcTables = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr CrcTables kCrcTables = [] {
    CrcTables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? kCrcPolynomial : 0U);
        }
        tables[0][i] = value;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t i = 0; i < 256; ++i) {
            const std::uint32_t before = tables[k - 1][i];
            tables[k][i] = (before >> 8U) ^ tables[0][before & 0xFFU];
        }
    }
    return tables;
}();

std::uint32_t crc_of(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return std::uint32_t{static_cast<std::uint8_t>(text[i])};
    };
    std::uint32_t crc = 0xFFFF'FFFFU;
    std::size_t i = 0;
    for (; i + 4 <= text.size(); i += 4) {
        crc ^= byte(i) | byte(i + 1) << 8U | byte(i + 2) << 16U | byte(i + 3) << 24U;
        crc = kCrcTables[3][crc & 0xFFU] ^ kCrcTables[2][crc >> 8U & 0xFFU] ^
              kCrcTables[1][crc >> 16U & 0xFFU] ^ kCrcTables[0][crc >> 24U];
    }
    for (; i < text.size(); ++i) {
        crc = (crc >> 8U) ^ kCrcTables[0][(crc ^ byte(i)) & 0xFFU];
    }
    return ~crc;
}

std::array<char, kChecksumLength> checksum_of(std::string_view random) {
    static constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::array<char, kChecksumLength> out{};
    std::uint32_t value = crc_of(random);
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit) {
        *digit = kDigits[value % 62];
        value /= 62;
    }
    return out;
}

bool is_jwt_shaped(std::string_view text) {
    const auto first = text.find('.');
    const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos) return false;
    const auto header = text.substr(0, first);
    const auto payload = text.substr(first + 1, second - first - 1);
    const auto signature = text.substr(second + 1);
    // A third dot is not of the alphabet, so it fails here.
    return !header.empty() && !payload.empty() && !signature.empty() &&
           consists_of(header, kBase64Url) && consists_of(payload, kBase64Url) &&
           consists_of(signature, kBase64Url);
}

bool is_two_part_shaped(std::string_view text) {
    if (text.size() < kSecondPartLength + 2 ||
        text.size() > kFirstPartLengthMax + 1 + kSecondPartLength) {
        return false;
    }
    const auto dot = text.size() - kSecondPartLength - 1;
    // A dot is not of the alphabet, so that a second one fails here.
    return text[dot] == '.' && consists_of(text.substr(0, dot), kBase64Url) &&
           consists_of(text.substr(dot + 1), kBase64Url);
}

}  // namespace

bool is_valid_prefix(std::string_view prefix) {
    return prefix.size() >= 2 && prefix.size() <= kPrefixLengthMax &&
           consists_of(prefix, kPrefixTail) && prefix[0] >= 'a' && prefix[0] <= 'z';
}

Secret make_opaque(std::string_view prefix) {
    CHECK(is_valid_prefix(prefix));
    std::string random = random_string_base62(kOpaqueRandomLength);
    const auto checksum = checksum_of(random);
    std::string token;
    token.reserve(prefix.size() + 1 + kBodyLength);  // one piece of memory, which Secret wipes
    token.append(prefix).append(1, '_').append(random).append(checksum.begin(), checksum.end());
    wipe(random);
    return Secret(std::move(token));
}

std::string opaque_checksum(std::string_view random) {
    const auto checksum = checksum_of(random);
    return {checksum.begin(), checksum.end()};
}

bool has_valid_checksum(std::string_view token) {
    const auto underscore = token.rfind('_');
    if (underscore == std::string_view::npos || underscore == 0) return false;
    const auto body = token.substr(underscore + 1);
    if (body.size() < kRandomLengthMin + kChecksumLength || body.size() > 255) return false;
    // Prefixes of several words ("nawak_ghp") carry the same checksum; '_' is in this class.
    if (!consists_of(token.substr(0, underscore), kBase64Url) || !consists_of(body, kBase62)) {
        return false;
    }
    const auto random = body.substr(0, body.size() - kChecksumLength);
    const auto checksum = checksum_of(random);
    return body.substr(random.size()) == std::string_view(checksum.data(), checksum.size());
}

TokenShape shape_of(std::string_view text) {
    if (text.size() > kBodyLength) {
        const auto cut = text.size() - kBodyLength - 1;
        if (text[cut] == '_' && is_valid_prefix(text.substr(0, cut)) &&
            consists_of(text.substr(cut + 1), kBase62)) {
            return TokenShape::kOpaque;
        }
    }
    if (is_two_part_shaped(text)) return TokenShape::kTwoPart;
    return is_jwt_shaped(text) ? TokenShape::kJwt : TokenShape::kOther;
}

bool could_be_token(std::string_view text) {
    switch (shape_of(text)) {
        case TokenShape::kOpaque: return has_valid_checksum(text);
        case TokenShape::kJwt:
        case TokenShape::kTwoPart: return true;
        case TokenShape::kOther: return false;
    }
    return false;
}

}  // namespace latchkey
