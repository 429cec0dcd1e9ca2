// SHA-256 and HMAC-SHA-256. The algorithm is fetched once per process and each thread keeps one
// context, so that a digest costs no allocation after a thread's first one. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/secret.h"

namespace latchkey {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);
Digest sha256(std::string_view first, std::string_view second);  // of first ‖ second
Digest hmac_sha256(const Secret& key, std::string_view data);    // RFC 2104; a key of any length

bool equal_in_constant_time(const Digest& a, const Digest& b);

}  // namespace latchkey
