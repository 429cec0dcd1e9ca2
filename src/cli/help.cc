#include "cli/help.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/errors.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kTitleColumnsMax = 34;
constexpr std::size_t kTextColumnsMin = 30;

using Row = std::pair<std::string, std::string>;

// Words of `text` in lines of at most `columns`, all but the first behind `indent` spaces.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
    std::string out;
    std::size_t used = 0;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find(' ', start), text.size());
        const std::string word(text.substr(start, end - start));
        const std::size_t width = display_width(word);
        if (used != 0 && used + 1 + width > columns) {
            out += "\n" + std::string(indent, ' ');
            used = 0;
        }
        out += (used == 0 ? "" : " ") + word;
        used += width + (used == 0 ? 0 : 1);
        start = end + 1;
    }
    return out;
}

std::string section(std::string_view title, const std::vector<Row>& rows, std::size_t columns) {
    if (rows.empty()) return {};
    std::size_t widest = 0;
    for (const Row& row : rows) {
        const std::size_t width = display_width(row.first);
        if (width <= kTitleColumnsMax) widest = std::max(widest, width);
    }
    const std::size_t indent = widest + 4;
    const std::size_t room = std::max(columns, indent + kTextColumnsMin) - indent;
    std::string out = fmt::format("\n{}\n", title);
    for (const auto& [name, text] : rows) {
        const std::size_t width = display_width(name);
        const std::string gap = width <= widest ? std::string(widest - width + 2, ' ')
                                                : "\n" + std::string(indent, ' ');
        out += fmt::format("  {}{}{}\n", name, gap, wrapped(text, indent, room));
    }
    return out;
}

std::string with_values(const std::string& help, const std::vector<std::string>& values) {
    const bool says_all = std::all_of(values.begin(), values.end(), [&help](const auto& value) {
        return help.find(value) != std::string::npos;
    });
    if (says_all) return help;
    return fmt::format("{}: {}", help, join(values, ", "));
}

bool is_help(const FlagSpec& flag) {
    return std::find(flag.names.begin(), flag.names.end(), "--help") != flag.names.end();
}

std::vector<Row> flag_rows(const CommandTree& command, bool with_help) {
    std::vector<Row> rows;
    for (const FlagSpec& flag : command.flags) {
        if (with_help || !is_help(flag)) rows.emplace_back(flag_title(flag), flag_text(flag));
    }
    return rows;
}

std::vector<Row> argument_rows(const CommandTree& command) {
    std::vector<Row> rows;
    for (const ArgumentSpec& argument : command.arguments) {
        rows.emplace_back(argument.name, with_values(argument.help, argument.values));
    }
    return rows;
}

std::vector<Row> command_rows(const CommandTree& command) {
    std::vector<Row> rows;
    for (const CommandTree& child : command.children) {
        std::string name = child.name;
        if (!child.aliases.empty()) name += " (" + join(child.aliases, ", ") + ")";
        rows.emplace_back(std::move(name), child.help);
    }
    return rows;
}

std::vector<Row> exit_code_rows() {
    std::vector<Row> rows;
    for (const ExitCodeText& row : exit_code_texts()) {
        rows.emplace_back(std::to_string(row.code), row.meaning);
    }
    return rows;
}

std::string global_flags_line(const CommandTree& root, std::size_t columns) {
    std::string names;
    for (const FlagSpec& flag : root.flags) {
        names += (names.empty() ? "" : " ") + flag.names.back();
    }
    return fmt::format("\nGlobal flags (latchkey --help explains them):\n  {}\n",
                       wrapped(names, 2, std::max(columns, kTextColumnsMin) - 2));
}

}  // namespace

std::string usage_line(const CommandPath& path) {
    const CommandTree& command = *path.back();
    std::string out = spelt(path);
    if (!command.children.empty()) out += " COMMAND";
    for (const ArgumentSpec& argument : command.arguments) {
        const std::string name = argument.name + (argument.repeats ? "…" : "");
        out += argument.is_required ? " " + name : " [" + name + "]";
    }
    return out + (command.passes_everything_on ? "" : " [flags]");
}

std::string flag_title(const FlagSpec& flag) {
    std::string out = join(flag.names, ", ");
    // Long names stand in one column, with or without a short one before them.
    if (flag.names.front().rfind("--", 0) == 0) out.insert(0, "    ");
    return flag.takes_value ? out + " " + flag.value_name : out;
}

std::string flag_text(const FlagSpec& flag) {
    return with_values(flag.help, flag.values);
}

std::vector<std::pair<std::string, std::string>> environment_texts() {
    return {{"LATCHKEY_SERVER", "The server, as --server"},
            {"LATCHKEY_CONTEXT", "Which stored login to use, as --context"},
            {"LATCHKEY_TOKEN", "A token to use instead of a login"},
            {"LATCHKEY_TOKEN_FILE", "A file with that token, as --token-file"},
            {"LATCHKEY_PROJECT", "The project meant, as --project"},
            {"LATCHKEY_CONFIG_DIR",
             "Where logins are kept, in a file of mode 0600; without it secrets lie in the system "
             "keyring, where there is one"},
            {"NO_COLOR", "No colour, as --no-color"}};
}

CommandPath path_to(const CommandTree& root, const std::vector<std::string>& names) {
    CommandPath path{&root};
    for (const std::string& name : names) {
        const CommandTree* child = find_child(*path.back(), name);
        if (child == nullptr) break;
        path.push_back(child);
    }
    return path;
}

std::string render_help(const CommandPath& path, std::size_t columns) {
    const CommandTree& command = *path.back();
    const bool is_root = path.size() == 1;
    std::string out = fmt::format("{}: {}\n", spelt(path), command.help);
    if (!command.examples.empty()) {
        out += "\nExamples:\n";
        for (const std::string& example : command.examples) {
            out += fmt::format("  {}\n", example);
        }
    }
    out += fmt::format("\nUsage:\n  {}\n", usage_line(path));
    if (!command.aliases.empty()) {
        out += fmt::format("\nAliases:\n  {}\n", join(command.aliases, ", "));
    }
    out += section("Commands:", command_rows(command), columns);
    out += section("Arguments:", argument_rows(command), columns);
    out += section("Flags:", flag_rows(command, is_root), columns);
    if (is_root) {
        out += section("Environment:", environment_texts(), columns);
        out += section("Exit codes:", exit_code_rows(), columns);
    } else {
        out += global_flags_line(*path.front(), columns);
    }
    return out;
}

}  // namespace latchkey::cli
