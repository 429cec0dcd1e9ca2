// HMAC-SHA-256 (RFC 2104) under one key that is used again and again: the two padded keys are made
// once, so that a MAC is two digests and allocates nothing. Immutable; wiped when it dies.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "crypto/digest.h"

namespace latchkey {

class HmacKey {
public:
    explicit HmacKey(const Secret& key);  // of any length
    [[nodiscard]] Digest mac(std::string_view data) const;

private:
    Secret inner_;
    Secret outer_;
};

}  // namespace latchkey
