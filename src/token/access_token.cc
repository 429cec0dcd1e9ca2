#include "token/access_token.h"

#include <algorithm>

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

Result<Digest> digest_text(const json::value* value, std::string_view name) {
    const bool is_text = value != nullptr && value->is_string();
    const auto bytes = is_text ? base64url_decode(value->get_string()) : std::nullopt;
    if (!bytes || bytes->size() != Digest{}.size()) {
        return malformed_claim("a claim is no SHA-256", name);
    }
    Digest digest{};
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

Result<AccessId> access_id(const json::value& value, std::string_view name) {
    const auto id = value.is_string() ? parse_access_id(value.get_string()) : std::nullopt;
    if (!id) return malformed_claim("a claim is no id of an access token", name);
    return *id;
}

Result<std::vector<AccessId>> ancestors_claim(const json::object& claims) {
    std::vector<AccessId> ids;
    const json::value* listed = claims.if_contains("derived_from");
    if (listed == nullptr) return ids;
    if (!listed->is_array() || listed->get_array().size() > kDerivationsMax) {
        return malformed_claim("a claim is no list of ids", "derived_from");
    }
    for (const auto& one : listed->get_array()) {
        const AccessId id = TRY(access_id(one, "derived_from"));
        ids.push_back(id);
    }
    return ids;
}

// Exactly one of the two says what the token was got with.
Status read_client_proof(const json::object& claims, AccessClaims& out) {
    if (!claims.contains("client_secret_hash")) {
        out.client_key = TRY(thumbprint_claim(claims, "client_key"));
        return {};
    }
    if (claims.contains("client_key")) {
        return malformed_claim("two claims say what it was got with", "client_key");
    }
    out.client_secret =
        TRY(digest_text(claims.if_contains("client_secret_hash"), "client_secret_hash"));
    return {};
}

Status read_confirmation(const json::object& claims, AccessClaims& out) {
    const json::value* confirmation = claims.if_contains("cnf");
    if (confirmation == nullptr) return {};
    // One that we cannot check must not be read as none.
    if (!confirmation->is_object()) return malformed_claim("a claim is no object", "cnf");
    out.holder_key = TRY(digest_text(confirmation->get_object().if_contains("jkt"), "cnf"));
    return {};
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
    out["jti"] = format_access_id(claims.id);
    if (!claims.scopes.empty()) out["scope"] = claims.scopes.to_text();
    if (claims.client_key.empty()) {
        out["client_secret_hash"] = base64url_encode(as_text(claims.client_secret));
    } else {
        out["client_key"] = claims.client_key;
    }
    if (claims.project) out["project_id"] = claims.project->uuid();
    // Even when it is empty: a ceiling that vanished would be no ceiling.
    if (claims.requested) out["requested_scope"] = claims.requested->to_text();
    if (!claims.derived_from.empty()) {
        json::array ids;
        for (const auto& id : claims.derived_from) {
            ids.emplace_back(format_access_id(id));
        }
        out["derived_from"] = std::move(ids);
    }
    if (claims.actor) out["act"] = json::object{{"sub", claims.actor->uuid()}};
    if (claims.holder_key) {
        out["cnf"] = json::object{{"jkt", base64url_encode(as_text(*claims.holder_key))}};
    }
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
    const auto id = parse_access_id(TRY(text_claim(claims, "jti")));
    if (!id) return malformed_claim("a claim is no id of an access token", "jti");
    out.id = *id;
    if (claims.contains("scope")) out.scopes = TRY(scope_claim(claims, "scope"));
    TRY(read_client_proof(claims, out));
    TRY(read_confirmation(claims, out));
    out.derived_from = TRY(ancestors_claim(claims));
    if (claims.contains("project_id")) {
        out.project = TRY(uuid_claim<ProjectId>(claims, "project_id"));
    }
    if (claims.contains("requested_scope")) {
        out.requested = TRY(scope_claim(claims, "requested_scope"));
    }
    return out;
}

std::string format_access_id(const AccessId& id) {
    return base64url_encode(id.raw());
}

std::optional<AccessId> parse_access_id(std::string_view text) {
    const auto bytes = base64url_decode(text);
    const auto id = bytes ? uuid_from_bytes(*bytes) : std::nullopt;
    if (!id) return std::nullopt;
    return AccessId{*id};
}

Digest facts_digest(const AccessClaims& claims) {
    if (claims.client_key.empty()) return claims.client_secret;
    return key_digest(claims.client, claims.client_key);
}

Digest key_digest(const TokenId& token, std::string_view thumbprint) {
    // The zero byte: no credential that HTTP can carry holds one.
    static constexpr std::string_view kPurpose("latchkey key\0", 13);
    std::string owner(kPurpose);
    owner += token.raw();
    return sha256(owner, thumbprint);
}

}  // namespace latchkey
