// What --help prints: the purpose in one line, examples first, then how it is written and every
// flag. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command_tree.h"

namespace latchkey::cli {

// "latchkey token create [flags]", "latchkey token get ID", "latchkey token COMMAND".
std::string usage_line(const CommandPath& path);
// "-n, --name NAME"
std::string flag_title(const FlagSpec& flag);
// The help with what it takes behind it, unless it says so itself: "Its form: jwt or opaque".
std::string flag_text(const FlagSpec& flag);

// The variables that every command heeds, and what they are for.
std::vector<std::pair<std::string, std::string>> environment_texts();

// `names` below the root; those that are unknown end the way there.
CommandPath path_to(const CommandTree& root, const std::vector<std::string>& names);
std::string render_help(const CommandPath& path, std::size_t columns);

}  // namespace latchkey::cli
