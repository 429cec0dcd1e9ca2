// How a command declares itself. A thin layer over CLI11, which costs seconds to compile and is
// therefore seen by command.cc alone.
// Targets of flags must live as long as the Menu: commands keep them in a shared_ptr that their
// action holds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_tree.h"

namespace latchkey::cli {

class Context;
using Action = std::function<Result<int>(Context&)>;  // the exit code

class Command {
public:
    explicit Command(void* app, struct MenuParts* parts) : app_(app), parts_(parts) {}

    Command command(const std::string& name, const std::string& help);
    Command& alias(const std::string& name);
    // Names as in "-n,--name".
    Command& flag(const std::string& names, bool& target, const std::string& help);
    Command& option(const std::string& names, std::optional<std::string>& target,
                    const std::string& value_name, const std::string& help);
    // May be given several times.
    Command& options(const std::string& names, std::vector<std::string>& target,
                     const std::string& value_name, const std::string& help);
    Command& argument(const std::string& name, std::string& target, const std::string& help);
    Command& optional_argument(const std::string& name, std::optional<std::string>& target,
                               const std::string& help);
    Command& arguments(const std::string& name, std::vector<std::string>& target,
                       const std::string& help);
    // All that a flag ("--kind") or argument ("SHELL") takes: other words are usage errors, these
    // ones are suggested and completed.
    Command& values(const std::string& name, std::vector<std::string> allowed);
    // Everything after the command's name goes here, flags too.
    Command& everything_after(std::vector<std::string>& target);
    // A whole line as it would be typed; help begins with these. It must parse: a test tries all.
    Command& example(const std::string& text);
    Command& action(Action action);

private:
    void* app_;  // CLI::App
    struct MenuParts* parts_;
};

struct Parsed {
    Action action;                  // empty: show the help of `path`
    std::vector<std::string> path;  // names below the root
    bool help_was_asked{false};
};

class Menu {
public:
    Menu(const std::string& name, const std::string& description);
    Menu(const Menu&) = delete;
    Menu& operator=(const Menu&) = delete;
    ~Menu();

    Command root();
    [[nodiscard]] CommandTree tree() const;
    // Fills the targets. Errors are usage errors.
    Result<Parsed> parse(const std::vector<std::string>& args);

private:
    std::unique_ptr<MenuParts> parts_;
};

}  // namespace latchkey::cli
