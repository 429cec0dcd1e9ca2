// Any text as a compact JWS: the parsers agree with each other and nothing verifies.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/encoding.h"
#include "token/jws.h"
#include "token/jwt_claims.h"
#include "token/opaque.h"

namespace {

// Nobody keeps the private half, so no input can be signed by it.
const latchkey::PublicKey& public_key() {
    static const latchkey::PublicKey kKey = latchkey::SigningKey::generate().public_key();
    return kKey;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    const auto parts = latchkey::split_compact(text);
    const auto parsed = latchkey::parse_unverified(text);
    if (parsed) {
        if (!parts || latchkey::shape_of(text) != latchkey::TokenShape::kJwt) std::abort();
        static_cast<void>(latchkey::parse_claims(parsed->claims));
    }
    if (parts && !latchkey::base64url_decode(parts->payload)) std::abort();
    const auto policy = latchkey::TypPolicy::absent_or("JWT");
    if (latchkey::verify_jws(text, public_key(), policy)) std::abort();
    if (latchkey::verify_jws_payload(text, public_key())) std::abort();
    return 0;
}
