// Something secret on its way to whoever holds a private RSA key, through hands that may see it: a
// compact JWE (RFC 7516) of RSA-OAEP-256 and A256GCM. We only ever write them.
#pragma once

#include <string>

#include "crypto/keys.h"

namespace latchkey {

// `recipient` is an RSA key (a CHECK).
std::string encrypt_jwe(const PublicKey& recipient, const Secret& text);

}  // namespace latchkey
