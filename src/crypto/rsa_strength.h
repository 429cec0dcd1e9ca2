// How RSA keys in the wild were broken without any computer of size: what everybody can test about
// a modulus, as public authorities do. Private to this layer. Pure and thread-safe; the longest
// modulus costs one exponentiation.
#pragma once

#include <string_view>

#include "base/result.h"

namespace latchkey {

// `modulus` is big-endian without leading zeros, of at most 512 bytes. Reasons:
//   rsa_bits          other than 2048, 3072 or 4096
//   rsa_small_factor  a prime below 752 divides it, or it is a prime itself
//   rsa_roca          made by a chip with CVE-2017-15361 (true for one other key in 2^27)
//   rsa_close_primes  Fermat's method finds the primes in 110 rounds (CVE-2022-26320)
Status check_rsa_strength(std::string_view modulus);

}  // namespace latchkey
