// Any text as a client assertion, and as the claims of one: what is accepted keeps the rules about
// time, and nothing verifies.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "crypto/key_pair.h"
#include "token/access_token.h"
#include "token/client_assertion.h"
#include "token/jws.h"

namespace {

constexpr std::string_view kIssuer = "https://a.example";
constexpr auto kNow = latchkey::Timestamp::from_seconds(1'800'000'000);

void look_at(const latchkey::json::object& claims) {
    const auto checked = latchkey::check_assertion(claims, kIssuer, kNow);
    if (checked) {
        const auto left = checked->expires_at - kNow;
        if (left.count() <= 0 || left > std::chrono::seconds(310)) std::abort();
        if (checked->id.empty() || checked->id.size() > 256) std::abort();
        if (claims.at("iss") != claims.at("sub") || claims.at("aud") != "https://a.example") {
            std::abort();
        }
    } else if (checked.error().message != "The client assertion is not valid.") {
        std::abort();
    }
    const auto access = latchkey::parse_access_claims(claims);
    if (!access) return;
    const auto again = latchkey::parse_access_claims(latchkey::to_claims(*access));
    if (!again || again->scopes != access->scopes || again->requested != access->requested ||
        again->project != access->project || again->expires_at != access->expires_at) {
        std::abort();
    }
}

// Nobody keeps the private half, so no input can be signed by it.
const latchkey::PublicKey& public_key() {
    static const latchkey::PublicKey kKey =
        latchkey::PrivateKey::generate(latchkey::Algorithm::kEd25519).public_key();
    return kKey;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    if (const auto jws = latchkey::parse_unverified(text)) {
        static_cast<void>(latchkey::is_assertion_typ(jws->typ));
        if (latchkey::verify_parsed(*jws, public_key(), latchkey::TypPolicy::absent_or("JWT"))) {
            std::abort();
        }
        look_at(jws->claims);
    }
    const auto claims = latchkey::parse_json(text);
    if (claims && claims->is_object()) look_at(claims->get_object());
    return 0;
}
