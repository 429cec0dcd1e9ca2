#include "cli/suggest.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/errors.h"

namespace latchkey::cli {
namespace {

using Path = std::vector<const CommandTree*>;  // from the root to the command reached

const FlagSpec* find_flag(const Path& path, std::string_view name) {
    for (auto command = path.rbegin(); command != path.rend(); ++command) {
        for (const FlagSpec& flag : (*command)->flags) {
            const bool found =
                std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
            if (found) return &flag;
        }
    }
    return nullptr;
}

const CommandTree* find_child(const CommandTree& parent, std::string_view name) {
    for (const CommandTree& child : parent.children) {
        const bool found =
            child.name == name ||
            std::find(child.aliases.begin(), child.aliases.end(), name) != child.aliases.end();
        if (found) return &child;
    }
    return nullptr;
}

std::string spelt(const Path& path) {
    std::string out;
    for (const CommandTree* command : path) {
        out += (out.empty() ? "" : " ") + command->name;
    }
    return out;
}

Error unknown_flag(const Path& path, std::string_view flag) {
    std::vector<std::string> names;
    for (const CommandTree* command : path) {
        for (const FlagSpec& spec : command->flags) {
            std::copy_if(spec.names.begin(), spec.names.end(), std::back_inserter(names),
                         [](const std::string& name) { return name.rfind("--", 0) == 0; });
        }
    }
    const auto meant = nearest(flag, names);
    return usage_error(fmt::format("unknown flag {}", flag),
                       meant ? fmt::format("did you mean {}?", *meant)
                             : fmt::format("see {} --help", spelt(path)));
}

Error unknown_command(const Path& path, std::string_view word) {
    std::vector<std::string> names;
    for (const CommandTree& child : path.back()->children) {
        names.push_back(child.name);
        names.insert(names.end(), child.aliases.begin(), child.aliases.end());
    }
    const auto meant = nearest(word, names);
    return usage_error(fmt::format("unknown command \"{}\"", word),
                       meant ? fmt::format("did you mean \"{}\"?", *meant)
                             : fmt::format("see {} --help", spelt(path)));
}

// Whether the next word is this flag's value.
Result<bool> check_flag(const Path& path, std::string_view word) {
    if (word.rfind("--", 0) == 0) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const FlagSpec* flag = find_flag(path, name);
        if (flag == nullptr) return unknown_flag(path, name);
        return flag->takes_value && equals == std::string_view::npos;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {  // "-qv", "-nNAME"
        const std::string name{'-', word[i]};
        const FlagSpec* flag = find_flag(path, name);
        if (flag == nullptr) return unknown_flag(path, i == 1 ? word : name);
        if (flag->takes_value) return i + 1 == word.size();
    }
    return false;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& among) {
    const std::string_view bounded = word.substr(0, 64);  // a long paste must not cost a long time
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(2, bounded.size() / 3) + 1;
    for (const std::string& candidate : among) {
        const std::size_t distance = edit_distance(bounded, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

Status check_words(const CommandTree& root, const std::vector<std::string>& args) {
    Path path{&root};
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string& word = args[i];
        if (word == "--" || path.back()->passes_everything_on) return {};
        if (word.size() > 1 && word.front() == '-') {
            const bool value_follows = TRY(check_flag(path, word));
            if (value_follows) ++i;
            continue;
        }
        const CommandTree* child = find_child(*path.back(), word);
        if (child != nullptr) {
            path.push_back(child);
        } else if (!path.back()->takes_arguments) {
            if (!path.back()->children.empty()) return unknown_command(path, word);
            return usage_error(fmt::format("{} takes no argument \"{}\"", spelt(path), word),
                               fmt::format("see {} --help", spelt(path)));
        }
    }
    return {};
}

}  // namespace latchkey::cli
