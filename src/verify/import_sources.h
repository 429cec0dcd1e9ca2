// Where tokens come from that another system made. All that we were given of them is a digest, made
// by that system's rule; the source says which rule, and what its tokens begin with.
// A row of such a token is found by a digest of its own: of the source and the other system's
// digest. So no text finds it that does not begin with the source's prefix, whatever digest was
// imported: not a session, not a token of ours, not one of another source.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "crypto/digest.h"
#include "crypto/hmac_key.h"

namespace latchkey {
using ImportSourceId = Id<struct ImportSourceTag>;
}  // namespace latchkey

namespace latchkey::verify {

struct ImportSource {
    ImportSourceId id;
    std::string prefix;
    std::optional<HmacKey> key;  // none: plain SHA-256

    // As the other system has it. No allocation.
    [[nodiscard]] Digest digest_of(std::string_view secret) const;
};

// As we keep it.
Digest bound_digest(const ImportSourceId& source, const Digest& digest);

using ImportSources = std::vector<ImportSource>;

}  // namespace latchkey::verify
