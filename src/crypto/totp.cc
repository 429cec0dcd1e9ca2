#include "crypto/totp.h"

#include <array>

#include <fmt/format.h>
#include <openssl/hmac.h>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/openssl.h"

namespace latchkey {

std::int64_t totp_step(Timestamp now) {
    return now.microseconds() / (kTotpStepSeconds * 1'000'000);
}

Secret totp_code(const Secret& secret, std::int64_t step) {
    std::array<std::uint8_t, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i) {
        counter[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
    }
    std::array<std::uint8_t, 20> mac{};
    unsigned length = 0;
    const auto key = as_bytes(secret.expose());
    CHECK(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), counter.data(), counter.size(),
               mac.data(), &length) != nullptr);
    CHECK(length == mac.size());
    // RFC 4226 §5.3: four bytes from where the last one says, without the sign.
    const std::size_t at = mac[19] & 0x0FU;
    const std::uint32_t number = (std::uint32_t{mac[at]} & 0x7FU) << 24 |
                                 std::uint32_t{mac[at + 1]} << 16 |
                                 std::uint32_t{mac[at + 2]} << 8 | std::uint32_t{mac[at + 3]};
    return Secret(fmt::format("{:06}", number % 1'000'000));
}

std::string base32_encode(std::string_view bytes) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    std::uint32_t waiting = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : as_bytes(bytes)) {
        waiting = waiting << 8 | byte;
        bits += 8;
        for (; bits >= 5; bits -= 5) {
            text.push_back(kLetters[waiting >> (bits - 5) & 31U]);
        }
        waiting &= (1U << bits) - 1;
    }
    if (bits > 0) text.push_back(kLetters[waiting << (5 - bits) & 31U]);
    return text;
}

}  // namespace latchkey
