#include "crypto/digest.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <openssl/core_names.h>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/openssl.h"

namespace latchkey {
namespace {

// Fetched once and kept for the life of the process: a fetch for each digest costs twice as much
// as the digest, and threads queue up at the lock inside.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    CHECK(kAlgorithm != nullptr);
    return kAlgorithm;
}

EVP_MD_CTX* thread_context() {
    thread_local const openssl::DigestContext context = [] {
        openssl::DigestContext made(EVP_MD_CTX_new());
        CHECK(made && EVP_DigestInit_ex2(made.get(), sha256_algorithm(), nullptr) == 1);
        return made;
    }();
    return context.get();
}

EVP_MAC_CTX* thread_mac() {
    static EVP_MAC* const kMac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    thread_local const openssl::MacContext context = [] {
        openssl::MacContext made(EVP_MAC_CTX_new(kMac));
        char name[] = "SHA256";
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
            OSSL_PARAM_construct_end()};
        CHECK(made && EVP_MAC_CTX_set_params(made.get(), params) == 1);
        return made;
    }();
    return context.get();
}

}  // namespace

Digest sha256(std::string_view data) {
    return sha256(data, {});
}

Digest sha256(std::string_view first, std::string_view second) {
    EVP_MD_CTX* const context = thread_context();
    Digest digest{};
    CHECK(EVP_DigestInit_ex2(context, nullptr, nullptr) == 1);
    CHECK(EVP_DigestUpdate(context, first.data(), first.size()) == 1);
    if (!second.empty()) CHECK(EVP_DigestUpdate(context, second.data(), second.size()) == 1);
    CHECK(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
    return digest;
}

Digest hmac_sha256(const Secret& key, std::string_view data) {
    EVP_MAC_CTX* const context = thread_mac();
    const auto key_bytes = as_bytes(key.expose());
    const auto data_bytes = as_bytes(data);
    Digest digest{};
    std::size_t length = 0;
    CHECK(EVP_MAC_init(context, key_bytes.data(), key_bytes.size(), nullptr) == 1);
    CHECK(EVP_MAC_update(context, data_bytes.data(), data_bytes.size()) == 1);
    CHECK(EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1);
    CHECK(length == digest.size());
    return digest;
}

bool equal_in_constant_time(const Digest& a, const Digest& b) {
    // By words and without a branch: OpenSSL's goes byte by byte, which shows in every check.
    std::array<std::uint64_t, sizeof(Digest) / sizeof(std::uint64_t)> x{};
    std::array<std::uint64_t, x.size()> y{};
    std::memcpy(x.data(), a.data(), sizeof x);
    std::memcpy(y.data(), b.data(), sizeof y);
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

}  // namespace latchkey
