// Revocation by who holds a token (RFC 7009): showing it is permission enough, for whoever found
// one somewhere should be able to stop it. What was derived from it dies with it.
#pragma once

#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

// The whole token, with every secret of it. One that is revoked already is no event.
Status revoke_presented_token(store::Transaction& tx, const TokenId& token);

struct PresentedAccess {
    AccessId id;
    TokenId token;  // that it was got with
    UserId owner;
    Timestamp expires_at;
};
// So many access tokens of one token are remembered at a time, which bounds what one holder makes
// everybody keep. Beyond that: kRateLimited; the token itself can always be revoked.
inline constexpr std::uint64_t kRevokedAccessMax = 1000;
Status revoke_presented_access(store::Transaction& tx, const PresentedAccess& access);

}  // namespace latchkey::authority
