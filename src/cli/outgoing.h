// Calls to the APIs that tokens are for, as `run` and `request` make them: with the token, never
// with a login session, and never across a redirect.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/client/api_client.h"
#include "cli/context.h"
#include "fetch/client.h"

namespace latchkey::cli {

// `slug`, `audience` and `baseUrl` (perhaps empty) of the API that the token is for, as the token
// itself may always ask.
Result<json::object> api_of_token(Context& context);
// A token of a provider's API may not list APIs, so the stored login is asked first.
Result<Listing> list_apis_by_any_login(Context& context);

// DATA itself, the file of "@FILE", or stdin for "@-".
Result<std::string> read_data(Context& context, const std::string& given);

// Prints the body on stdout and what went wrong on stderr; the exit code tells the status.
Result<int> send_with_token(Context& context, fetch::HttpRequest request);

}  // namespace latchkey::cli
