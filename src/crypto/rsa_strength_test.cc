#include "crypto/rsa_strength.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/upload_testing.h"

namespace latchkey {
namespace {

using openssl::Bignum;
using testing::bytes_of;

Bignum number(BN_ULONG word) {
    Bignum out(BN_new());
    CHECK(out && BN_set_word(out.get(), word) == 1);
    return out;
}

Bignum product(const Bignum& a, const Bignum& b) {
    const openssl::BignumContext context(BN_CTX_new());
    Bignum out(BN_new());
    CHECK(out && BN_mul(out.get(), a.get(), b.get(), context.get()) == 1);
    return out;
}

// With `remainder` modulo `step`, or any.
Bignum prime(int bits, const BIGNUM* step = nullptr, const BIGNUM* remainder = nullptr) {
    Bignum out(BN_new());
    CHECK(out && BN_generate_prime_ex(out.get(), bits, 0, step, remainder, nullptr) == 1);
    return out;
}

// Not before the product has all its bits.
template <typename Make>
std::string modulus_of(int bits, Make make) {
    for (;;) {
        const Bignum n = make();
        if (BN_num_bits(n.get()) == bits) return bytes_of(n.get());
    }
}

std::string why(const std::string& modulus) {
    const auto strength = check_rsa_strength(modulus);
    return strength ? "accepted" : std::string(strength.error().reason);
}

TEST(AttackA10, ModuliThatOpenSslMakesAreStrong) {
    for (const int bits : {2048, 3072}) {
        const auto n =
            base64url_decode(std::string_view(testing::rsa_jwk(bits).at("n").as_string()));
        ASSERT_TRUE(n.has_value());
        EXPECT_EQ(why(*n), "accepted") << bits;
    }
}

TEST(AttackA10, SmallFactorsAreFound) {
    for (const BN_ULONG factor : {2UL, 3UL, 17UL, 743UL, 751UL}) {
        const Bignum n(BN_new());
        CHECK(BN_rand(n.get(), 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) == 1);
        CHECK(BN_sub_word(n.get(), BN_mod_word(n.get(), factor)) == 1);
        EXPECT_EQ(why(bytes_of(n.get())), "rsa_small_factor") << factor;
    }
}

TEST(AttackA10, APrimeIsNoModulus) {
    const Bignum group14(BN_get_rfc3526_prime_2048(nullptr));
    EXPECT_EQ(why(bytes_of(group14.get())), "rsa_small_factor");
    const Bignum group16(BN_get_rfc3526_prime_4096(nullptr));
    EXPECT_EQ(why(bytes_of(group16.get())), "rsa_small_factor");
}

TEST(AttackA10, PrimesThatLieCloseTogetherAreFound) {
    const openssl::BignumContext context(BN_CTX_new());
    const std::string n = modulus_of(2048, [&] {
        const Bignum p = prime(1024);
        const Bignum q(BN_dup(p.get()));
        do {
            CHECK(BN_add_word(q.get(), 2) == 1);
        } while (BN_check_prime(q.get(), context.get(), nullptr) != 1);
        return product(p, q);
    });
    EXPECT_EQ(why(n), "rsa_close_primes");
    const std::string square = modulus_of(2048, [] {
        const Bignum p = prime(1024);
        return product(p, p);
    });
    EXPECT_EQ(why(square), "rsa_close_primes");
}

TEST(AttackA10, PrimesOfTheChipsWithTheRocaFlawAreFound) {
    const openssl::BignumContext context(BN_CTX_new());
    // The product of the first 39 primes, 2 to 167.
    Bignum step = number(1);
    for (BN_ULONG candidate = 2; candidate <= 167; ++candidate) {
        if (BN_check_prime(number(candidate).get(), context.get(), nullptr) == 1) {
            CHECK(BN_mul_word(step.get(), candidate) == 1);
        }
    }
    const auto roca_prime = [&](BN_ULONG exponent) {
        const Bignum remainder(BN_new());
        CHECK(BN_mod_exp(remainder.get(), number(65537).get(), number(exponent).get(), step.get(),
                         context.get()) == 1);
        return prime(1024, step.get(), remainder.get());
    };
    const std::string n =
        modulus_of(2048, [&] { return product(roca_prime(12'345), roca_prime(67'890)); });
    EXPECT_EQ(why(n), "rsa_roca");
}

}  // namespace
}  // namespace latchkey
