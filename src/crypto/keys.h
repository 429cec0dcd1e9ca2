// Signature keys. A key has exactly one algorithm, fixed when it is made; verification never takes
// an algorithm from the message (RFC 8725 §3.1). There is no HMAC here at all, so that no public
// key can ever serve as a shared secret. Keys are immutable, cheap to copy (shared) and may be used
// by any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey {

enum class Algorithm : std::uint8_t { kRs256, kRs512, kEs256, kEs512, kEd25519, kPs256 };

std::string_view algorithm_name(Algorithm algorithm);  // "RS256" …; RFC 7518 §3.1, RFC 9864
std::optional<Algorithm> parse_algorithm(std::string_view name);  // case-sensitive

// RFC 7518 §6.3.1 allows any size; below 2048 bits is broken, above 4096 is a way to burn our CPU.
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 4096;
inline constexpr std::size_t kJwkBytesMax = 16'384;
inline constexpr std::size_t kKidBytesMax = 128;

class PublicKey {
public:
    // A JWK (RFC 7517) with `alg`, which must agree with `kty` and `crv`. Refuses private and
    // symmetric members, `use` other than "sig", `key_ops` that lack "verify", points off the
    // curve, RSA outside 2048..4096 bits or with e other than 65537. Reasons: those of
    // key_upload.h. Other members are ignored, as RFC 7517 §4 demands. Bound the text
    // (kJwkBytesMax) before parsing.
    static Result<PublicKey> from_jwk(const json::value& jwk);
    // SubjectPublicKeyInfo; the same rules, named curves only.
    static Result<PublicKey> from_spki_der(std::string_view der, Algorithm algorithm);

    [[nodiscard]] Algorithm algorithm() const;
    [[nodiscard]] const std::string& thumbprint() const;    // RFC 7638, SHA-256, base64url
    [[nodiscard]] const std::string& declared_kid() const;  // the JWK's own `kid`, or empty
    // {kty, …, alg, use:"sig", kid: thumbprint}; only public members.
    [[nodiscard]] json::object to_jwk() const;
    [[nodiscard]] std::string to_spki_der() const;

    // ECDSA signatures are r ‖ s of exactly the curve's size with 1 ≤ r,s < n (RFC 7518 §3.4);
    // RSA signatures have exactly the modulus's size. Anything else is false.
    [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

    struct Parts;

private:
    explicit PublicKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    std::shared_ptr<const Parts> parts_;
};

// Our own signing key: ES256. OpenSSL mixes the private key and the message into each nonce, so a
// weak generator cannot reveal the key through two signatures.
class SigningKey {
public:
    static SigningKey generate();
    static Result<SigningKey> from_pkcs8_der(const Secret& der);  // reason "bad_key"

    [[nodiscard]] Secret to_pkcs8_der() const;
    [[nodiscard]] std::string sign(std::string_view message) const;  // 64 raw bytes, r ‖ s
    [[nodiscard]] const PublicKey& public_key() const { return public_; }
    [[nodiscard]] const std::string& kid() const { return public_.thumbprint(); }

private:
    struct Pair;
    SigningKey(std::shared_ptr<const Pair> pair, PublicKey public_key)
        : pair_(std::move(pair)), public_(std::move(public_key)) {}
    std::shared_ptr<const Pair> pair_;
    PublicKey public_;
};

}  // namespace latchkey
