// Signing keys, the key set, the metadata and the status lists: what others verify by.
#include "api/body.h"
#include "api/handlers.h"
#include "api/oauth_grants.h"
#include "api/short_list.h"
#include "api/status_lists.h"
#include "authority/key_ring.h"

namespace latchkey::api {
namespace {

Result<json::array> signing_keys_view(Services& services) {
    auto& authority = services.authority;
    json::array list;
    using Keys = std::vector<store::SigningKeyRecord>;
    const Timestamp now = authority.clock().now();
    TRY(authority.store().read([&](store::Connection& db) -> Status {
        const Keys keys = TRY(store::list_signing_keys(db));
        for (const auto& key : keys) {
            json::object view;
            view["kid"] = key.kid;
            view["algorithm"] = key.algorithm;
            view["state"] = authority::key_state_name(key.state);
            view["compromised"] = key.is_compromised;
            view["createdAt"] = format_rfc3339(key.created_at);
            if (key.activated_at) view["activatedAt"] = format_rfc3339(*key.activated_at);
            if (key.retired_at) view["retiredAt"] = format_rfc3339(*key.retired_at);
            view["liveSecrets"] = TRY(store::count_live_secrets_of_key(db, key.kid, now));
            list.push_back(std::move(view));
        }
        return {};
    }));
    return list;
}

// Public documents may be kept for a moment: shorter than a pending key is pending.
http::Response public_json(std::string body, std::string type) {
    http::Response response;
    response.content_type = std::move(type);
    response.body = std::move(body);
    response.fields.emplace_back("Cache-Control", "public, max-age=300");
    response.fields.emplace_back("Access-Control-Allow-Origin", "*");
    return response;
}

}  // namespace

Result<http::Response> get_signing_keys(Call& call) {
    return short_list_answer(call, TRY(signing_keys_view(call.services)), "kid",
                             ListOrder::kByTime);
}

Result<http::Response> post_signing_keys_rotate(Call& call) {
    auto body = TRY(Body::parse(call.request(), true));
    const bool is_emergency = TRY(body.flag("emergency", false));
    TRY(body.done());
    auto& authority = call.services.authority;
    const auto rotation =
        is_emergency ? authority::Rotation::kEmergency : authority::Rotation::kOrderly;
    // An emergency revokes all that the key signed.
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) {
            return authority::rotate_keys(authority.keys(), tx, call.actor().text(), rotation);
        },
        is_emergency));
    return json_answer(201, TRY(signing_keys_view(call.services)));
}

Result<http::Response> get_jwks(Call& call) {
    return public_json(call.services.authority.keys().keys()->jwks, "application/jwk-set+json");
}

// RFC 8414. What is not offered yet is not claimed.
Result<http::Response> get_metadata(Call& call) {
    const std::string& issuer = call.services.issuer();
    json::object metadata;
    metadata["issuer"] = issuer;
    metadata["jwks_uri"] = issuer + "/.well-known/jwks.json";
    metadata["token_endpoint"] = issuer + "/oauth2/token";
    // One client's, and what it asks is pushed (RFC 9126): nothing counts that a link says.
    metadata["authorization_endpoint"] = issuer + "/authorize";
    metadata["pushed_authorization_request_endpoint"] = issuer + "/oauth2/par";
    metadata["require_pushed_authorization_requests"] = true;
    metadata["authorization_response_iss_parameter_supported"] = true;
    metadata["response_types_supported"] = {"code"};
    metadata["response_modes_supported"] = {"query"};
    metadata["code_challenge_methods_supported"] = {"S256"};
    metadata["grant_types_supported"] = {"client_credentials", kTokenExchangeGrant, kDeviceGrant,
                                         kAuthorizationCodeGrant};
    metadata["device_authorization_endpoint"] = issuer + "/oauth2/device_authorization";
    metadata["token_endpoint_auth_methods_supported"] = {"private_key_jwt", "client_secret_basic",
                                                         "none"};
    metadata["token_endpoint_auth_signing_alg_values_supported"] = {"RS256", "RS512", "ES256",
                                                                    "ES512", "Ed25519"};
    metadata["dpop_signing_alg_values_supported"] = {"ES256", "ES512", "Ed25519",
                                                     "PS256", "RS256", "RS512"};
    metadata["introspection_endpoint"] = issuer + "/oauth2/introspect";
    // A verifier's token, as Bearer or as the password of Basic.
    metadata["introspection_endpoint_auth_methods_supported"] = {"client_secret_basic"};
    metadata["introspection_signing_alg_values_supported"] = {"ES256"};
    metadata["revocation_endpoint"] = issuer + "/oauth2/revoke";
    metadata["revocation_endpoint_auth_methods_supported"] = {"none"};
    metadata["service_documentation"] = issuer + "/openapi.json";
    return public_json(to_json(metadata), "application/json");
}

Result<http::Response> get_status_list(Call& call) {
    const auto token = TRY(status_list_token(call.services, call.parameters[0]));
    auto response = public_json(token, "application/statuslist+jwt");
    for (auto& [name, value] : response.fields) {
        if (name == "Cache-Control") value = "public, max-age=1";
    }
    return response;
}

}  // namespace latchkey::api
