#include "cli/server_metadata.h"

#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/errors.h"

namespace latchkey::cli {

Result<ServerMetadata> parse_metadata(const json::object& document, const std::string& server) {
    ServerMetadata metadata;
    metadata.issuer = text_of(document, "issuer");
    metadata.token_endpoint = text_of(document, "token_endpoint");
    if (metadata.issuer.empty() || metadata.token_endpoint.empty()) {
        return failure(fmt::format("{} has no token endpoint", server),
                       "is it a Latchkey server, and not an older one?");
    }
    if (metadata.issuer != server) {
        return failure(fmt::format("the server at {} calls itself {}", server, metadata.issuer),
                       fmt::format("if you trust that name: --server {}", metadata.issuer));
    }
    // The slash ends the authority, so nothing behind it can lead to another host.
    if (metadata.token_endpoint.rfind(server + "/", 0) != 0) {
        return failure(fmt::format("the token endpoint of {} is at another address, {}", server,
                                   metadata.token_endpoint),
                       "nothing was sent there; ask whoever runs the server");
    }
    metadata.token_path = metadata.token_endpoint.substr(server.size());
    const std::string page = text_of(document, "authorization_endpoint");
    const std::string pushed = text_of(document, "pushed_authorization_request_endpoint");
    if (page.starts_with(server + "/") && pushed.starts_with(server + "/")) {
        metadata.authorization_endpoint = page;
        metadata.pushed_path = pushed.substr(server.size());
    }
    return metadata;
}

Result<ServerMetadata> get_metadata(ApiClient& client) {
    const json::object document = TRY(client.get_object("/.well-known/oauth-authorization-server"));
    return parse_metadata(document, client.server());
}

}  // namespace latchkey::cli
