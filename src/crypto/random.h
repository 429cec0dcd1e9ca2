// Randomness for ids, tokens and keys, from OpenSSL's private generator (reseeded after a fork).
// A generator that cannot answer is a CHECK: nothing may go on with predictable bytes.
// Thread-safe, all functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/id.h"

namespace latchkey {

void random_bytes(std::span<std::uint8_t> out);
std::string random_string(std::size_t bytes);  // raw bytes, for keys and nonces

// `length` characters of 0-9A-Za-z, each equally likely (5.95 bits apiece).
std::string random_string_base62(std::size_t length);

// Equally likely numbers in [0, bound); bound > 0.
std::uint64_t random_below(std::uint64_t bound);

UuidBytes new_uuid(Timestamp now);  // UUIDv7

template <typename AnyId>
AnyId new_id(Timestamp now) {
    return AnyId{new_uuid(now)};
}

}  // namespace latchkey
