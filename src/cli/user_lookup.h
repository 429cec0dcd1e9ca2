// Finding a user by what people know of one.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/client/api_client.h"

namespace latchkey::cli {

// By id (either form, not looked up), else by e-mail or name, which needs the right to read users.
Result<std::string> find_user(ApiClient& client, const std::string& wanted);

}  // namespace latchkey::cli
