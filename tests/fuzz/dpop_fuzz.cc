// Any text as a proof of possession, and as the URL of one: what is accepted keeps the rules, and
// nothing verifies that nobody signed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "token/dpop.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    if (const auto url = latchkey::normalised_url(text)) {
        // The one form of the one form is itself.
        if (latchkey::normalised_url(*url) != *url) std::abort();
        if (url->find_first_of("?# \\") != std::string::npos) std::abort();
    }
    const auto proof = latchkey::parse_proof(text);
    if (!proof) {
        if (proof.error().reason != "invalid_dpop_proof") std::abort();
        return 0;
    }
    if (proof->id.empty() || proof->id.size() > 256) std::abort();
    if (latchkey::base64url_encode(latchkey::as_text(proof->thumbprint)) !=
        proof->key.thumbprint()) {
        std::abort();
    }
    latchkey::ProofDemand demand;
    demand.method = proof->method;
    demand.url = proof->url;
    demand.now = proof->issued_at;
    demand.token = proof->token;
    if (!latchkey::check_proof(*proof, demand)) std::abort();
    static_cast<void>(latchkey::is_signed(*proof));
    return 0;
}
