// What a server says of itself (RFC 8414), as far as exchanging a key's signature and logging in
// with a browser need it.
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
    // Empty of a server that is older than they.
    std::string authorization_endpoint;
    std::string pushed_path;  // of pushed requests (RFC 9126)
};

// The issuer must be `server`, as RFC 8414 §3.3 demands: a server that names another one would get
// an assertion made for that other, and could present it there. Pure.
Result<ServerMetadata> parse_metadata(const json::object& document, const std::string& server);

Result<ServerMetadata> get_metadata(ApiClient& client);

}  // namespace latchkey::cli
