// Cape Privacy's shape: what its command line asks for logging in on a device and for personal
// tokens, which here are tokens of the default API that may do all that their owner may.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/edge.h"

namespace latchkey::dialects {

std::unique_ptr<api::Edge> make_cape(api::Services& services, std::vector<std::string> urls);

}  // namespace latchkey::dialects
