// Authenticated encryption of small values at rest and of cursors: AES-256-GCM with a random
// 96-bit nonce in front: nonce(12) ‖ ciphertext ‖ tag(16). With random nonces one key is good for
// 2^32 seals. `associated` names the place the value belongs to, so that a sealed value moved to
// another row or table does not open. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace latchkey {

inline constexpr std::size_t kSealKeyBytes = 32;
inline constexpr std::size_t kSealOverheadBytes = 28;

// `key` has exactly kSealKeyBytes bytes (a CHECK).
std::string seal(const Secret& key, std::string_view plaintext, std::string_view associated);
// One error for every reason, reason "bad_seal": a wrong key, a changed byte, another place.
Result<Secret> open_sealed(const Secret& key, std::string_view sealed, std::string_view associated);

}  // namespace latchkey
