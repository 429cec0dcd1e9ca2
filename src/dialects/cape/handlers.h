// The answers of the cape dialect.
#pragma once

#include "api/route.h"

namespace latchkey::dialects::cape {

// What the page that confirms a login shows as the program.
inline constexpr std::string_view kClient = "cape";

// login.cc
Result<http::Response> post_device_code(api::Call& call);
Result<http::Response> post_oauth_token(api::Call& call);
// tokens.cc
Result<http::Response> post_token(api::Call& call);
Result<http::Response> get_tokens(api::Call& call);
Result<http::Response> delete_token(api::Call& call);
Result<http::Response> get_functions(api::Call& call);

}  // namespace latchkey::dialects::cape
