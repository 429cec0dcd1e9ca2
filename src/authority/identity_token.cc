#include "authority/identity_token.h"

#include <algorithm>

#include "base/encoding.h"
#include "token/jws.h"

namespace latchkey::authority {
namespace {

Error not_valid() {
    return Error{ErrorCode::kUnauthenticated, "the identity token is not valid, or has ended"}
        .with_reason("invalid_token");
}

// Whoever could name keys that do not exist would have a new budget for each.
bool is_known_key(verify::Replica::Reader& reader, const AccessClaims& claims) {
    const verify::ReadGuard guard(reader);
    verify::TokenView view;
    return reader.find(key_digest(claims.client, claims.client_key), view);
}

}  // namespace

void set_identity_life(AccessClaims& claims) {
    claims.expires_at = std::min(claims.expires_at, claims.issued_at + kIdentityLife);
}

std::string sign_identity(Authority& authority, AccessClaims claims) {
    // For us alone: no API has the issuer as its audience and takes it for one of its own.
    claims.audience = claims.issuer;
    const auto keys = authority.keys().keys();
    return sign_jws(*keys->active, kIdentityTyp, keys->active->kid(), to_claims(claims));
}

bool is_identity_token(std::string_view text) {
    const auto parsed = parse_unverified(text);
    return parsed && TypPolicy::exactly(kIdentityTyp).allows(parsed->typ);
}

Result<ProvenClient> open_identity(Authority& authority, verify::Replica::Reader& reader,
                                   std::string_view text, const Address& from) {
    const auto parsed = parse_unverified(text);
    if (!parsed) return not_valid();
    const auto keys = authority.keys().keys();
    const PublicKey* key = keys->find(parsed->kid);
    const auto claims = parse_access_claims(parsed->claims);
    const std::string& issuer = authority.settings().issuer;
    const bool is_ours = key != nullptr && claims && !claims->client_key.empty() &&
                         claims->issuer == issuer && claims->audience == issuer;
    if (!is_ours || !is_known_key(reader, *claims)) return not_valid();
    // What can be known without cryptography came first; a signature that is wrong is paid for.
    const Microseconds steady = authority.clock().steady();
    auto& failures = authority.access_failures();
    const FailureBudget::Payer payer{from, claims->client.raw()};
    if (failures.wait_for(payer, steady) > 0) {
        return Error{ErrorCode::kUnavailable, "too many wrong tokens came from this address"};
    }
    if (!verify_parsed(*parsed, *key, TypPolicy::exactly(kIdentityTyp))) {
        failures.charge(payer, steady);
        return not_valid();
    }
    if (claims->expires_at <= authority.clock().now()) return not_valid();
    return ProvenClient{claims->client, claims->client_key, {}};
}

}  // namespace latchkey::authority
