// Affinidi's error object, which its clients print: {name, message, httpStatusCode, traceId,
// details}. A body always, and always with name and message: without them the command line says
// nothing at all.
#pragma once

#include <string_view>

#include "api/services.h"
#include "base/result.h"
#include "http/message.h"

namespace latchkey::dialects::affinidi {

http::Response error_answer(const api::Services& services, const http::Request& request,
                            const Error& error);
http::Response refusal_answer(int status, std::string_view why, std::string_view request_id);

}  // namespace latchkey::dialects::affinidi
