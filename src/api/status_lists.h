// Token Status Lists (draft-ietf-oauth-status-list) as signed tokens, made from the replica's bits
// and kept until a bit changes or the token is half its life old. Any thread but the reactors':
// compressing a list takes milliseconds.
#pragma once

#include <string>
#include <string_view>

#include "api/services.h"

namespace latchkey::api {

inline constexpr std::int64_t kStatusListSeconds = 300;  // `exp`
inline constexpr std::int64_t kStatusListTtl = 5;

Result<std::string> status_list_token(Services& services, std::string_view number);

}  // namespace latchkey::api
