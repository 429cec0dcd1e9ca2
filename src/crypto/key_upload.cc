#include "crypto/key_upload.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/key_parts.h"
#include "crypto/known_keys.h"
#include "crypto/pem_block.h"
#include "crypto/rsa_strength.h"
#include "crypto/spki.h"

namespace latchkey {
namespace {

constexpr JsonLimits kLimits{kKeyUploadBytesMax, 8, 64};

bool is_json(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

Status check_size(const json::value& document) {
    const std::size_t size =
        document.is_string() ? document.get_string().size() : to_json(document).size();
    if (size <= kKeyUploadBytesMax) return {};
    return invalid("the keys are longer than 16 KiB", "too_large");
}

std::string_view text_member(const json::object& jwk, std::string_view name) {
    const auto* value = jwk.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

// The one algorithm that this key is good for; RSA has two.
Algorithm default_algorithm(const json::object& jwk) {
    const auto type = text_member(jwk, "kty");
    if (type == "RSA") return Algorithm::kRs256;
    if (type == "OKP") return Algorithm::kEd25519;
    return text_member(jwk, "crv") == "P-521" ? Algorithm::kEs512 : Algorithm::kEs256;
}

// PS256 is for verifying others' tokens; nobody's assertion may use it.
std::optional<Algorithm> parse_upload_algorithm(std::string_view name) {
    const auto algorithm = parse_algorithm(name);
    return algorithm == Algorithm::kPs256 ? std::nullopt : algorithm;
}

Status settle_algorithm(json::object& jwk, std::optional<Algorithm> wanted) {
    const auto* declared = jwk.if_contains("alg");
    if (declared == nullptr) {
        jwk["alg"] = algorithm_name(wanted.value_or(default_algorithm(jwk)));
        return {};
    }
    const auto algorithm = parse_upload_algorithm(text_member(jwk, "alg"));
    if (!algorithm) {
        Error error = invalid("alg must be RS256, RS512, ES256, ES512 or Ed25519",
                              "unknown_algorithm", "/alg");
        if (text_member(jwk, "alg") != "EdDSA") return error;
        return std::move(error).with_hint("RFC 9864 calls EdDSA on this curve Ed25519");
    }
    if (wanted && *algorithm != *wanted) {
        return invalid(fmt::format("the key's alg is {}, and {} was asked for",
                                   algorithm_name(*algorithm), algorithm_name(*wanted)),
                       "algorithm_mismatch", "/alg");
    }
    return {};
}

// Azure Key Vault's names for keys that stay in its hardware.
void rename_hardware_types(json::object& jwk) {
    if (text_member(jwk, "kty") == "RSA-HSM") jwk["kty"] = "RSA";
    if (text_member(jwk, "kty") == "EC-HSM") jwk["kty"] = "EC";
}

Result<PublicKey> read_jwk(json::object jwk, std::optional<Algorithm> wanted) {
    rename_hardware_types(jwk);
    // Before the algorithm, which follows from the type and the curve.
    TRY(check_jwk_form(jwk));
    TRY(settle_algorithm(jwk, wanted));
    auto key = TRY(PublicKey::from_jwk(jwk));
    if (has_unprintable(key.declared_kid())) {
        return invalid("kid holds unprintable characters", "bad_jwk", "/kid");
    }
    if (is_known_leaked(key.thumbprint())) {
        return invalid("the private half of this key is printed in public documents",
                       "known_leaked_key")
            .with_hint("make a key of your own; this one comes from a standard or a tutorial");
    }
    if (text_member(jwk, "kty") == "RSA") {
        const auto modulus = base64url_decode(text_member(jwk, "n"));
        CHECK(modulus.has_value());  // from_jwk has looked
        const auto strength = check_rsa_strength(*modulus);
        if (!strength) return Error(strength.error()).with_field("/n");
    }
    return key;
}

Result<PublicKey> read_text(std::string_view text, std::optional<Algorithm> wanted) {
    const std::string der = TRY(read_public_key_text(text));
    json::object jwk = TRY(jwk_of_spki(der));
    auto key = read_jwk(std::move(jwk), wanted);
    // There are no members to point to.
    if (!key) return Error(std::move(key).error()).with_field("");
    return key;
}

Result<PublicKey> read_one(const json::value& document, std::optional<Algorithm> wanted) {
    if (document.is_object()) return read_jwk(document.get_object(), wanted);
    if (document.is_string()) return read_text(document.get_string(), wanted);
    return invalid("a key is a PEM text or a JWK", "bad_jwk");
}

Result<std::vector<PublicKey>> read_list(const json::array& list, std::string_view pointer,
                                         std::optional<Algorithm> wanted) {
    if (list.empty()) return invalid("there is no key in it", "no_keys", std::string(pointer));
    if (list.size() > kKeyUploadKeysMax) {
        return invalid(fmt::format("more than {} keys", kKeyUploadKeysMax), "too_many_keys",
                       std::string(pointer));
    }
    std::vector<PublicKey> keys;
    keys.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto key = read_one(list[i], wanted);
        if (!key) {
            Error error = std::move(key).error();
            error.field = fmt::format("{}/{}{}", pointer, i, error.field);
            return error;
        }
        keys.push_back(std::move(key).value());
    }
    return keys;
}

Result<std::vector<PublicKey>> read_value(const json::value& document,
                                          std::optional<Algorithm> wanted) {
    if (document.is_array()) return read_list(document.get_array(), "", wanted);
    if (const auto* object = document.if_object()) {
        const auto* keys = object->if_contains("keys");
        if (keys != nullptr && !object->contains("kty")) {
            if (!keys->is_array()) return invalid("keys must be an array", "bad_jwk", "/keys");
            return read_list(keys->get_array(), "/keys", wanted);
        }
    }
    auto key = TRY(read_one(document, wanted));
    return std::vector<PublicKey>{std::move(key)};
}

}  // namespace

Result<std::vector<PublicKey>> read_public_keys(const json::value& document,
                                                std::optional<Algorithm> wanted) {
    TRY(check_size(document));
    if (wanted == Algorithm::kPs256) {
        return invalid("the algorithm must be RS256, RS512, ES256, ES512 or Ed25519",
                       "unknown_algorithm");
    }
    if (!document.is_string() || !is_json(document.get_string())) {
        return read_value(document, wanted);
    }
    const auto parsed = parse_json(document.get_string(), kLimits);
    if (!parsed) return invalid("this is neither PEM nor a JWK", "bad_jwk");
    auto keys = read_value(*parsed, wanted);
    if (!keys) return Error(std::move(keys).error()).with_field("");
    return keys;
}

}  // namespace latchkey
