// Keys, good and bad, for the tests of this layer: as DER, PEM and JWK.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/openssl.h"

namespace latchkey::testing {

inline std::string pem_of(std::string_view label, std::string_view der) {
    std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
    const std::string text = base64_encode(der);
    for (std::size_t i = 0; i < text.size(); i += 64) {
        pem += text.substr(i, 64) + "\n";
    }
    return pem + "-----END " + std::string(label) + "-----\n";
}

// One DER element of up to 64 KiB.
inline std::string element(char tag, const std::string& contents) {
    std::string out(1, tag);
    const auto size = contents.size();
    if (size >= 0x100) {
        out += '\x82';
        out += static_cast<char>(size >> 8U);
    } else if (size >= 0x80) {
        out += '\x81';
    }
    out += static_cast<char>(size & 0xFFU);
    return out + contents;
}

inline std::string spki_of(const EVP_PKEY* key) {
    std::string der(static_cast<std::size_t>(i2d_PUBKEY(key, nullptr)), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    CHECK(i2d_PUBKEY(key, &end) > 0);
    return der;
}
inline std::string spki_of(const openssl::Key& key) {
    return spki_of(key.get());
}

inline openssl::Key make_key(const char* type) {
    openssl::Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
    CHECK(key != nullptr);
    return key;
}

inline std::string ec_spki(const char* curve) {
    const openssl::Key key(EVP_EC_gen(curve));
    CHECK(key != nullptr);
    return spki_of(key);
}

// P-256 with its parameters spelled out.
inline std::string explicit_ec_spki() {
    const openssl::Key key(EVP_EC_gen("P-256"));
    CHECK(key != nullptr);
    CHECK(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit") == 1);
    return spki_of(key);
}

// One key of each size for a whole run: making one takes long.
inline const EVP_PKEY* rsa_key(int bits) {
    static std::map<int, openssl::Key> keys;
    auto& key = keys[bits];
    if (key == nullptr) key.reset(EVP_RSA_gen(static_cast<unsigned>(bits)));
    CHECK(key != nullptr);
    return key.get();
}

inline std::string rsa_pem(int bits) {
    return pem_of("PUBLIC KEY", spki_of(rsa_key(bits)));
}

inline std::string bytes_of(const BIGNUM* number) {
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    return bytes;
}

inline json::object rsa_jwk(int bits) {
    BIGNUM* raw = nullptr;
    CHECK(EVP_PKEY_get_bn_param(rsa_key(bits), OSSL_PKEY_PARAM_RSA_N, &raw) == 1);
    const openssl::Bignum n(raw);
    return {{"kty", "RSA"}, {"n", base64url_encode(bytes_of(n.get()))}, {"e", "AQAB"}};
}

}  // namespace latchkey::testing
