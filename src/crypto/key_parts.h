// What a PublicKey is made of. Private to this layer.
#pragma once

#include <string>

#include "base/encoding.h"
#include "crypto/keys.h"
#include "crypto/openssl.h"

namespace latchkey {

struct PublicKey::Parts {
    Algorithm algorithm{Algorithm::kEs256};
    openssl::Key key;      // the public half only
    json::object members;  // kty, crv, n, e, x, y: what RFC 7638 hashes
    std::string thumbprint;
    std::string declared_kid;
    std::string ed25519;           // the raw key, for that algorithm
    std::string order;             // ECDSA: the group's n, big-endian, as long as r and as s
    std::size_t modulus_bytes{0};  // RSA
};

// An EC key's curve as JOSE and as OpenSSL name it.
struct Curve {
    const char* jose_name;
    const char* openssl_name;
    int nid;
    std::size_t coordinate_bytes;
};
inline constexpr Curve kP256{"P-256", "prime256v1", NID_X9_62_prime256v1, 32};
inline constexpr Curve kP521{"P-521", "secp521r1", NID_secp521r1, 66};

// What has to hold whatever the algorithm: purpose, type, members and curve, with the reasons of
// key_upload.h. A private key is called one before anything else is said about it.
Status check_jwk_form(const json::object& jwk);

// x and y have exactly the curve's coordinate size. Refuses points that are not on the curve.
Result<openssl::Key> make_ec_key(const Curve& curve, std::string_view x, std::string_view y);
std::string group_order(const Curve& curve);
struct Point {
    std::string x;
    std::string y;
};
Point point_of(const EVP_PKEY* key, const Curve& curve);

// The signature as a JWS carries it. The key fits the algorithm, which is none of PS256.
std::string sign_with(EVP_PKEY* key, Algorithm algorithm, std::string_view message);
// SHA-256 or SHA-512, as the algorithm says; null for Ed25519, which hashes by itself.
const EVP_MD* message_digest(Algorithm algorithm);

}  // namespace latchkey
