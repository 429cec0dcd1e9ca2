// GET /.well-known/oauth-protected-resource[/{slug}] (RFC 9728): where a client that was refused
// gets a token, and which. Without a slug it is this server's own API.
#include "api/handlers.h"
#include "api/problem.h"
#include "authority/directory.h"

namespace latchkey::api {
namespace {

json::array words(std::string_view text) {
    json::array list;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        list.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return list;
}

// Byte for byte what a client asked for (RFC 9728 §3.3): our own address, else where the API says
// that it is.
std::string resource_of(const Services& services, const authority::DirectoryEntry& entry) {
    if (entry.api.slug == authority::kManagementApi) return services.issuer();
    return entry.api.base_url.empty() ? entry.api.audience : entry.api.base_url;
}

}  // namespace

Result<http::Response> get_resource_metadata(Call& call) {
    const auto& services = call.services;
    const auto apis = services.authority.directory().view();
    const auto* entry =
        apis->find(call.parameters.empty() ? std::string_view(authority::kManagementApi)
                                           : std::string_view(call.parameters[0]));
    if (entry == nullptr) return Error{ErrorCode::kNotFound, "there is no such API"};
    json::array scopes;
    for (const auto& scope : entry->scopes) {
        scopes.emplace_back(scope.name);
    }
    json::object metadata;
    metadata["resource"] = resource_of(services, *entry);
    metadata["resource_name"] = entry->api.name;
    metadata["authorization_servers"] = json::array{json::value(services.issuer())};
    metadata["scopes_supported"] = std::move(scopes);
    metadata["bearer_methods_supported"] = {"header"};
    metadata["dpop_signing_alg_values_supported"] = words(kProofAlgorithms);
    metadata["dpop_bound_access_tokens_required"] = false;
    auto response = json_answer(200, metadata);
    for (auto& [name, value] : response.fields) {
        if (name == "Cache-Control") value = "public, max-age=300";
    }
    response.fields.emplace_back("Access-Control-Allow-Origin", "*");
    return response;
}

}  // namespace latchkey::api
