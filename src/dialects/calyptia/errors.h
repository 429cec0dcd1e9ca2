// The one table from our errors to Calyptia's: {"error": text}, with "detail" where its text alone
// would not say what is wrong.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace latchkey::dialects::calyptia {

http::Response error_answer(const Error& error, const http::Request& request);
http::Response error_answer(int status, std::string_view text, std::string_view detail = {});

}  // namespace latchkey::dialects::calyptia
