// What a server says of itself (RFC 8414), as far as exchanging a key's signature needs it.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/client/api_client.h"

namespace latchkey::cli {

struct ServerMetadata {
    std::string issuer;
    std::string token_endpoint;  // below the issuer
    std::string token_path;      // what the issuer is followed by there
};

// The issuer must be `server`, as RFC 8414 §3.3 demands: a server that names another one would get
// an assertion made for that other, and could present it there. Pure.
Result<ServerMetadata> parse_metadata(const json::object& document, const std::string& server);

Result<ServerMetadata> get_metadata(ApiClient& client);

}  // namespace latchkey::cli
