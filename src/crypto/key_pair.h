// A private key that belongs to a holder and not to us: what the CLI makes for a key token, keeps
// in a file and signs client assertions with. Immutable, cheap to copy (shared), and any number of
// threads may sign at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/keys.h"

namespace latchkey {

// OWASP's figure of 2023 for PBKDF2 with HMAC-SHA-256.
inline constexpr int kPassphraseIterations = 600'000;
inline constexpr std::size_t kPrivatePemBytesMax = 16'384;

class PrivateKey {
public:
    // RS256 and RS512: RSA of 4096 bits, which takes seconds. PS256 is a CHECK.
    static PrivateKey generate(Algorithm algorithm);
    // PKCS#8, encrypted or not, and openssl's older forms. `passphrase` may be null. Without an
    // algorithm the key's own: RS256 for RSA. Reasons: bad_pem, passphrase_needed,
    // wrong_passphrase, unsupported_key_type, algorithm_mismatch, and those of
    // PublicKey::from_jwk.
    static Result<PrivateKey> from_pem(const Secret& pem, const Secret* passphrase,
                                       std::optional<Algorithm> algorithm);

    // PKCS#8. With a passphrase PBES2: PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018).
    [[nodiscard]] Secret to_pem(const Secret* passphrase) const;
    [[nodiscard]] std::string public_pem() const;  // SubjectPublicKeyInfo
    [[nodiscard]] const PublicKey& public_key() const { return public_; }
    [[nodiscard]] Algorithm algorithm() const { return public_.algorithm(); }
    // As a JWS carries it: r ‖ s for ECDSA (RFC 7518 §3.4).
    [[nodiscard]] std::string sign(std::string_view message) const;

private:
    struct Pair;
    PrivateKey(std::shared_ptr<const Pair> pair, PublicKey public_key)
        : pair_(std::move(pair)), public_(std::move(public_key)) {}
    std::shared_ptr<const Pair> pair_;
    PublicKey public_;
};

}  // namespace latchkey
