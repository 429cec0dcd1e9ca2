#include "crypto/key_pair.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include "crypto/key_parts.h"

namespace latchkey {
namespace {

constexpr int kRsaBits = 4096;
constexpr int kSaltBytes = 16;  // SP 800-132 §5.1

// r ‖ s out of OpenSSL's DER (RFC 7518 §3.4).
std::string raw_of_der(std::string_view der, int coordinate_bytes) {
    const unsigned char* position = as_bytes(der).data();
    const openssl::EcdsaSignature signature(
        d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size())));
    CHECK(signature != nullptr);
    std::string raw(2 * static_cast<std::size_t>(coordinate_bytes), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    const BIGNUM* r = ECDSA_SIG_get0_r(signature.get());
    const BIGNUM* s = ECDSA_SIG_get0_s(signature.get());
    CHECK(BN_bn2binpad(r, out, coordinate_bytes) == coordinate_bytes);
    CHECK(BN_bn2binpad(s, out + coordinate_bytes, coordinate_bytes) == coordinate_bytes);
    return raw;
}

Error bad_pem(std::string message) {
    return invalid(std::move(message), "bad_pem");
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// What people have in their files instead of what we read.
Status check_label(std::string_view pem) {
    if (contains(pem, "BEGIN OPENSSH PRIVATE KEY")) {
        return bad_pem("this is a private key in OpenSSH's own form")
            .with_hint("convert a copy of it with: ssh-keygen -p -m PKCS8 -f <file>");
    }
    if (contains(pem, "PRIVATE KEY-----")) return {};
    if (contains(pem, "PUBLIC KEY-----") || contains(pem, "BEGIN CERTIFICATE")) {
        return bad_pem("this is a public key; the private one is needed to sign");
    }
    return bad_pem("this is no private key in PEM");
}

bool is_encrypted(std::string_view pem) {
    return contains(pem, "BEGIN ENCRYPTED PRIVATE KEY") || contains(pem, "Proc-Type: 4,ENCRYPTED");
}

// OpenSSL asks here; without this function it would ask the terminal.
int give_passphrase(char* out, int size, int /*is_writing*/, void* passphrase) {
    const auto* secret = static_cast<const Secret*>(passphrase);
    if (secret == nullptr || secret->expose().size() > static_cast<std::size_t>(size)) return -1;
    const auto text = secret->expose();
    std::copy(text.begin(), text.end(), out);
    return static_cast<int>(text.size());
}

Result<openssl::Key> read_pem(std::string_view pem, const Secret* passphrase) {
    const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    CHECK(bio != nullptr);
    Secret copy(std::string(passphrase == nullptr ? std::string_view{} : passphrase->expose()));
    openssl::Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &copy));
    if (key != nullptr) return key;
    if (is_encrypted(pem)) {
        return invalid("the passphrase is wrong, or the key is damaged", "wrong_passphrase");
    }
    return bad_pem("the private key is damaged");
}

Result<Algorithm> own_algorithm(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA: return Algorithm::kRs256;
        case EVP_PKEY_ED25519: return Algorithm::kEd25519;
        case EVP_PKEY_EC: break;
        default:
            return invalid("the key is none of RSA, P-256, P-521 and Ed25519",
                           "unsupported_key_type");
    }
    std::array<char, 64> name{};
    if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1) {
        if (std::string_view(name.data()) == kP256.openssl_name) return Algorithm::kEs256;
        if (std::string_view(name.data()) == kP521.openssl_name) return Algorithm::kEs512;
    }
    return invalid("the key's curve is neither P-256 nor P-521", "unsupported_curve");
}

Result<PublicKey> public_half(EVP_PKEY* key, Algorithm algorithm) {
    const int length = i2d_PUBKEY(key, nullptr);
    CHECK(length > 0);
    std::string der(static_cast<std::size_t>(length), '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    CHECK(i2d_PUBKEY(key, &end) == length);
    return PublicKey::from_spki_der(der, algorithm);
}

openssl::Key new_key(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::kRs256:
        case Algorithm::kRs512: return openssl::Key(EVP_RSA_gen(kRsaBits));
        case Algorithm::kEs256: return openssl::Key(EVP_EC_gen(kP256.openssl_name));
        case Algorithm::kEs512: return openssl::Key(EVP_EC_gen(kP521.openssl_name));
        case Algorithm::kEd25519:
            return openssl::Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        case Algorithm::kPs256: break;
    }
    return {};
}

openssl::EncryptedPkcs8 encrypt(PKCS8_PRIV_KEY_INFO* info, const Secret& passphrase) {
    openssl::PbeAlgorithm algorithm(PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPassphraseIterations,
                                                      nullptr, kSaltBytes, nullptr,
                                                      NID_hmacWithSHA256));
    CHECK(algorithm != nullptr);
    const auto text = passphrase.expose();
    openssl::EncryptedPkcs8 out(
        PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), info, algorithm.get()));
    CHECK(out != nullptr);
    static_cast<void>(algorithm.release());  // `out` has it now
    return out;
}

}  // namespace

struct PrivateKey::Pair {
    openssl::Key key;
};

std::string sign_with(EVP_PKEY* key, Algorithm algorithm, std::string_view message) {
    const openssl::ErrorQueueGuard guard;
    const openssl::DigestContext context(EVP_MD_CTX_new());
    CHECK(context &&
          EVP_DigestSignInit(context.get(), nullptr, message_digest(algorithm), nullptr, key) == 1);
    std::array<unsigned char, kRsaBitsMax / 8> out{};
    std::size_t length = out.size();
    CHECK(EVP_DigestSign(context.get(), out.data(), &length, as_bytes(message).data(),
                         message.size()) == 1);
    const auto signature = as_text({out.data(), length});
    if (algorithm == Algorithm::kEs256) return raw_of_der(signature, 32);
    if (algorithm == Algorithm::kEs512) return raw_of_der(signature, 66);
    return std::string(signature);
}

PrivateKey PrivateKey::generate(Algorithm algorithm) {
    openssl::Key key = new_key(algorithm);
    CHECK(key != nullptr);
    auto half = public_half(key.get(), algorithm);
    CHECK(half.has_value());
    return {std::make_shared<const Pair>(Pair{std::move(key)}), std::move(half).value()};
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem, const Secret* passphrase,
                                        std::optional<Algorithm> algorithm) {
    const std::string_view text = pem.expose();
    if (text.size() > kPrivatePemBytesMax) return bad_pem("the text is longer than 16 KiB");
    TRY(check_label(text));
    const bool has_passphrase = passphrase != nullptr && !passphrase->empty();
    if (is_encrypted(text) && !has_passphrase) {
        return invalid("the private key is protected by a passphrase", "passphrase_needed");
    }
    const openssl::ErrorQueueGuard guard;
    openssl::Key key = TRY(read_pem(text, passphrase));
    const Algorithm own = TRY(own_algorithm(key.get()));
    const bool is_rs512 = own == Algorithm::kRs256 && algorithm == Algorithm::kRs512;
    if (algorithm && *algorithm != own && !is_rs512) {
        return invalid("the algorithm does not fit the key", "algorithm_mismatch");
    }
    auto half = TRY(public_half(key.get(), algorithm.value_or(own)));
    PrivateKey pair{std::make_shared<const Pair>(Pair{std::move(key)}), std::move(half)};
    if (!pair.public_.verify("latchkey", pair.sign("latchkey"))) {
        return bad_pem("the two halves of the key do not belong together");
    }
    return pair;
}

Secret PrivateKey::to_pem(const Secret* passphrase) const {
    const openssl::ErrorQueueGuard guard;
    const openssl::Pkcs8 info(EVP_PKEY2PKCS8(pair_->key.get()));
    const openssl::Bio bio(BIO_new(BIO_s_secmem()));  // wiped when it is freed
    CHECK(info && bio);
    if (passphrase == nullptr || passphrase->empty()) {
        CHECK(PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), info.get()) == 1);
    } else {
        const auto encrypted = encrypt(info.get(), *passphrase);
        CHECK(PEM_write_bio_PKCS8(bio.get(), encrypted.get()) == 1);
    }
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    CHECK(length > 0);
    return Secret(std::string(text, static_cast<std::size_t>(length)));
}

std::string PrivateKey::public_pem() const {
    const std::string encoded = base64_encode(public_.to_spki_der());
    std::string pem = "-----BEGIN PUBLIC KEY-----\n";
    for (std::size_t i = 0; i < encoded.size(); i += 64) {  // RFC 7468 §2
        pem.append(encoded, i, 64).push_back('\n');
    }
    return pem += "-----END PUBLIC KEY-----\n";
}

std::string PrivateKey::sign(std::string_view message) const {
    return sign_with(pair_->key.get(), algorithm(), message);
}

}  // namespace latchkey
