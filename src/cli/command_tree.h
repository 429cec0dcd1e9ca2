// The commands as data, taken from the parser's own declarations: help, completion, man pages and
// the search for misspelt words all read this, so that none of them can differ from what is
// understood.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey::cli {

struct FlagSpec {
    std::vector<std::string> names;  // with their dashes: "-n", "--name"
    bool takes_value{false};
    std::string help{};
    std::string value_name{};           // "SCOPE,…" takes several between commas
    std::vector<std::string> values{};  // nothing else is taken; empty: anything is
};

struct ArgumentSpec {
    std::string name;
    std::string help{};
    bool is_required{false};
    bool repeats{false};
    std::vector<std::string> values{};
};

struct CommandTree {
    std::string name;
    std::vector<std::string> aliases{};
    std::string help{};
    std::vector<FlagSpec> flags{};
    std::vector<CommandTree> children{};
    bool takes_arguments{false};
    bool passes_everything_on{false};  // what follows belongs to another parser
    std::vector<ArgumentSpec> arguments{};
    std::vector<std::string> examples{};
};

using CommandPath = std::vector<const CommandTree*>;  // from the root to the command reached

// By name or alias; nullptr when there is none.
const CommandTree* find_child(const CommandTree& parent, std::string_view name);
// Where a flag is declared does not matter: a command takes those of the commands above it too.
const FlagSpec* find_flag(const CommandPath& path, std::string_view name);
// "latchkey token create"
std::string spelt(const CommandPath& path);

// Whether several values may stand between commas.
bool is_list(const FlagSpec& flag);

}  // namespace latchkey::cli
