#include "token/jwt_claims.h"

#include "token/claim_readers.h"

namespace latchkey {
namespace {

Result<std::optional<StatusReference>> status_claim(const json::object& claims) {
    const auto* status = claims.if_contains("status");
    if (status == nullptr) return std::optional<StatusReference>{};
    Error error = malformed_claim("status has no status list reference", "status");
    const auto* outer = status->if_object();
    const auto* list = outer == nullptr ? nullptr : outer->if_contains("status_list");
    const auto* reference = list == nullptr ? nullptr : list->if_object();
    if (reference == nullptr) return error;
    const auto* index = reference->if_contains("idx");
    const auto* uri = reference->if_contains("uri");
    if (index == nullptr || uri == nullptr || !index->is_int64() || index->get_int64() < 0 ||
        !uri->is_string()) {
        return error;
    }
    return std::optional(StatusReference{static_cast<std::uint64_t>(index->get_int64()),
                                         std::string(uri->get_string())});
}

}  // namespace

json::object to_claims(const JwtClaims& claims) {
    json::object out;
    out.reserve(10);
    out["aud"] = json::array{json::value(claims.audience)};
    out["iat"] = claims.issued_at.seconds();
    out["iss"] = claims.issuer;
    out["jti"] = claims.id.shortuuid();
    out["nbf"] = claims.issued_at.seconds();
    out["sub"] = claims.subject.uuid();
    if (claims.expires_at) out["exp"] = claims.expires_at->seconds();
    if (!claims.scopes.empty()) out["scope"] = claims.scopes.to_text();
    if (claims.status) {
        out["status"] = json::object{
            {"status_list", json::object{{"idx", static_cast<std::int64_t>(claims.status->index)},
                                         {"uri", claims.status->uri}}}};
    }
    if (claims.token_id) out["token_id"] = claims.token_id->shortuuid();
    return out;
}

Result<JwtClaims> parse_claims(const json::object& claims) {
    JwtClaims out;
    out.audience = TRY(audience_claim(claims));
    out.issued_at = TRY(time_claim(claims, "iat"));
    out.issuer = TRY(text_claim(claims, "iss"));
    out.id = TRY(id_claim<SecretId>(claims, "jti"));
    const auto not_before = TRY(time_claim(claims, "nbf"));
    if (not_before != out.issued_at) return malformed_claim("nbf is not iat", "nbf");
    out.subject = TRY(id_claim<UserId>(claims, "sub"));
    if (claims.contains("exp")) out.expires_at = TRY(time_claim(claims, "exp"));
    if (claims.contains("scope")) {
        out.scopes = TRY(scope_claim(claims, "scope"));
        if (out.scopes.empty()) return malformed_claim("scope is empty", "scope");
    }
    out.status = TRY(status_claim(claims));
    if (claims.contains("token_id")) out.token_id = TRY(id_claim<TokenId>(claims, "token_id"));
    return out;
}

}  // namespace latchkey
