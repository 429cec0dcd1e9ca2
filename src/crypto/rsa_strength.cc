#include "crypto/rsa_strength.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "crypto/openssl.h"

namespace latchkey {
namespace {

constexpr BN_ULONG kSmallFactorMax = 751;
constexpr int kFermatRounds = 110;
constexpr BN_ULONG kRocaPrimeMax = 167;
constexpr BN_ULONG kRocaGenerator = 65537;

Error weak(std::string_view reason, std::string message) {
    return invalid(std::move(message), reason);
}

constexpr bool is_small_prime(BN_ULONG candidate) {
    for (BN_ULONG i = 2; i * i <= candidate; ++i) {
        if (candidate % i == 0) return false;
    }
    return candidate >= 2;
}

constexpr std::size_t kSmallPrimeCount = [] {
    std::size_t count = 0;
    for (BN_ULONG i = 2; i <= kSmallFactorMax; ++i) {
        if (is_small_prime(i)) ++count;
    }
    return count;
}();
constexpr auto kSmallPrimes = [] {
    std::array<BN_ULONG, kSmallPrimeCount> primes{};
    std::size_t at = 0;
    for (BN_ULONG i = 2; i <= kSmallFactorMax; ++i) {
        if (is_small_prime(i)) primes[at++] = i;
    }
    return primes;
}();

bool has_small_factor(const BIGNUM* n) {
    for (const BN_ULONG prime : kSmallPrimes) {
        if (BN_mod_word(n, prime) == 0) return true;
    }
    return false;
}

// Whether `residue` is a power of 65537 modulo the prime.
bool is_roca_residue(BN_ULONG residue, BN_ULONG prime) {
    BN_ULONG power = 1;
    do {
        if (power == residue) return true;
        power = power * kRocaGenerator % prime;
    } while (power != 1);
    return false;
}

// Those chips made primes k·M + (65537^a mod M) for a product M of the first primes. So each
// factor, and with it n, is a power of 65537 modulo every one of them ("The Return of Coppersmith's
// Attack", CCS 2017, §3.3).
bool has_roca_fingerprint(const BIGNUM* n) {
    for (const BN_ULONG prime : kSmallPrimes) {
        if (prime > kRocaPrimeMax) return true;
        if (!is_roca_residue(BN_mod_word(n, prime), prime)) return false;
    }
    return true;
}

// The largest number whose square is not above n. Newton's method from above.
void square_root(BIGNUM* root, const BIGNUM* n, BN_CTX* context) {
    const openssl::Bignum next(BN_new());
    CHECK(next && BN_set_word(root, 1) == 1);
    CHECK(BN_lshift(root, root, (BN_num_bits(n) + 1) / 2) == 1);
    for (;;) {
        CHECK(BN_div(next.get(), nullptr, n, root, context) == 1);
        CHECK(BN_add(next.get(), next.get(), root) == 1 && BN_rshift1(next.get(), next.get()) == 1);
        if (BN_cmp(next.get(), root) >= 0) return;
        CHECK(BN_copy(root, next.get()) != nullptr);
    }
}

// Most numbers show at once that they are no square: in their remainder by a small number.
template <std::size_t kModulus>
bool may_be_square(const BIGNUM* n) {
    static const auto kSquares = [] {
        std::bitset<kModulus> squares;
        for (std::size_t i = 0; i < kModulus; ++i) {
            squares.set(i * i % kModulus);
        }
        return squares;
    }();
    return kSquares.test(BN_mod_word(n, kModulus));
}

bool is_square(const BIGNUM* n, BN_CTX* context) {
    if (!may_be_square<4032>(n) || !may_be_square<715>(n) || !may_be_square<7429>(n)) return false;
    const openssl::Bignum root(BN_new());
    CHECK(root != nullptr);
    square_root(root.get(), n, context);
    CHECK(BN_sqr(root.get(), root.get(), context) == 1);
    return BN_cmp(root.get(), n) == 0;
}

// n = a² - b² = (a - b)(a + b): few rounds from √n upwards find factors that lie close together.
bool has_close_primes(const BIGNUM* n, BN_CTX* context) {
    const openssl::Bignum a(BN_new());
    const openssl::Bignum rest(BN_new());  // a² - n
    const openssl::Bignum step(BN_new());
    CHECK(a && rest && step);
    square_root(a.get(), n, context);
    CHECK(BN_sqr(rest.get(), a.get(), context) == 1);
    CHECK(BN_sub(rest.get(), rest.get(), n) == 1);
    if (BN_is_zero(rest.get())) return true;  // n is the square of one number
    for (int round = 0; round < kFermatRounds; ++round) {
        CHECK(BN_lshift1(step.get(), a.get()) == 1 && BN_add_word(step.get(), 1) == 1);
        CHECK(BN_add(rest.get(), rest.get(), step.get()) == 1 && BN_add_word(a.get(), 1) == 1);
        if (is_square(rest.get(), context)) return true;
    }
    return false;
}

// 2^(n-1) = 1 modulo every odd prime, and modulo no product of two primes that anybody will meet.
bool looks_prime(const BIGNUM* n, BN_CTX* context) {
    const openssl::Bignum base(BN_new());
    const openssl::Bignum exponent(BN_dup(n));
    const openssl::Bignum power(BN_new());
    CHECK(base && exponent && power && BN_set_word(base.get(), 2) == 1);
    CHECK(BN_sub_word(exponent.get(), 1) == 1);
    CHECK(BN_mod_exp(power.get(), base.get(), exponent.get(), n, context) == 1);
    return BN_is_one(power.get()) == 1;
}

}  // namespace

Status check_rsa_strength(std::string_view modulus) {
    const openssl::ErrorQueueGuard guard;
    const openssl::Bignum n(
        BN_bin2bn(as_bytes(modulus).data(), static_cast<int>(modulus.size()), nullptr));
    const openssl::BignumContext context(BN_CTX_new());
    CHECK(n && context);
    // First, because it matters more than everything else that may be wrong with such a key.
    if (has_roca_fingerprint(n.get())) {
        return weak("rsa_roca", "this RSA key was made by a chip with the ROCA flaw")
            .with_hint("CVE-2017-15361: make the key in software, and replace the chip");
    }
    const int bits = BN_num_bits(n.get());
    if (bits != 2048 && bits != 3072 && bits != 4096) {
        return weak("rsa_bits", "an RSA key must have 2048, 3072 or 4096 bits, and this has " +
                                    std::to_string(bits));
    }
    if (has_small_factor(n.get())) {
        return weak("rsa_small_factor", "a small prime divides the modulus of this RSA key");
    }
    if (has_close_primes(n.get(), context.get())) {
        return weak("rsa_close_primes", "the primes of this RSA key lie too close together");
    }
    if (looks_prime(n.get(), context.get())) {
        return weak("rsa_small_factor", "the modulus of this RSA key is a prime");
    }
    return {};
}

}  // namespace latchkey
