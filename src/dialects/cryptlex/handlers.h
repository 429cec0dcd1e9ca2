// The answers of the cryptlex dialect.
#pragma once

#include "api/route.h"

namespace latchkey::dialects::cryptlex {

inline constexpr std::string_view kApi = "licensing";
inline constexpr std::string_view kWriteScope = "personalAccessToken:write";
// Ours: Cryptlex has none. Good when the catalogue of the API has it.
inline constexpr std::string_view kReadScope = "personalAccessToken:read";

// login.cc, on the password worker
Result<http::Response> post_login(api::Call& call);
// tokens.cc
Result<http::Response> get_tokens(api::Call& call);
Result<http::Response> post_token(api::Call& call);
Result<http::Response> get_token(api::Call& call);
Result<http::Response> patch_token(api::Call& call);
Result<http::Response> delete_token(api::Call& call);

}  // namespace latchkey::dialects::cryptlex
