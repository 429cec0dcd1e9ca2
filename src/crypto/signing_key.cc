#include <openssl/core_names.h>

#include "crypto/key_parts.h"

namespace latchkey {

struct SigningKey::Pair {
    openssl::Key key;
};

namespace {

Error bad_pair() {
    return invalid("this is not a P-256 private key in PKCS #8", "bad_key");
}

// The public half goes through the same door as anybody's key.
Result<PublicKey> public_half(const EVP_PKEY* pair) {
    const Point point = point_of(pair, kP256);
    const json::object jwk{{"kty", "EC"},
                           {"alg", "ES256"},
                           {"crv", kP256.jose_name},
                           {"x", base64url_encode(point.x)},
                           {"y", base64url_encode(point.y)}};
    return PublicKey::from_jwk(jwk);
}

bool is_p256_pair(EVP_PKEY* key) {
    char name[64] = {};
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name,
                                       nullptr) != 1 ||
        std::string_view(name) != kP256.openssl_name) {
        return false;
    }
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_pairwise_check(context.get()) == 1;
}

}  // namespace

SigningKey SigningKey::generate() {
    openssl::Key key(EVP_EC_gen(kP256.openssl_name));
    CHECK(key != nullptr);
    auto half = public_half(key.get());
    CHECK(half.has_value());
    return {std::make_shared<const Pair>(Pair{std::move(key)}), std::move(half).value()};
}

Result<SigningKey> SigningKey::from_pkcs8_der(const Secret& der) {
    const openssl::ErrorQueueGuard guard;
    const auto bytes = as_bytes(der.expose());
    if (bytes.size() > 4096) return bad_pair();
    const unsigned char* position = bytes.data();
    const openssl::Pkcs8 info(
        d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(bytes.size())));
    if (!info || position != bytes.data() + bytes.size()) return bad_pair();
    openssl::Key key(EVP_PKCS82PKEY(info.get()));
    if (!key || !is_p256_pair(key.get())) return bad_pair();
    auto half = TRY(public_half(key.get()));
    return SigningKey{std::make_shared<const Pair>(Pair{std::move(key)}), std::move(half)};
}

Secret SigningKey::to_pkcs8_der() const {
    const openssl::Pkcs8 info(EVP_PKEY2PKCS8(pair_->key.get()));
    CHECK(info != nullptr);
    const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
    CHECK(length > 0);
    std::string der(static_cast<std::size_t>(length), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    CHECK(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &end) == length);
    return Secret(std::move(der));
}

std::string SigningKey::sign(std::string_view message) const {
    return sign_with(pair_->key.get(), Algorithm::kEs256, message);
}

}  // namespace latchkey
