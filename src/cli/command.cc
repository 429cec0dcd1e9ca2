#include "cli/command.h"

#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/errors.h"

namespace latchkey::cli {

struct MenuParts {
    explicit MenuParts(const std::string& description) : app(description) {}

    CLI::App app;
    std::map<const CLI::App*, Action> actions;
    std::map<const CLI::App*, std::vector<std::string>> examples;
    std::map<const CLI::Option*, std::vector<std::string>> values;
    std::map<const CLI::App*, std::vector<std::string>*> pass_on;
};

namespace {

CLI::App& app_of(void* app) {
    return *static_cast<CLI::App*>(app);
}

void prepare(CLI::App& app) {
    app.fallthrough();
    // One command each: without this CLI11 takes an argument called like a command for that one.
    app.require_subcommand(0, 1);
    app.set_help_flag("-h,--help", "Show this help");
}

std::string full_name(const CLI::App& app) {
    std::string name = app.get_name();
    for (const CLI::App* parent = app.get_parent(); parent != nullptr;
         parent = parent->get_parent()) {
        name = parent->get_name() + " " + name;
    }
    return name;
}

std::vector<std::string> values_of(const CLI::Option* option, const MenuParts& parts) {
    const auto found = parts.values.find(option);
    return found == parts.values.end() ? std::vector<std::string>{} : found->second;
}

ArgumentSpec to_argument(const CLI::Option* option, const MenuParts& parts) {
    ArgumentSpec spec;
    spec.name = option->get_name(true);
    spec.help = option->get_description();
    spec.is_required = option->get_required();
    spec.repeats = option->get_items_expected_max() > 1;
    spec.values = values_of(option, parts);
    return spec;
}

FlagSpec to_flag(const CLI::Option* option, const MenuParts& parts) {
    FlagSpec spec;
    for (const std::string& name : option->get_snames()) {
        spec.names.push_back("-" + name);
    }
    for (const std::string& name : option->get_lnames()) {
        spec.names.push_back("--" + name);
    }
    spec.takes_value = option->get_items_expected_max() > 0;
    spec.help = option->get_description();
    if (spec.takes_value) spec.value_name = option->get_type_name();
    spec.values = values_of(option, parts);
    return spec;
}

CommandTree to_tree(const CLI::App& app, const MenuParts& parts) {
    CommandTree tree;
    tree.name = app.get_name();
    tree.aliases = app.get_aliases();
    tree.help = app.get_description();
    tree.passes_everything_on = parts.pass_on.count(&app) != 0;
    const auto examples = parts.examples.find(&app);
    if (examples != parts.examples.end()) tree.examples = examples->second;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            tree.takes_arguments = true;
            tree.arguments.push_back(to_argument(option, parts));
        } else {
            tree.flags.push_back(to_flag(option, parts));
        }
    }
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        tree.children.push_back(to_tree(*child, parts));
    }
    return tree;
}

const CLI::App* deepest(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? &app : deepest(*chosen.front());
}

// CLI11 names the class of what is missing; people want the word they would type.
Error to_usage_error(const CLI::App& root, const CLI::ParseError& error) {
    return usage_error(error.what(), fmt::format("see {} --help", full_name(*deepest(root))));
}

CLI::Option& limit_to_one(CLI::Option* option, const std::string& value_name) {
    option->expected(1)->type_name(value_name)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    return *option;
}

std::function<bool(const CLI::results_t&)> store_text(std::optional<std::string>& target) {
    return [&target](const CLI::results_t& values) {
        target = values.front();
        return true;
    };
}

}  // namespace

Command Command::command(const std::string& name, const std::string& help) {
    CLI::App* child = app_of(app_).add_subcommand(name, help);
    prepare(*child);
    return Command(child, parts_);
}

Command& Command::alias(const std::string& name) {
    app_of(app_).alias(name);
    return *this;
}

Command& Command::flag(const std::string& names, bool& target, const std::string& help) {
    app_of(app_).add_flag(names, target, help);
    return *this;
}

Command& Command::option(const std::string& names, std::optional<std::string>& target,
                         const std::string& value_name, const std::string& help) {
    limit_to_one(app_of(app_).add_option(names, store_text(target), help), value_name);
    return *this;
}

Command& Command::options(const std::string& names, std::vector<std::string>& target,
                          const std::string& value_name, const std::string& help) {
    app_of(app_)
        .add_option(names, target, help)
        ->expected(1)
        ->allow_extra_args(false)
        ->type_name(value_name)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    return *this;
}

Command& Command::argument(const std::string& name, std::string& target, const std::string& help) {
    app_of(app_).add_option(name, target, help)->required()->type_name("");
    return *this;
}

Command& Command::optional_argument(const std::string& name, std::optional<std::string>& target,
                                    const std::string& help) {
    app_of(app_).add_option(name, store_text(target), help)->expected(1)->type_name("");
    return *this;
}

Command& Command::arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help) {
    app_of(app_).add_option(name, target, help)->required()->type_name("");
    return *this;
}

Command& Command::everything_after(std::vector<std::string>& target) {
    app_of(app_).prefix_command();
    parts_->pass_on[&app_of(app_)] = &target;
    return *this;
}

Command& Command::values(const std::string& name, std::vector<std::string> allowed) {
    const CLI::Option* option = app_of(app_).get_option_no_throw(name);
    CHECK(option != nullptr);
    parts_->values[option] = std::move(allowed);
    return *this;
}

Command& Command::example(const std::string& text) {
    parts_->examples[&app_of(app_)].push_back(text);
    return *this;
}

Command& Command::action(Action action) {
    parts_->actions[&app_of(app_)] = std::move(action);
    return *this;
}

Menu::Menu(const std::string& name, const std::string& description)
    : parts_(std::make_unique<MenuParts>(description)) {
    parts_->app.name(name);
    prepare(parts_->app);
}

Menu::~Menu() = default;

Command Menu::root() {
    return Command(&parts_->app, parts_.get());
}

CommandTree Menu::tree() const {
    return to_tree(parts_->app, *parts_);
}

Result<Parsed> Menu::parse(const std::vector<std::string>& args) {
    std::vector<std::string> reversed(args.rbegin(), args.rend());  // as CLI11 takes them
    Parsed parsed;
    try {
        parts_->app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        parsed.help_was_asked = true;
    } catch (const CLI::ParseError& error) {
        return to_usage_error(parts_->app, error);
    }
    const CLI::App* chosen = deepest(parts_->app);
    if (const auto rest = parts_->pass_on.find(chosen); rest != parts_->pass_on.end()) {
        *rest->second = chosen->remaining();
    }
    const auto action = parts_->actions.find(chosen);
    if (!parsed.help_was_asked && action != parts_->actions.end()) {
        parsed.action = action->second;
    }
    for (const CLI::App* app = chosen; app->get_parent() != nullptr; app = app->get_parent()) {
        parsed.path.insert(parsed.path.begin(), app->get_name());
    }
    return parsed;
}

}  // namespace latchkey::cli
