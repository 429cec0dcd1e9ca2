// Any text as an opaque token: the two looks at it agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "base/id.h"
#include "token/opaque.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    const auto shape = latchkey::shape_of(text);
    if (latchkey::has_valid_checksum(text)) {
        const auto checksum = text.substr(text.size() - latchkey::kChecksumLength);
        const auto body = text.substr(text.rfind('_') + 1);
        const auto random = body.substr(0, body.size() - latchkey::kChecksumLength);
        if (latchkey::opaque_checksum(random) != checksum) std::abort();
    }
    if (shape == latchkey::TokenShape::kOpaque && text.find('.') != text.npos) std::abort();
    if (shape == latchkey::TokenShape::kTwoPart && text.size() - text.find('.') != 65) {
        std::abort();
    }
    const auto id = latchkey::parse_uuid(text);
    if (id && latchkey::parse_uuid(latchkey::format_shortuuid(*id)) != id) std::abort();
    return 0;
}
