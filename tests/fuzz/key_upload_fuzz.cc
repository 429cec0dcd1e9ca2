// Any text as uploaded keys: as it is, as the JSON it may be, and as the inside of a PEM block, so
// that DER is reached without guessing base64. What is accepted is whole, and no error repeats what
// was pasted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/encoding.h"
#include "crypto/key_upload.h"

namespace {

void look_at(const latchkey::json::value& document) {
    const auto keys = latchkey::read_public_keys(document, std::nullopt);
    if (!keys) {
        if (keys.error().reason.empty() || keys.error().message.size() > 300) std::abort();
        return;
    }
    if (keys->empty() || keys->size() > latchkey::kKeyUploadKeysMax) std::abort();
    for (const auto& key : *keys) {
        const auto jwk = key.to_jwk();
        if (jwk.contains("d") || jwk.contains("k")) std::abort();
        const auto again = latchkey::PublicKey::from_jwk(jwk);
        if (!again || again->thumbprint() != key.thumbprint()) std::abort();
        const auto spki = latchkey::PublicKey::from_spki_der(key.to_spki_der(), key.algorithm());
        if (!spki || spki->thumbprint() != key.thumbprint()) std::abort();
        if (key.verify("message", "signature")) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    look_at(latchkey::json::value(text));
    if (const auto parsed = latchkey::parse_json(text)) look_at(*parsed);
    look_at(latchkey::json::value("-----BEGIN PUBLIC KEY-----\n" + latchkey::base64_encode(text) +
                                  "\n-----END PUBLIC KEY-----\n"));
    return 0;
}
