// Finding an API among those that the server knows.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/client/api_client.h"

namespace latchkey::cli {

// By slug, id or audience; empty means the installation's default API.
Result<json::object> find_api(ApiClient& client, const std::string& wanted);

}  // namespace latchkey::cli
