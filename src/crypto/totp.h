// Time-based one-time passwords (RFC 6238) as every authenticator does them: HMAC-SHA-1, steps of
// 30 seconds, 6 digits. SHA-1 is what they all can; its collisions are no matter to an HMAC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"

namespace latchkey {

inline constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226 §4 R6
inline constexpr std::size_t kTotpDigits = 6;
inline constexpr std::int64_t kTotpStepSeconds = 30;

std::int64_t totp_step(Timestamp now);
// Six digits.
Secret totp_code(const Secret& secret, std::int64_t step);

// RFC 4648 §6 without padding: how people type a secret into an authenticator.
std::string base32_encode(std::string_view bytes);

}  // namespace latchkey
