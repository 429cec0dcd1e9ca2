// The words before the cursor, read as the parser would read them. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace latchkey::cli {

struct TypedWords {
    CommandPath path;
    const FlagSpec* flag{nullptr};              // whose value is being typed
    std::string kept;                           // what of the current word stays: "--scope=a:b,"
    std::string typed;                          // the rest of it
    std::vector<std::string> arguments;         // before the cursor
    std::map<std::string, std::string> values;  // of flags before the cursor, by their long name
    bool is_flag{false};                        // a flag's name is being typed
    bool is_foreign{false};                     // belongs to another parser
};

// `words` end with the one that is being typed.
TypedWords read_typed(const CommandTree& tree, const std::vector<std::string>& words);

}  // namespace latchkey::cli
