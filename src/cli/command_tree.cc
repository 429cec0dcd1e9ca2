#include "cli/command_tree.h"

#include <algorithm>

namespace latchkey::cli {

const CommandTree* find_child(const CommandTree& parent, std::string_view name) {
    for (const CommandTree& child : parent.children) {
        const bool found =
            child.name == name ||
            std::find(child.aliases.begin(), child.aliases.end(), name) != child.aliases.end();
        if (found) return &child;
    }
    return nullptr;
}

const FlagSpec* find_flag(const CommandPath& path, std::string_view name) {
    for (auto command = path.rbegin(); command != path.rend(); ++command) {
        for (const FlagSpec& flag : (*command)->flags) {
            const bool found =
                std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
            if (found) return &flag;
        }
    }
    return nullptr;
}

std::string spelt(const CommandPath& path) {
    std::string out;
    for (const CommandTree* command : path) {
        out += (out.empty() ? "" : " ") + command->name;
    }
    return out;
}

bool is_list(const FlagSpec& flag) {
    return flag.value_name.find(',') != std::string::npos;
}

}  // namespace latchkey::cli
