// What parses keeps its meaning when it is written and read again; keys that load from any JSON
// are whole.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/keys.h"

namespace {

// Boost.JSON may read a fraction one unit in the last place off, so texts that hold one are not
// compared. Nothing of ours reads fractions.
bool has_fraction(const latchkey::json::value& value) {
    if (value.is_double()) return true;
    if (value.is_array()) {
        const auto& array = value.get_array();
        return std::any_of(array.begin(), array.end(), has_fraction);
    }
    if (!value.is_object()) return false;
    const auto& object = value.get_object();
    return std::any_of(object.begin(), object.end(),
                       [](const auto& member) { return has_fraction(member.value()); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    const auto value = latchkey::parse_json(text);
    if (!value) return 0;
    if (!latchkey::is_valid_utf8(text)) std::abort();
    // Written text may be longer than what was read, so only the depth is bounded here.
    latchkey::JsonLimits roomy;
    roomy.bytes_max = 10'000'000;
    const auto again = latchkey::parse_json(latchkey::to_json(*value), roomy);
    if (!again) std::abort();
    if (!has_fraction(*value) && *again != *value) std::abort();
    const auto key = latchkey::PublicKey::from_jwk(*value);
    if (key && !latchkey::PublicKey::from_jwk(key->to_jwk())) std::abort();
    return 0;
}
