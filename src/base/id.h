// Ids: 16 bytes, UUIDv7 (RFC 9562), so that they sort by the time they were made. JSON shows the
// UUID; the CLI and `jti` show the 22-character shortuuid (base57). Every input takes both.
// Look-alikes are types: an OwnerId never stands where a TokenId is meant.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace latchkey {

using UuidBytes = std::array<std::uint8_t, 16>;

// RFC 9562 §5.7: 48 bits of milliseconds, then the given randomness around version and variant.
UuidBytes make_uuid_v7(Timestamp now, std::span<const std::uint8_t, 10> random);
std::string format_uuid(const UuidBytes& bytes);             // 36 characters, lower case
std::string format_shortuuid(const UuidBytes& bytes);        // 22 characters of base57
std::optional<UuidBytes> parse_uuid(std::string_view text);  // either form
std::optional<UuidBytes> uuid_from_bytes(std::string_view sixteen_bytes);

template <typename Tag>
struct Id {
    UuidBytes bytes{};

    static std::optional<Id> parse(std::string_view text) {
        const auto parsed = parse_uuid(text);
        if (!parsed) return std::nullopt;
        return Id{*parsed};
    }
    [[nodiscard]] std::string uuid() const { return format_uuid(bytes); }
    [[nodiscard]] std::string shortuuid() const { return format_shortuuid(bytes); }
    [[nodiscard]] bool is_nil() const { return bytes == UuidBytes{}; }
    [[nodiscard]] std::string_view raw() const {
        // NOLINTNEXTLINE: the store and the digest see ids as their bytes.
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the defaulted comparison.
    auto operator<=>(const Id&) const = default;
};

using TokenId = Id<struct TokenTag>;
using SecretId = Id<struct SecretTag>;  // the jti; a token's first secret has the token's id
using UserId = Id<struct UserTag>;
using ProjectId = Id<struct ProjectTag>;
using ApiId = Id<struct ApiTag>;
using RoleId = Id<struct RoleTag>;
using SessionId = Id<struct SessionTag>;
using AccessId = Id<struct AccessTag>;  // the jti of an access token, which is 16 random bytes

// UUIDv7 ends in 62 random bits: the last eight bytes are hash enough.
template <typename Tag>
struct IdHash {
    std::size_t operator()(const Id<Tag>& id) const noexcept {
        std::uint64_t tail = 0;
        std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
        return static_cast<std::size_t>(tail * 0x9E3779B97F4A7C15ULL);
    }
};

}  // namespace latchkey
