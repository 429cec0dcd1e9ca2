#include "crypto/password.h"

#include <array>

#include <sodium.h>

namespace latchkey {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = std::size_t{19} * 1024 * 1024;

// Made once with the costs above from a random password that nobody kept.
constexpr const char* kHashOfNothing =
    "$argon2id$v=19$m=19456,t=2,p=1$MlctLmQgAAXa8Q7iPt30tQ$"
    "FK/GGG1wX8kVD73a8CuJpXAFKbOO7AVH7aerzmZgTQo";

void start_sodium() {
    static const int started = sodium_init();
    CHECK(started >= 0);
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_str(text.data(), password.data(), password.size(), kPasses, kMemoryBytes) !=
        0) {
        return Error{ErrorCode::kUnavailable, "the server is out of memory",
                     "argon2id could not get its memory"};
    }
    return std::string(text.data());
}

bool verify_password(const std::string& hash, std::string_view password) {
    start_sodium();
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool password_needs_rehash(const std::string& hash) {
    start_sodium();
    return crypto_pwhash_str_needs_rehash(hash.c_str(), kPasses, kMemoryBytes) != 0;
}

bool verify_against_nothing(std::string_view password) {
    static_cast<void>(verify_password(kHashOfNothing, password));
    return false;
}

}  // namespace latchkey
