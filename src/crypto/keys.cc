#include "crypto/keys.h"

#include <array>

#include <openssl/rsa.h>
#include <sodium.h>

#include "crypto/key_parts.h"

namespace latchkey {
namespace {

struct NamedAlgorithm {
    Algorithm algorithm;
    std::string_view name;
};
constexpr std::array<NamedAlgorithm, 6> kNames{{{Algorithm::kRs256, "RS256"},
                                                {Algorithm::kRs512, "RS512"},
                                                {Algorithm::kEs256, "ES256"},
                                                {Algorithm::kEs512, "ES512"},
                                                {Algorithm::kEd25519, "Ed25519"},
                                                {Algorithm::kPs256, "PS256"}}};

const EVP_MD* sha256_md() {
    static const EVP_MD* const kDigest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return kDigest;
}

const EVP_MD* sha512_md() {
    static const EVP_MD* const kDigest = EVP_MD_fetch(nullptr, "SHA512", nullptr);
    return kDigest;
}

bool is_below(std::string_view number, std::string_view bound) {
    // Both big-endian and of one length, so that the order of bytes is the order of numbers.
    return number.compare(bound) < 0;
}

bool is_zero(std::string_view number) {
    return number.find_first_not_of('\0') == std::string_view::npos;
}

// r ‖ s to the DER that OpenSSL reads; nothing when r or s is outside 1..n-1. OpenSSL would refuse
// those as well, but a library that did not (CVE-2022-21449) let every token pass.
std::string ecdsa_der(std::string_view raw, std::string_view order) {
    if (raw.size() != 2 * order.size()) return {};
    const auto r = raw.substr(0, order.size());
    const auto s = raw.substr(order.size());
    if (is_zero(r) || is_zero(s) || !is_below(r, order) || !is_below(s, order)) return {};
    const openssl::EcdsaSignature signature(ECDSA_SIG_new());
    openssl::Bignum big_r(BN_bin2bn(as_bytes(r).data(), static_cast<int>(r.size()), nullptr));
    openssl::Bignum big_s(BN_bin2bn(as_bytes(s).data(), static_cast<int>(s.size()), nullptr));
    CHECK(signature && big_r && big_s);
    CHECK(ECDSA_SIG_set0(signature.get(), big_r.release(), big_s.release()) == 1);
    const int length = i2d_ECDSA_SIG(signature.get(), nullptr);
    CHECK(length > 0);
    std::string der(static_cast<std::size_t>(length), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    CHECK(i2d_ECDSA_SIG(signature.get(), &end) == length);
    return der;
}

bool use_pss(EVP_PKEY_CTX* context) {
    // RFC 7518 §3.5: the salt is as long as the digest, and MGF1 uses the same digest.
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, sha256_md()) == 1;
}

bool verify_with_openssl(const PublicKey::Parts& parts, std::string_view message,
                         std::string_view signature) {
    const openssl::ErrorQueueGuard guard;
    const openssl::DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    if (!context || EVP_DigestVerifyInit(context.get(), &settings, message_digest(parts.algorithm),
                                         nullptr, parts.key.get()) != 1) {
        return false;
    }
    if (parts.algorithm == Algorithm::kPs256 && !use_pss(settings)) return false;
    return EVP_DigestVerify(context.get(), as_bytes(signature).data(), signature.size(),
                            as_bytes(message).data(), message.size()) == 1;
}

}  // namespace

const EVP_MD* message_digest(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::kRs512:
        case Algorithm::kEs512: return sha512_md();
        case Algorithm::kRs256:
        case Algorithm::kEs256:
        case Algorithm::kPs256: return sha256_md();
        case Algorithm::kEd25519: break;
    }
    return nullptr;
}

std::string_view algorithm_name(Algorithm algorithm) {
    for (const auto& entry : kNames) {
        if (entry.algorithm == algorithm) return entry.name;
    }
    CHECK(false && "an algorithm without a name");
}

std::optional<Algorithm> parse_algorithm(std::string_view name) {
    for (const auto& entry : kNames) {
        if (entry.name == name) return entry.algorithm;
    }
    return std::nullopt;
}

Algorithm PublicKey::algorithm() const {
    return parts_->algorithm;
}
const std::string& PublicKey::thumbprint() const {
    return parts_->thumbprint;
}
const std::string& PublicKey::declared_kid() const {
    return parts_->declared_kid;
}

json::object PublicKey::to_jwk() const {
    json::object jwk = parts_->members;
    jwk["alg"] = algorithm_name(parts_->algorithm);
    jwk["use"] = "sig";
    jwk["kid"] = parts_->thumbprint;
    return jwk;
}

std::string PublicKey::to_spki_der() const {
    const int length = i2d_PUBKEY(parts_->key.get(), nullptr);
    CHECK(length > 0);
    std::string der(static_cast<std::size_t>(length), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    CHECK(i2d_PUBKEY(parts_->key.get(), &end) == length);
    return der;
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
    switch (parts_->algorithm) {
        case Algorithm::kRs256:
        case Algorithm::kRs512:
        case Algorithm::kPs256:
            return signature.size() == parts_->modulus_bytes &&
                   verify_with_openssl(*parts_, message, signature);
        case Algorithm::kEs256:
        case Algorithm::kEs512: {
            const std::string der = ecdsa_der(signature, parts_->order);
            return !der.empty() && verify_with_openssl(*parts_, message, der);
        }
        case Algorithm::kEd25519: break;
    }
    // libsodium's is twice as fast as OpenSSL's and refuses small-order points and S ≥ L.
    return signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(as_bytes(signature).data(), as_bytes(message).data(),
                                       message.size(), as_bytes(parts_->ed25519).data()) == 0;
}

}  // namespace latchkey
