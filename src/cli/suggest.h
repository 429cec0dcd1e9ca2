// "Did you mean …?" for commands and flags, found before the real parser runs: that one would
// complain about a missing value first, and hide the misspelt word. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::cli {

struct FlagSpec {
    std::vector<std::string> names;  // with their dashes: "-n", "--name"
    bool takes_value{false};
    std::string help;
};

struct CommandTree {
    std::string name;
    std::vector<std::string> aliases;
    std::string help;
    std::vector<FlagSpec> flags;
    std::vector<CommandTree> children;
    bool takes_arguments{false};
    bool passes_everything_on{false};  // what follows belongs to another parser
};

// Edits between two words: insert, delete, replace and swap of neighbours, each one.
std::size_t edit_distance(std::string_view a, std::string_view b);
// The nearest candidate, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& among);

// The error for the first word that `root` does not know, exit 2; nothing is said about values.
Status check_words(const CommandTree& root, const std::vector<std::string>& args);

}  // namespace latchkey::cli
