#include "cli/man_page.h"

#include <fmt/format.h>

#include "cli/errors.h"
#include "cli/help.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

// Backslashes and dashes as roff wants them; a line must not begin with a control character.
std::string roff(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '\\') {
            out += "\\e";
        } else if (letter == '-') {
            out += "\\-";
        } else {
            out += letter;
        }
    }
    if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
    return out;
}

std::string dashed(const CommandPath& path) {
    std::string name;
    for (const CommandTree* command : path) {
        name += (name.empty() ? "" : "-") + command->name;
    }
    return name;
}

std::string upper(std::string text) {
    for (char& letter : text) {
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return text;
}

void add_entry(std::string& out, std::string_view title, std::string_view text) {
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(title), roff(text));
}

void add_flags(std::string& out, const CommandTree& command) {
    for (const FlagSpec& flag : command.flags) {
        add_entry(out, trimmed(flag_title(flag)), flag_text(flag));
    }
}

void add_see_also(std::string& out, const CommandPath& path) {
    std::vector<std::string> pages;
    if (path.size() > 1) pages.push_back(dashed({path.begin(), path.end() - 1}));
    for (const CommandTree& child : path.back()->children) {
        pages.push_back(dashed(path) + "-" + child.name);
    }
    if (pages.empty()) return;
    out += ".SH SEE ALSO\n";
    for (std::size_t i = 0; i < pages.size(); ++i) {
        out += fmt::format(".BR {} (1){}\n", roff(pages[i]), i + 1 < pages.size() ? "," : "");
    }
}

}  // namespace

ManPage man_page(const CommandPath& path, std::string_view date) {
    const CommandTree& command = *path.back();
    ManPage page{dashed(path), {}};
    std::string& out = page.text;
    out = fmt::format(".TH {} 1 {} \"latchkey {}\" \"Latchkey\"\n", roff(upper(page.name)), date,
                      LATCHKEY_VERSION);
    out += fmt::format(".SH NAME\n{} \\- {}\n", roff(page.name), roff(command.help));
    out += fmt::format(".SH SYNOPSIS\n.B {}\n", roff(usage_line(path)));
    if (!command.examples.empty()) {
        out += ".SH EXAMPLES\n.nf\n";
        for (const std::string& example : command.examples) {
            out += roff(example) + "\n";
        }
        out += ".fi\n";
    }
    if (!command.children.empty()) {
        out += ".SH COMMANDS\n";
        for (const CommandTree& child : command.children) {
            add_entry(out, child.name, child.help);
        }
    }
    if (!command.arguments.empty()) {
        out += ".SH ARGUMENTS\n";
        for (const ArgumentSpec& argument : command.arguments) {
            add_entry(out, argument.name, argument.help);
        }
    }
    out += ".SH OPTIONS\n";
    add_flags(out, command);
    if (path.size() > 1) {
        out += ".SH GLOBAL OPTIONS\n";
        add_flags(out, *path.front());
    }
    out += ".SH ENVIRONMENT\n";
    for (const auto& [name, text] : environment_texts()) {
        add_entry(out, name, text);
    }
    out += ".SH EXIT STATUS\n";
    for (const ExitCodeText& row : exit_code_texts()) {
        add_entry(out, std::to_string(row.code), row.meaning);
    }
    add_see_also(out, path);
    return page;
}

}  // namespace latchkey::cli
