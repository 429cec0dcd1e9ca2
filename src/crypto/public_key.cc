// How public keys come into being: from a JWK or a SubjectPublicKeyInfo. Both end in the same
// builders, so that no rule holds for one door only.
#include <algorithm>
#include <array>

#include <openssl/core_names.h>
#include <sodium.h>

#include "crypto/digest.h"
#include "crypto/key_parts.h"

namespace latchkey {
namespace {

using Parts = PublicKey::Parts;

Error bad_key(std::string message, std::string field = {}) {
    return invalid(std::move(message), "bad_key", std::move(field));
}

bool is_rsa(Algorithm algorithm) {
    return algorithm == Algorithm::kRs256 || algorithm == Algorithm::kRs512 ||
           algorithm == Algorithm::kPs256;
}

const Curve& curve_of(Algorithm algorithm) {
    return algorithm == Algorithm::kEs512 ? kP521 : kP256;
}

Result<openssl::Key> key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const openssl::Params params(OSSL_PARAM_BLD_to_param(builder));
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return bad_key("the key is not valid");
    }
    return openssl::Key(raw);
}

// RFC 7638 §3.2: the required members in the order of their names, without white space. All of them
// are base64url or names, so nothing needs escaping.
std::string thumbprint_of(const json::object& members) {
    return base64url_encode(as_text(sha256(canonical_json(members))));
}

Result<Parts> rsa_parts(Algorithm algorithm, std::string_view n, std::string_view e) {
    if (e != std::string_view("\x01\x00\x01", 3)) {
        return bad_key("the public exponent of an RSA key must be 65537", "/e");
    }
    if (n.empty() || n.front() == '\0') {
        return bad_key("the modulus must not begin with a zero byte", "/n");
    }
    if (n.size() > kRsaBitsMax / 8) return bad_key("the RSA key is longer than 4096 bits", "/n");
    const openssl::ErrorQueueGuard guard;
    const openssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
    const openssl::Bignum modulus(
        BN_bin2bn(as_bytes(n).data(), static_cast<int>(n.size()), nullptr));
    CHECK(builder && modulus);
    if (BN_num_bits(modulus.get()) < kRsaBitsMin) {
        return bad_key("the RSA key is shorter than 2048 bits", "/n");
    }
    if (BN_is_odd(modulus.get()) != 1) return bad_key("the modulus is even", "/n");
    CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1);
    CHECK(OSSL_PARAM_BLD_push_uint(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537) == 1);
    Parts parts;
    parts.algorithm = algorithm;
    parts.key = TRY(key_from("RSA", builder.get()));
    parts.modulus_bytes = n.size();
    parts.members = {{"kty", "RSA"}, {"n", base64url_encode(n)}, {"e", base64url_encode(e)}};
    return parts;
}

Result<Parts> ec_parts(Algorithm algorithm, std::string_view x, std::string_view y) {
    const Curve& curve = curve_of(algorithm);
    Parts parts;
    parts.algorithm = algorithm;
    parts.key = TRY(make_ec_key(curve, x, y));
    parts.order = group_order(curve);
    parts.members = {{"kty", "EC"},
                     {"crv", curve.jose_name},
                     {"x", base64url_encode(x)},
                     {"y", base64url_encode(y)}};
    return parts;
}

Result<Parts> ed25519_parts(std::string_view x) {
    if (x.size() != crypto_sign_PUBLICKEYBYTES) {
        return bad_key("an Ed25519 key has 32 bytes", "/x");
    }
    // Under a point of small order, one signature is right for many messages.
    if (crypto_core_ed25519_is_valid_point(as_bytes(x).data()) != 1) {
        return bad_key("the point is not one of Ed25519's main subgroup", "/x");
    }
    Parts parts;
    parts.algorithm = Algorithm::kEd25519;
    parts.key.reset(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, as_bytes(x).data(), x.size()));
    CHECK(parts.key != nullptr);
    parts.ed25519 = std::string(x);
    parts.members = {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url_encode(x)}};
    return parts;
}

std::string_view text_member(const json::object& jwk, std::string_view name) {
    const auto* value = jwk.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return value->get_string();
}

Result<std::string> bytes_member(const json::object& jwk, std::string_view name) {
    auto bytes = base64url_decode(text_member(jwk, name));
    if (!bytes || bytes->empty()) {
        return bad_key("a member is missing or not base64url without padding",
                       "/" + std::string(name));
    }
    return std::move(*bytes);
}

// RFC 7517 §4.2 and §4.3: a key that says what it is for is not used for anything else.
Status check_purpose(const json::object& jwk) {
    for (const std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        if (jwk.contains(secret)) {
            return bad_key("this is a private or symmetric key; send the public half only",
                           "/" + std::string(secret));
        }
    }
    if (const auto* use = jwk.if_contains("use")) {
        if (!use->is_string() || use->get_string() != "sig") {
            return bad_key("the key is not for signatures", "/use");
        }
    }
    if (const auto* operations = jwk.if_contains("key_ops")) {
        const json::value verify = "verify";
        if (!operations->is_array() || std::count(operations->get_array().begin(),
                                                  operations->get_array().end(), verify) != 1) {
            return bad_key("key_ops does not hold \"verify\"", "/key_ops");
        }
    }
    return {};
}

Status check_type(const json::object& jwk, Algorithm algorithm) {
    const std::string_view wanted_type = is_rsa(algorithm)                  ? "RSA"
                                         : algorithm == Algorithm::kEd25519 ? "OKP"
                                                                            : "EC";
    if (text_member(jwk, "kty") != wanted_type) {
        return bad_key("kty does not agree with alg", "/kty");
    }
    if (is_rsa(algorithm)) return {};
    const std::string_view wanted_curve =
        algorithm == Algorithm::kEd25519 ? "Ed25519" : curve_of(algorithm).jose_name;
    if (text_member(jwk, "crv") != wanted_curve) {
        return bad_key("crv does not agree with alg", "/crv");
    }
    return {};
}

Result<Parts> parts_from_jwk(const json::object& jwk, Algorithm algorithm) {
    if (is_rsa(algorithm)) {
        const auto n = TRY(bytes_member(jwk, "n"));
        const auto e = TRY(bytes_member(jwk, "e"));
        return rsa_parts(algorithm, n, e);
    }
    const auto x = TRY(bytes_member(jwk, "x"));
    if (algorithm == Algorithm::kEd25519) return ed25519_parts(x);
    const auto y = TRY(bytes_member(jwk, "y"));
    return ec_parts(algorithm, x, y);
}

std::string number_parameter(const EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    const openssl::Bignum number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    return bytes;
}

bool has_named_curve(const EVP_PKEY* key, const Curve& curve) {
    std::array<char, 64> name{};
    int is_explicit = 1;
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                          nullptr) == 1 &&
           std::string_view(name.data()) == curve.openssl_name &&
           EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &is_explicit) == 1 &&
           is_explicit == 0;
}

Result<Parts> parts_from_spki(const EVP_PKEY* key, Algorithm algorithm) {
    const int type = EVP_PKEY_get_base_id(key);
    if (is_rsa(algorithm) && type == EVP_PKEY_RSA) {
        return rsa_parts(algorithm, number_parameter(key, OSSL_PKEY_PARAM_RSA_N),
                         number_parameter(key, OSSL_PKEY_PARAM_RSA_E));
    }
    if (algorithm == Algorithm::kEd25519 && type == EVP_PKEY_ED25519) {
        std::array<std::uint8_t, 32> raw{};
        std::size_t length = raw.size();
        CHECK(EVP_PKEY_get_raw_public_key(key, raw.data(), &length) == 1);
        return ed25519_parts(as_text(raw));
    }
    const bool is_ec = !is_rsa(algorithm) && algorithm != Algorithm::kEd25519;
    if (!is_ec || type != EVP_PKEY_EC || !has_named_curve(key, curve_of(algorithm))) {
        return bad_key("the key does not fit the algorithm");
    }
    const Point point = point_of(key, curve_of(algorithm));
    return ec_parts(algorithm, point.x, point.y);
}

}  // namespace

Result<openssl::Key> make_ec_key(const Curve& curve, std::string_view x, std::string_view y) {
    // RFC 7518 §6.2.1.2: leading zeros stay, so that each point has one text.
    if (x.size() != curve.coordinate_bytes) return bad_key("x does not fit the curve", "/x");
    if (y.size() != curve.coordinate_bytes) return bad_key("y does not fit the curve", "/y");
    const openssl::ErrorQueueGuard guard;
    std::string point = "\x04";
    point.append(x).append(y);
    const openssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
    CHECK(builder != nullptr);
    CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                          curve.openssl_name, 0) == 1);
    CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1);
    openssl::Key key = TRY(key_from("EC", builder.get()));
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    // SP 800-56A §5.6.2.3: on the curve, of the right order, not infinity.
    if (!context || EVP_PKEY_public_check(context.get()) != 1) {
        return bad_key("the point is not on the curve", "/x");
    }
    return key;
}

std::string group_order(const Curve& curve) {
    const openssl::Group group(EC_GROUP_new_by_curve_name(curve.nid));
    CHECK(group != nullptr);
    std::string order(curve.coordinate_bytes, '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* out = reinterpret_cast<unsigned char*>(order.data());
    CHECK(BN_bn2binpad(EC_GROUP_get0_order(group.get()), out, static_cast<int>(order.size())) > 0);
    return order;
}

Point point_of(const EVP_PKEY* key, const Curve& curve) {
    const auto padded = [&](const char* name) {
        std::string bytes = number_parameter(key, name);
        CHECK(bytes.size() <= curve.coordinate_bytes);
        bytes.insert(0, curve.coordinate_bytes - bytes.size(), '\0');
        return bytes;
    };
    return {padded(OSSL_PKEY_PARAM_EC_PUB_X), padded(OSSL_PKEY_PARAM_EC_PUB_Y)};
}

Result<PublicKey> PublicKey::from_jwk(const json::value& jwk) {
    if (!jwk.is_object()) return bad_key("a JWK is a JSON object");
    const json::object& members = jwk.get_object();
    TRY(check_purpose(members));
    const auto algorithm = parse_algorithm(text_member(members, "alg"));
    if (!algorithm) {
        return bad_key("alg must be RS256, RS512, PS256, ES256, ES512 or Ed25519", "/alg");
    }
    TRY(check_type(members, *algorithm));
    const auto* kid = members.if_contains("kid");
    if (kid != nullptr && (!kid->is_string() || kid->get_string().size() > kKidBytesMax)) {
        return bad_key("kid must be a string of at most 128 bytes", "/kid");
    }
    auto parts = TRY(parts_from_jwk(members, *algorithm));
    parts.thumbprint = thumbprint_of(parts.members);
    parts.declared_kid = std::string(text_member(members, "kid"));
    return PublicKey(std::make_shared<const Parts>(std::move(parts)));
}

Result<PublicKey> PublicKey::from_spki_der(std::string_view der, Algorithm algorithm) {
    // Far above any key we take, and before OpenSSL sees a byte: long keys cost long checks.
    if (der.size() > 2048) return bad_key("the key is too long");
    const openssl::ErrorQueueGuard guard;
    const unsigned char* position = as_bytes(der).data();
    const openssl::Key key(d2i_PUBKEY(nullptr, &position, static_cast<long>(der.size())));
    if (!key || position != as_bytes(der).data() + der.size()) {
        return bad_key("this is not one SubjectPublicKeyInfo");
    }
    auto parts = TRY(parts_from_spki(key.get(), algorithm));
    parts.thumbprint = thumbprint_of(parts.members);
    return PublicKey(std::make_shared<const Parts>(std::move(parts)));
}

}  // namespace latchkey
