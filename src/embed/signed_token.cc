#include "embed/signed_token.h"

#include <algorithm>

#include "base/encoding.h"
#include "token/access_token.h"
#include "token/jwt_claims.h"

namespace latchkey::embed {
namespace {

Error malformed(std::string message) {
    return invalid(std::move(message), "malformed_token");
}

Result<SignedToken> read_jwt(const ParsedJws& jws, std::string_view issuer) {
    const JwtClaims claims = TRY(parse_claims(jws.claims));
    SignedToken token;
    token.kid = jws.kid;
    token.audience = claims.audience;
    token.secret_id = claims.id.uuid();
    token.token_id = claims.token_id ? claims.token_id->uuid() : token.secret_id;
    token.owner = claims.subject.uuid();
    token.scopes = claims.scopes;
    token.issued_at = claims.issued_at.seconds();
    if (claims.expires_at) token.expires_at = claims.expires_at->seconds();
    if (claims.status) {
        if (!is_list_of(claims.status->uri, issuer)) {
            return malformed("status names a list that is not the issuer's");
        }
        token.status_uri = claims.status->uri;
        token.status_index = claims.status->index;
    }
    return token;
}

Result<SignedToken> read_access(const ParsedJws& jws) {
    const AccessClaims claims = TRY(parse_access_claims(jws.claims));
    SignedToken token;
    token.is_access = true;
    token.kid = jws.kid;
    token.audience = claims.audience;
    token.token_id = claims.client.uuid();
    token.secret_id = format_access_id(claims.id);
    token.scopes = claims.scopes;
    token.requested = claims.requested;
    token.issued_at = claims.issued_at.seconds();
    token.expires_at = claims.expires_at.seconds();
    if (claims.project) token.project = claims.project->uuid();
    token.facts_digest = hex_encode(as_text(facts_digest(claims)));
    for (const AccessId& ancestor : claims.derived_from) {
        token.ancestors.push_back(format_access_id(ancestor));
    }
    token.needs_proof = claims.holder_key.has_value();
    return token;
}

}  // namespace

bool is_list_of(std::string_view uri, std::string_view issuer) {
    static constexpr std::string_view kPath = "/status/";
    if (!uri.starts_with(issuer) || !uri.substr(issuer.size()).starts_with(kPath)) return false;
    const std::string_view number = uri.substr(issuer.size() + kPath.size());
    const bool is_number =
        !number.empty() && number.size() <= 10 &&
        std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    return is_number && (number.size() == 1 || number.front() != '0');
}

Result<SignedToken> read_signed(const ParsedJws& jws, std::string_view issuer) {
    if (TypPolicy::exactly(kJwtTyp).allows(jws.typ)) return read_jwt(jws, issuer);
    if (TypPolicy::exactly(kAccessTokenTyp).allows(jws.typ)) return read_access(jws);
    return malformed("the token is of another type");
}

}  // namespace latchkey::embed
