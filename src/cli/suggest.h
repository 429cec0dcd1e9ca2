// "Did you mean …?" for commands, flags and values of flags, found before the real parser runs:
// that one would complain about a missing value first, and hide the misspelt word. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "base/result.h"
#include "cli/command_tree.h"

namespace latchkey::cli {

// The nearest of `values`, or all of them: what to do about a value that is none of them.
std::string values_hint(std::string_view flag, std::string_view given,
                        const std::vector<std::string>& values);

// The error for the first word that `root` does not know, exit 2. Values are judged only where the
// tree lists all that there are.
Status check_words(const CommandTree& root, const std::vector<std::string>& args);

}  // namespace latchkey::cli
