// `latchkey docs man`: manual pages of every command, from the tree that the parser itself uses.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/man_page.h"

namespace latchkey::cli {
namespace {

void collect(const CommandPath& path, std::string_view date, std::vector<ManPage>& pages) {
    pages.push_back(man_page(path, date));
    for (const CommandTree& child : path.back()->children) {
        CommandPath deeper = path;
        deeper.push_back(&child);
        collect(deeper, date, pages);
    }
}

// Builds that must come out alike set SOURCE_DATE_EPOCH.
std::string date_of(Context& context) {
    Timestamp time = context.now();
    if (const auto fixed = context.environment("SOURCE_DATE_EPOCH")) {
        time = Timestamp::from_seconds(std::strtoll(fixed->c_str(), nullptr, 10));
    }
    return format_rfc3339(time).substr(0, 10);
}

Result<int> write_pages(Context& context, const CommandTree& tree, const std::string& directory) {
    std::vector<ManPage> pages;
    collect({&tree}, date_of(context), pages);
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    for (const ManPage& page : pages) {
        const std::string path = directory + "/" + page.name + ".1";
        std::ofstream out(path, std::ios::binary);
        out << page.text << std::flush;
        if (!out) return failure(fmt::format("cannot write {}", path));
    }
    if (context.globals.json) {
        context.print_json(json::object{{"directory", directory}, {"pages", pages.size()}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Wrote {} pages to {}\n", pages.size(), directory));
    }
    return kExitOk;
}

}  // namespace

void add_docs(Command root, std::function<CommandTree()> tree) {
    Command docs = root.command("docs", "The manual of this program, for its packagers");
    docs.example("latchkey docs man --out /usr/local/share/man/man1");
    auto directory = std::make_shared<std::optional<std::string>>();
    docs.command("man", "Write a manual page for every command")
        .option("--out", *directory, "DIR", "Where to; the present directory if not given")
        .example("latchkey docs man --out ~/.local/share/man/man1")
        .action([directory, tree = std::move(tree)](Context& context) {
            return write_pages(context, tree(), directory->value_or("."));
        });
}

}  // namespace latchkey::cli
