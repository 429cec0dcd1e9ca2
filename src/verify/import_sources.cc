#include "verify/import_sources.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace latchkey::verify {
namespace {

constexpr std::string_view kContext = "latchkey imported secret";

}  // namespace

Digest ImportSource::digest_of(std::string_view secret) const {
    return key ? key->mac(secret) : sha256(secret);
}

Digest bound_digest(const ImportSourceId& source, const Digest& digest) {
    std::array<char, kContext.size() + sizeof(UuidBytes)> context{};
    const auto id = std::copy(kContext.begin(), kContext.end(), context.begin());
    std::copy(source.bytes.begin(), source.bytes.end(), id);
    return sha256({context.data(), context.size()}, as_text(digest));
}

}  // namespace latchkey::verify
