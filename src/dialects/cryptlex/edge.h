// Cryptlex's shape: logging in with e-mail and password, and personal access tokens of the API
// `licensing`, which a token of that API manages too when it holds personalAccessToken:write.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/edge.h"

namespace latchkey::dialects {

std::unique_ptr<api::Edge> make_cryptlex(api::Services& services, std::vector<std::string> urls);

}  // namespace latchkey::dialects
