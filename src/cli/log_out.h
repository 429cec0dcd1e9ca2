// Ending a stored login, as `logout` and `context delete` do.
#pragma once

#include <string>

#include "base/result.h"

namespace latchkey::cli {

class Context;

// Tells its server, then forgets it here whatever the server said. The exit code: partly done when
// the server could not be told.
Result<int> end_login(Context& context, const std::string& name);

}  // namespace latchkey::cli
