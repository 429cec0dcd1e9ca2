// The secret of a jwt or opaque token: what its holder presents, once as text, and what we keep of
// it. The first has the token's id; later ones have their own, and a jwt then names its token.
#pragma once

#include <string>

#include "authority/authority.h"
#include "base/secret.h"
#include "store/records.h"

namespace latchkey::authority {

struct MadeSecret {
    store::SecretRecord record;
    Secret text;
};

MadeSecret make_secret(Authority& authority, const store::TokenRecord& token,
                       const std::string& audience, std::uint32_t generation, Timestamp now);
// Another status index, when the first was taken meanwhile; the jwt is signed anew.
Status settle_status_index(Authority& authority, store::Connection& db,
                           const store::TokenRecord& token, const std::string& audience,
                           MadeSecret& made);

}  // namespace latchkey::authority
