#include "base/secret.h"

#include <cstring>

namespace latchkey {

void wipe(std::string& bytes) {
    // The whole capacity: a short string lives inside the object and survives a move as a copy.
    bytes.resize(bytes.capacity());
    explicit_bzero(bytes.data(), bytes.size());
    bytes.clear();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^
                                            static_cast<unsigned char>(b[i]));
        asm volatile("" : "+r"(difference));  // keeps the compiler from leaving the loop early
    }
    return difference == 0;
}

}  // namespace latchkey
