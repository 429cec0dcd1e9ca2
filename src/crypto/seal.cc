#include "crypto/seal.h"

#include <limits>

#include "base/encoding.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

namespace latchkey {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
static_assert(kNonceBytes + kTagBytes == kSealOverheadBytes);

const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    CHECK(kCipher != nullptr);
    return kCipher;
}

int length_of(std::string_view bytes) {
    CHECK(bytes.size() < static_cast<std::size_t>(std::numeric_limits<int>::max()));
    return static_cast<int>(bytes.size());
}

unsigned char* writable(std::string& bytes, std::size_t offset) {
    // NOLINTNEXTLINE: OpenSSL writes unsigned characters.
    return reinterpret_cast<unsigned char*>(bytes.data()) + offset;
}

Error does_not_open() {
    return invalid("the sealed value cannot be opened", "bad_seal");
}

}  // namespace

std::string seal(const Secret& key, std::string_view plaintext, std::string_view associated) {
    CHECK(key.expose().size() == kSealKeyBytes);
    const std::string nonce = random_string(kNonceBytes);
    std::string out = nonce;
    out.resize(kNonceBytes + plaintext.size() + kTagBytes);
    const openssl::CipherContext context(EVP_CIPHER_CTX_new());
    CHECK(context != nullptr);
    int written = 0;
    CHECK(EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), as_bytes(key.expose()).data(),
                              as_bytes(nonce).data(), nullptr) == 1);
    CHECK(EVP_EncryptUpdate(context.get(), nullptr, &written, as_bytes(associated).data(),
                            length_of(associated)) == 1);
    CHECK(EVP_EncryptUpdate(context.get(), writable(out, kNonceBytes), &written,
                            as_bytes(plaintext).data(), length_of(plaintext)) == 1);
    int last = 0;
    unsigned char none[kTagBytes];
    CHECK(EVP_EncryptFinal_ex(context.get(), none, &last) == 1 && last == 0);
    CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                              writable(out, kNonceBytes + plaintext.size())) == 1);
    return out;
}

Result<Secret> open_sealed(const Secret& key, std::string_view sealed,
                           std::string_view associated) {
    CHECK(key.expose().size() == kSealKeyBytes);
    if (sealed.size() < kSealOverheadBytes) return does_not_open();
    const openssl::ErrorQueueGuard guard;
    const auto nonce = sealed.substr(0, kNonceBytes);
    const auto body = sealed.substr(kNonceBytes, sealed.size() - kSealOverheadBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    const openssl::CipherContext context(EVP_CIPHER_CTX_new());
    CHECK(context != nullptr);
    std::string plain(body.size(), '\0');
    int written = 0;
    CHECK(EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), as_bytes(key.expose()).data(),
                              as_bytes(nonce).data(), nullptr) == 1);
    CHECK(EVP_DecryptUpdate(context.get(), nullptr, &written, as_bytes(associated).data(),
                            length_of(associated)) == 1);
    CHECK(EVP_DecryptUpdate(context.get(), writable(plain, 0), &written, as_bytes(body).data(),
                            length_of(body)) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
    Secret opened(std::move(plain));
    unsigned char none[kTagBytes];
    int last = 0;
    if (EVP_DecryptFinal_ex(context.get(), none, &last) != 1) return does_not_open();
    return opened;
}

}  // namespace latchkey
