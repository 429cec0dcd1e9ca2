#include "token/access_token.h"

#include "base/encoding.h"
#include "token/claim_readers.h"

namespace latchkey {
namespace {

// An id as we write it ourselves: a UUID. Nothing else has to be read back.
template <typename AnyId>
Result<AnyId> uuid_claim(const json::object& claims, std::string_view name) {
    const auto text = TRY(text_claim(claims, name));
    const auto id = AnyId::parse(text);
    if (!id || id->uuid() != text) return malformed_claim("a claim is no UUID", name);
    return *id;
}

Result<std::string> thumbprint_claim(const json::object& claims, std::string_view name) {
    auto text = TRY(text_claim(claims, name));
    const auto digest = base64url_decode(text);
    if (!digest || digest->size() != Digest{}.size()) {
        return malformed_claim("a claim is no thumbprint of a key", name);
    }
    return text;
}

}  // namespace

json::object to_claims(const AccessClaims& claims) {
    json::object out;
    out.reserve(11);
    out["aud"] = json::array{json::value(claims.audience)};
    out["client_id"] = claims.client.uuid();
    out["sub"] = claims.client.uuid();
    out["exp"] = claims.expires_at.seconds();
    out["iat"] = claims.issued_at.seconds();
    out["iss"] = claims.issuer;
    out["jti"] = claims.id;
    if (!claims.scopes.empty()) out["scope"] = claims.scopes.to_text();
    out["client_key"] = claims.client_key;
    if (claims.project) out["project_id"] = claims.project->uuid();
    // Even when it is empty: a ceiling that vanished would be no ceiling.
    if (claims.requested) out["requested_scope"] = claims.requested->to_text();
    return out;
}

Result<AccessClaims> parse_access_claims(const json::object& claims) {
    AccessClaims out;
    out.audience = TRY(audience_claim(claims));
    out.client = TRY(uuid_claim<TokenId>(claims, "client_id"));
    const auto subject = TRY(uuid_claim<TokenId>(claims, "sub"));
    if (subject != out.client) return malformed_claim("sub is not client_id", "sub");
    out.expires_at = TRY(time_claim(claims, "exp"));
    out.issued_at = TRY(time_claim(claims, "iat"));
    if (out.expires_at <= out.issued_at) return malformed_claim("exp is not after iat", "exp");
    out.issuer = TRY(text_claim(claims, "iss"));
    out.id = TRY(text_claim(claims, "jti"));
    if (claims.contains("scope")) out.scopes = TRY(scope_claim(claims, "scope"));
    out.client_key = TRY(thumbprint_claim(claims, "client_key"));
    if (claims.contains("project_id")) {
        out.project = TRY(uuid_claim<ProjectId>(claims, "project_id"));
    }
    if (claims.contains("requested_scope")) {
        out.requested = TRY(scope_claim(claims, "requested_scope"));
    }
    return out;
}

Digest key_digest(const TokenId& token, std::string_view thumbprint) {
    // The zero byte: no credential that HTTP can carry holds one.
    static constexpr std::string_view kPurpose("latchkey key\0", 13);
    std::string owner(kPurpose);
    owner += token.raw();
    return sha256(owner, thumbprint);
}

}  // namespace latchkey
