// `latchkey serve`: wires the authority, the API and the listeners, prints what a person needs to
// begin, and stays until a signal ends it.
#pragma once

#include <string>
#include <vector>

namespace latchkey::server {

// The process's exit code: 0 after a graceful stop, 1 what failed at start, 2 bad configuration.
int serve(const std::vector<std::string>& flags);

}  // namespace latchkey::server
