#include "authority/make_secret.h"

#include "crypto/random.h"
#include "store/tables.h"
#include "token/jwt_claims.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

// One status list holds 2^20 entries; half of it is used, so that a random free index is found at
// the first or second try and the count of live tokens stays blurred.
constexpr std::uint64_t kStatusListEntries = 1U << 20;

void sign(Authority& authority, const store::TokenRecord& token, const std::string& audience,
          MadeSecret& made) {
    auto& secret = made.record;
    const auto keys = authority.keys().keys();
    secret.kid = keys->active->kid();
    const std::uint64_t list = authority.current_status_list();
    const std::uint64_t index = random_below(kStatusListEntries);
    secret.status_index = list * kStatusListEntries + index;
    JwtClaims claims;
    claims.audience = audience;
    claims.issued_at = secret.created_at;
    claims.issuer = authority.settings().issuer;
    claims.id = secret.id;
    claims.subject = token.owner;
    claims.expires_at = token.expires_at;
    claims.scopes = ScopeSet::create(*token.scopes).value();
    claims.status = StatusReference{index, claims.issuer + "/status/" + std::to_string(list)};
    if (secret.id.bytes != token.id.bytes) claims.token_id = token.id;
    made.text = Secret(sign_jws(*keys->active, kJwtTyp, secret.kid, to_claims(claims)));
    secret.digest = sha256(made.text.expose());
}

}  // namespace

MadeSecret make_secret(Authority& authority, const store::TokenRecord& token,
                       const std::string& audience, std::uint32_t generation, Timestamp now) {
    MadeSecret made;
    auto& secret = made.record;
    secret.id = generation == 1 ? SecretId{token.id.bytes} : new_id<SecretId>(now);
    secret.token = token.id;
    secret.generation = generation;
    secret.created_at = now;
    if (token.kind == store::TokenKind::kJwt) {
        sign(authority, token, audience, made);
        return made;
    }
    made.text = make_opaque(authority.settings().token_prefix);
    secret.digest = sha256(made.text.expose());
    return made;
}

Status settle_status_index(Authority& authority, store::Connection& db,
                           const store::TokenRecord& token, const std::string& audience,
                           MadeSecret& made) {
    int tries_left = 100;  // at most half of a list is used: more than a few never happens
    while (made.record.status_index &&
           TRY(store::is_status_index_taken(db, *made.record.status_index))) {
        if (--tries_left == 0) return Error{ErrorCode::kInternal, "no free status index"};
        sign(authority, token, audience, made);
    }
    return {};
}

}  // namespace latchkey::authority
