#include "crypto/jwe.h"

#include <openssl/rsa.h>

#include "base/encoding.h"
#include "crypto/openssl.h"
#include "crypto/random.h"
#include "crypto/seal.h"

namespace latchkey {
namespace {

constexpr std::size_t kIvBytes = 12;
constexpr std::size_t kTagBytes = 16;

// RFC 7518 §4.3: OAEP with SHA-256, and MGF1 with the same.
std::string wrap(const PublicKey& recipient, std::string_view key) {
    const openssl::ErrorQueueGuard guard;
    const std::string der = recipient.to_spki_der();
    const unsigned char* next = as_bytes(der).data();
    const openssl::Key parsed(d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size())));
    CHECK(parsed && EVP_PKEY_get_base_id(parsed.get()) == EVP_PKEY_RSA);
    const openssl::KeyContext context(EVP_PKEY_CTX_new(parsed.get(), nullptr));
    CHECK(context && EVP_PKEY_encrypt_init(context.get()) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1);
    std::size_t length = 0;
    CHECK(EVP_PKEY_encrypt(context.get(), nullptr, &length, as_bytes(key).data(), key.size()) == 1);
    std::string wrapped(length, '\0');
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    auto* const out = reinterpret_cast<unsigned char*>(wrapped.data());
    CHECK(EVP_PKEY_encrypt(context.get(), out, &length, as_bytes(key).data(), key.size()) == 1);
    wrapped.resize(length);
    return wrapped;
}

}  // namespace

std::string encrypt_jwe(const PublicKey& recipient, const Secret& text) {
    const std::string header = base64url_encode(R"({"alg":"RSA-OAEP-256","enc":"A256GCM"})");
    const Secret key(random_string(kSealKeyBytes));
    // RFC 7516 §5.1: the header's own text is what the encryption vouches for beside the content.
    const std::string sealed = seal(key, text.expose(), header);
    const auto body = std::string_view(sealed).substr(kIvBytes);
    std::string jwe = header;
    jwe += "." + base64url_encode(wrap(recipient, key.expose()));
    jwe += "." + base64url_encode(sealed.substr(0, kIvBytes));
    jwe += "." + base64url_encode(body.substr(0, body.size() - kTagBytes));
    jwe += "." + base64url_encode(body.substr(body.size() - kTagBytes));
    return jwe;
}

}  // namespace latchkey
