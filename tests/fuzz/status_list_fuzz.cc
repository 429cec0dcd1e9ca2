// The first byte chooses the width, the rest is the packed list: as text, and as raw zlib, so that
// the unpacking is reached without guessing base64url.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "token/status_list.h"

namespace {

constexpr std::size_t kBytesMax = 65'536;

void look_at(std::string_view text, unsigned bits) {
    const auto list = latchkey::StatusList::decompress(text, bits, kBytesMax);
    if (!list) return;
    if (list->size() > kBytesMax * 8 / bits || list->get(list->size())) std::abort();
    const auto again = latchkey::StatusList::decompress(list->compress(), bits, kBytesMax);
    if (!again || again->size() != list->size()) std::abort();
    for (std::size_t i = 0; i < list->size(); ++i) {
        if (again->get(i) != list->get(i)) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const unsigned bits = 1U << (data[0] % 4);
    const auto rest = latchkey::as_text({data + 1, size - 1});
    look_at(rest, bits);
    look_at(latchkey::base64url_encode(rest), bits);
    return 0;
}
