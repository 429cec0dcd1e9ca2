// Changing a token in place. Whoever makes it narrower may change it; who makes it wider in any
// respect must be able to make such a token. What a jwt says of itself is never widened: its
// holders, and whoever verifies off-line, would not know. That takes a rotation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/change_token.h"
#include "authority/directory.h"
#include "crypto/keys.h"

namespace latchkey::authority {

// What is not set stays as it is.
struct TokenEdit {
    std::optional<std::string> name{};
    std::optional<std::string> description{};
    std::optional<std::vector<std::string>> scopes{};       // all of them
    std::optional<std::optional<Timestamp>> expires_at{};   // none: never
    std::optional<std::optional<Timestamp>> not_before{};   // none, or past: at once
    std::optional<std::vector<std::string>> allowed_ips{};  // empty: from everywhere
    std::optional<RateLimit> rate{};                        // not set: as often as one likes
    std::optional<std::vector<PublicKey>> keys{};           // of a key token: the whole set
};

// One event, or none when nothing changed. Off-line, a narrowed jwt says "ask the authority" from
// then on. Errors: those of creation, jwt_widening, token_revoked, token_expired.
Result<TokenDetails> edit_token(store::Transaction& tx, const Actor& actor,
                                const DirectoryView& directory, std::string_view id,
                                const TokenEdit& edit);

}  // namespace latchkey::authority
