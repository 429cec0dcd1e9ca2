// Public keys as people upload them: PEM from openssl or a cloud's key service, or JWK and JWKS.
// The text comes from strangers, so its size is bounded first, no library reads it before its form
// is known, and every key is tested for the ways in which real keys were broken. What was pasted
// never stands in an error: it may be a private key. Pure and thread-safe; at most 20 ms a key.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/keys.h"

namespace latchkey {

inline constexpr std::size_t kKeyUploadBytesMax = 16'384;
inline constexpr std::size_t kKeyUploadKeysMax = 8;

// The document is a PEM text, a JWK, a JWKS {"keys": […]} or an array of PEM texts and JWKs; a
// string may also hold the JSON text of one of them, or the base64 of a SubjectPublicKeyInfo alone,
// as AWS gives it. A PEM text is one block "PUBLIC KEY". `wanted` is the algorithm where a key
// names none (RSA without both: RS256) and must agree where it does. A key's kid stays as declared.
// The error's field points into the document: "" or "/1/x" or "/keys/1/x". Its reason is one of
//   too_large too_many_keys no_keys
//   private_key_pasted certificate_pasted ssh_key_pasted several_pem_blocks bad_pem bad_jwk
//   missing_member not_for_signatures unsupported_key_type
//   unsupported_curve explicit_curve_parameters point_not_on_curve
//   rsa_bits rsa_exponent rsa_small_factor rsa_close_primes rsa_roca known_leaked_key
//   unknown_algorithm algorithm_mismatch
Result<std::vector<PublicKey>> read_public_keys(const json::value& document,
                                                std::optional<Algorithm> wanted);

}  // namespace latchkey
