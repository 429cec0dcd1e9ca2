// How public keys come into being: from a JWK or a SubjectPublicKeyInfo. Both end in the same
// builders, so that no rule holds for one door only.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <sodium.h>

#include "crypto/digest.h"
#include "crypto/key_parts.h"
#include "crypto/spki.h"

namespace latchkey {
namespace {

using Parts = PublicKey::Parts;

Error refuse(std::string_view reason, std::string message, std::string field) {
    return invalid(std::move(message), reason, std::move(field));
}

Error bad_jwk(std::string message, std::string field) {
    return refuse("bad_jwk", std::move(message), std::move(field));
}

Error off_curve() {
    return refuse("point_not_on_curve", "the point is not on the curve", "/x");
}

bool is_rsa(Algorithm algorithm) {
    return algorithm == Algorithm::kRs256 || algorithm == Algorithm::kRs512 ||
           algorithm == Algorithm::kPs256;
}

const Curve& curve_of(Algorithm algorithm) {
    return algorithm == Algorithm::kEs512 ? kP521 : kP256;
}

// Null when OpenSSL finds that there is no such key.
openssl::Key key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const openssl::Params params(OSSL_PARAM_BLD_to_param(builder));
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return {};
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
        return refuse("rsa_exponent", "the public exponent of an RSA key must be 65537", "/e");
    }
    if (n.front() == '\0') return bad_jwk("the modulus must not begin with a zero byte", "/n");
    if (n.size() > kRsaBitsMax / 8) {
        return refuse("rsa_bits", "the RSA key is longer than 4096 bits", "/n");
    }
    const openssl::ErrorQueueGuard guard;
    const openssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
    const openssl::Bignum modulus(
        BN_bin2bn(as_bytes(n).data(), static_cast<int>(n.size()), nullptr));
    CHECK(builder && modulus);
    if (BN_num_bits(modulus.get()) < kRsaBitsMin) {
        return refuse("rsa_bits", "the RSA key is shorter than 2048 bits", "/n");
    }
    if (BN_is_odd(modulus.get()) != 1) {
        return refuse("rsa_small_factor", "the modulus is even", "/n");
    }
    CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1);
    CHECK(OSSL_PARAM_BLD_push_uint(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537) == 1);
    Parts parts;
    parts.algorithm = algorithm;
    parts.key = key_from("RSA", builder.get());
    if (parts.key == nullptr) return bad_jwk("the key is not valid", "/n");
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
        return bad_jwk("an Ed25519 key has 32 bytes", "/x");
    }
    // Under a point of small order, one signature is right for many messages.
    if (crypto_core_ed25519_is_valid_point(as_bytes(x).data()) != 1) {
        return refuse("point_not_on_curve", "the point is not one of Ed25519's main subgroup",
                      "/x");
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
        return bad_jwk("a member is not base64url without padding", "/" + std::string(name));
    }
    return std::move(*bytes);
}

// RFC 7517 §4.2 and §4.3: a key that says what it is for is not used for anything else.
Status check_purpose(const json::object& jwk) {
    for (const std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        if (jwk.contains(secret)) {
            return refuse("private_key_pasted",
                          "this is a private or symmetric key; send the public half only",
                          "/" + std::string(secret));
        }
    }
    if (const auto* use = jwk.if_contains("use")) {
        if (!use->is_string() || use->get_string() != "sig") {
            return refuse("not_for_signatures", "the key is not for signatures", "/use");
        }
    }
    if (const auto* value = jwk.if_contains("key_ops")) {
        const auto* operations = value->if_array();
        const json::value verify = "verify";
        if (operations == nullptr ||
            (!operations->empty() &&
             std::find(operations->begin(), operations->end(), verify) == operations->end())) {
            return refuse("not_for_signatures", "key_ops does not hold \"verify\"", "/key_ops");
        }
    }
    return {};
}

// What each type of key must have (RFC 7518 §6, RFC 8037 §2).
struct TypeRule {
    std::string_view type;
    std::string_view name;
    std::string_view needs;
    std::array<std::string_view, 3> members;
};
constexpr std::array<TypeRule, 3> kTypes{{{"RSA", "an RSA key", "n and e", {"n", "e"}},
                                          {"EC", "an EC key", "crv, x and y", {"crv", "x", "y"}},
                                          {"OKP", "an OKP key", "crv and x", {"crv", "x"}}}};

Result<const TypeRule*> type_of(const json::object& jwk) {
    if (!jwk.contains("kty")) {
        return refuse("missing_member", "a JWK needs kty; kty is missing", "/kty");
    }
    for (const auto& rule : kTypes) {
        if (rule.type == text_member(jwk, "kty")) return &rule;
    }
    return refuse("unsupported_key_type", "kty must be RSA, EC or OKP", "/kty");
}

Status check_members(const json::object& jwk, const TypeRule& rule) {
    std::string missing;
    std::string first;
    for (const auto member : rule.members) {
        if (member.empty() || jwk.contains(member)) continue;
        if (first.empty()) first = member;
        missing += missing.empty() ? "" : ", ";
        missing += member;
    }
    if (missing.empty()) return {};
    return refuse("missing_member",
                  fmt::format("{} needs {}; {} {} missing", rule.name, rule.needs, missing,
                              missing == first ? "is" : "are"),
                  "/" + first);
}

Status check_curve(const json::object& jwk, const TypeRule& rule) {
    const auto curve = text_member(jwk, "crv");
    if (rule.type == "EC" && curve != kP256.jose_name && curve != kP521.jose_name) {
        return refuse("unsupported_curve", "crv must be P-256 or P-521", "/crv");
    }
    if (rule.type == "OKP" && curve != "Ed25519") {
        return refuse("unsupported_key_type", "crv must be Ed25519", "/crv");
    }
    return {};
}

Status check_algorithm(const json::object& jwk, Algorithm algorithm) {
    const bool is_okp = algorithm == Algorithm::kEd25519;
    const std::string_view wanted = is_rsa(algorithm) ? "RSA" : is_okp ? "OKP" : "EC";
    const bool fits = wanted == text_member(jwk, "kty") &&
                      (wanted != "EC" || text_member(jwk, "crv") == curve_of(algorithm).jose_name);
    if (fits) return {};
    return refuse("algorithm_mismatch",
                  fmt::format("the algorithm {} does not fit the key", algorithm_name(algorithm)),
                  "/alg");
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

}  // namespace

Status check_jwk_form(const json::object& jwk) {
    TRY(check_purpose(jwk));
    const TypeRule* const rule = TRY(type_of(jwk));
    TRY(check_members(jwk, *rule));
    return check_curve(jwk, *rule);
}

Result<openssl::Key> make_ec_key(const Curve& curve, std::string_view x, std::string_view y) {
    // RFC 7518 §6.2.1.2: leading zeros stay, so that each point has one text.
    if (x.size() != curve.coordinate_bytes) return bad_jwk("x does not fit the curve", "/x");
    if (y.size() != curve.coordinate_bytes) return bad_jwk("y does not fit the curve", "/y");
    const openssl::ErrorQueueGuard guard;
    std::string point = "\x04";
    point.append(x).append(y);
    const openssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
    CHECK(builder != nullptr);
    CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                          curve.openssl_name, 0) == 1);
    CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1);
    openssl::Key key = key_from("EC", builder.get());
    if (key == nullptr) return off_curve();
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    // SP 800-56A §5.6.2.3: on the curve, of the right order, not infinity.
    if (!context || EVP_PKEY_public_check(context.get()) != 1) {
        return off_curve();
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
    if (!jwk.is_object()) return bad_jwk("a JWK is a JSON object", "");
    const json::object& members = jwk.get_object();
    TRY(check_jwk_form(members));
    const auto algorithm = parse_algorithm(text_member(members, "alg"));
    if (!algorithm) {
        return refuse("unknown_algorithm",
                      "alg must be RS256, RS512, PS256, ES256, ES512 or Ed25519", "/alg");
    }
    TRY(check_algorithm(members, *algorithm));
    const auto* kid = members.if_contains("kid");
    if (kid != nullptr && (!kid->is_string() || kid->get_string().size() > kKidBytesMax)) {
        return bad_jwk("kid must be a string of at most 128 bytes", "/kid");
    }
    auto parts = TRY(parts_from_jwk(members, *algorithm));
    parts.thumbprint = thumbprint_of(parts.members);
    parts.declared_kid = std::string(text_member(members, "kid"));
    return PublicKey(std::make_shared<const Parts>(std::move(parts)));
}

Result<PublicKey> PublicKey::from_spki_der(std::string_view der, Algorithm algorithm) {
    json::object jwk = TRY(jwk_of_spki(der));
    jwk["alg"] = algorithm_name(algorithm);
    return from_jwk(jwk);
}

}  // namespace latchkey
