#include "crypto/random.h"

#include <array>
#include <limits>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/result.h"

namespace latchkey {

void random_bytes(std::span<std::uint8_t> out) {
    CHECK(out.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    // The private generator is apart from the one whose output goes out in TLS handshakes.
    CHECK(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

std::string random_string(std::size_t bytes) {
    std::string out(bytes, '\0');
    // NOLINTNEXTLINE: filling characters with bytes.
    random_bytes({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
    return out;
}

std::string random_string_base62(std::size_t length) {
    static constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // 248 = 4 × 62: bytes above it are drawn again, else the first eight digits came more often.
    static constexpr std::uint8_t kUnbiasedBelow = 248;
    std::string out;
    out.reserve(length);
    std::array<std::uint8_t, 64> pool{};
    while (out.size() < length) {
        random_bytes(pool);
        for (const std::uint8_t byte : pool) {
            if (byte < kUnbiasedBelow && out.size() < length) out.push_back(kDigits[byte % 62]);
        }
    }
    OPENSSL_cleanse(pool.data(), pool.size());
    return out;
}

std::uint64_t random_below(std::uint64_t bound) {
    CHECK(bound > 0);
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t unbiased_up_to = kMax - (kMax % bound + 1) % bound;
    std::uint64_t value = 0;
    do {
        std::array<std::uint8_t, 8> bytes{};
        random_bytes(bytes);
        std::memcpy(&value, bytes.data(), bytes.size());
    } while (value > unbiased_up_to);
    return value % bound;
}

UuidBytes new_uuid(Timestamp now) {
    std::array<std::uint8_t, 10> random{};
    random_bytes(random);
    return make_uuid_v7(now, random);
}

}  // namespace latchkey
