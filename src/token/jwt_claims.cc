#include "token/jwt_claims.h"

namespace latchkey {
namespace {

Error malformed(std::string message, std::string_view claim) {
    return invalid(std::move(message), "malformed_token", "/" + std::string(claim));
}

Result<std::string> text_claim(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_string() || value->get_string().empty()) {
        return malformed("a claim is missing or no string", name);
    }
    return std::string(value->get_string());
}

// Whole seconds from 1970 to year 9999; a fraction, a string or a negative number is refused.
Result<Timestamp> time_claim(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0 ||
        value->get_int64() > kEndOfTime.seconds()) {
        return malformed("a time is missing or no whole number of seconds", name);
    }
    return Timestamp::from_seconds(value->get_int64());
}

Result<std::string> audience_claim(const json::object& claims) {
    const auto* value = claims.if_contains("aud");
    if (value == nullptr || !value->is_array() || value->get_array().size() != 1 ||
        !value->get_array()[0].is_string() || value->get_array()[0].get_string().empty()) {
        return malformed("aud is not an array of one string", "aud");
    }
    return std::string(value->get_array()[0].get_string());
}

template <typename AnyId>
Result<AnyId> id_claim(const json::object& claims, std::string_view name) {
    const auto text = TRY(text_claim(claims, name));
    const auto id = AnyId::parse(text);
    if (!id) return malformed("a claim is no id", name);
    return *id;
}

Result<std::optional<StatusReference>> status_claim(const json::object& claims) {
    const auto* status = claims.if_contains("status");
    if (status == nullptr) return std::optional<StatusReference>{};
    Error error = malformed("status has no status list reference", "status");
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
    if (not_before != out.issued_at) return malformed("nbf is not iat", "nbf");
    out.subject = TRY(id_claim<UserId>(claims, "sub"));
    if (claims.contains("exp")) out.expires_at = TRY(time_claim(claims, "exp"));
    if (claims.contains("scope")) {
        const auto text = TRY(text_claim(claims, "scope"));
        auto scopes = ScopeSet::parse(text);
        if (!scopes) return malformed("scope holds what is no scope", "scope");
        out.scopes = std::move(scopes).value();
    }
    out.status = TRY(status_claim(claims));
    if (claims.contains("token_id")) out.token_id = TRY(id_claim<TokenId>(claims, "token_id"));
    return out;
}

}  // namespace latchkey
