// Values that begin with a dash, and short flags with "=", as people write them: "-s=-a:write",
// "-s -a:write". The parser would take the first for "=-a:write" and the second for flags. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace latchkey::cli {

// The same words with each such value joined to its flag's long name: "--scopes=-a:write".
std::vector<std::string> with_dash_values_joined(const CommandTree& root,
                                                 std::vector<std::string> args);

}  // namespace latchkey::cli
