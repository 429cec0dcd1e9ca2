#include "cli/suggest.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/errors.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

Error unknown_flag(const CommandPath& path, std::string_view flag) {
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

Error unknown_command(const CommandPath& path, std::string_view word) {
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

// "KIND" and "SCOPE,…" as words in a sentence: "kind", "scope".
std::string in_words(std::string_view value_name) {
    std::string word;
    for (const char letter : value_name.substr(0, value_name.find(','))) {
        word += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return word;
}

Status check_value(const FlagSpec& flag, std::string_view name, std::string_view given) {
    if (flag.values.empty()) return {};
    std::vector<std::string> items{std::string(given)};
    if (is_list(flag)) items = split_commas(given);
    for (const std::string& item : items) {
        if (std::find(flag.values.begin(), flag.values.end(), item) != flag.values.end()) continue;
        return usage_error(fmt::format("\"{}\" is no {}", item, in_words(flag.value_name)),
                           values_hint(name, item, flag.values));
    }
    return {};
}

// Whether the next word is this flag's value; `next` is that word, if there is one.
Result<bool> check_flag(const CommandPath& path, std::string_view word,
                        const std::optional<std::string>& next) {
    if (word.rfind("--", 0) == 0) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const FlagSpec* flag = find_flag(path, name);
        if (flag == nullptr) return unknown_flag(path, name);
        const bool has_value = equals != std::string_view::npos;
        if (has_value) TRY(check_value(*flag, name, word.substr(equals + 1)));
        if (!has_value && flag->takes_value && next) TRY(check_value(*flag, name, *next));
        return flag->takes_value && !has_value;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {  // "-qv", "-nNAME"
        const std::string name{'-', word[i]};
        const FlagSpec* flag = find_flag(path, name);
        if (flag == nullptr) return unknown_flag(path, i == 1 ? word : name);
        if (!flag->takes_value) continue;
        const bool is_last = i + 1 == word.size();
        if (!is_last) TRY(check_value(*flag, name, word.substr(i + 1)));
        if (is_last && next) TRY(check_value(*flag, name, *next));
        return is_last;
    }
    return false;
}

Status check_argument(const CommandTree& command, std::size_t position, std::string_view given) {
    if (position >= command.arguments.size()) return {};
    const ArgumentSpec& argument = command.arguments[position];
    const auto& values = argument.values;
    if (values.empty() || std::find(values.begin(), values.end(), given) != values.end()) return {};
    return usage_error(fmt::format("\"{}\" is no {}", given, in_words(argument.name)),
                       values_hint(argument.name, given, values));
}

}  // namespace

std::string values_hint(std::string_view flag, std::string_view given,
                        const std::vector<std::string>& values) {
    if (const auto meant = nearest(given, values)) return fmt::format("did you mean {}?", *meant);
    std::string all;
    for (std::size_t i = 0; i < values.size(); ++i) {
        all += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + values[i];
    }
    return fmt::format("{} takes {}", flag, all);
}

Status check_words(const CommandTree& root, const std::vector<std::string>& args) {
    CommandPath path{&root};
    std::size_t position = 0;  // among the command's arguments
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string& word = args[i];
        if (word == "--" || path.back()->passes_everything_on) return {};
        if (word.size() > 1 && word.front() == '-') {
            std::optional<std::string> next;
            if (i + 1 < args.size()) next = args[i + 1];
            const bool value_follows = TRY(check_flag(path, word, next));
            if (value_follows) ++i;
            continue;
        }
        const CommandTree* child = find_child(*path.back(), word);
        if (child != nullptr) {
            path.push_back(child);
        } else if (path.back()->takes_arguments) {
            TRY(check_argument(*path.back(), position++, word));
        } else if (!path.back()->children.empty()) {
            return unknown_command(path, word);
        } else {
            return usage_error(fmt::format("{} takes no argument \"{}\"", spelt(path), word),
                               fmt::format("see {} --help", spelt(path)));
        }
    }
    return {};
}

}  // namespace latchkey::cli
