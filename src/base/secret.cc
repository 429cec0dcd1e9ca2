#include "base/secret.h"

#include <cstdint>
#include <cstring>

namespace latchkey {
namespace {

std::uint64_t eight_bytes(std::string_view text) {
    std::uint64_t value = 0;
    std::memcpy(&value, text.data(), sizeof value);
    return value;
}

}  // namespace

void wipe(std::string& bytes) {
    // The whole capacity: a short string lives inside the object and survives a move as a copy.
    bytes.resize(bytes.capacity());
    explicit_bzero(bytes.data(), bytes.size());
    bytes.clear();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    std::uint64_t difference = 0;
    while (a.size() >= sizeof difference) {
        difference |= eight_bytes(a) ^ eight_bytes(b);
        a.remove_prefix(sizeof difference);
        b.remove_prefix(sizeof difference);
        asm volatile("" : "+r"(difference));  // keeps the compiler from leaving the loop early
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<std::uint64_t>(static_cast<unsigned char>(a[i]) ^
                                                 static_cast<unsigned char>(b[i]));
        asm volatile("" : "+r"(difference));
    }
    return difference == 0;
}

}  // namespace latchkey
