#include "cli/browser.h"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "fetch/url.h"

extern char** environ;

namespace latchkey::cli {
namespace {

// Of a session of its own, so that Ctrl-C here does not end it.
std::optional<pid_t> spawn(std::vector<std::string> words) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0) return std::nullopt;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return std::nullopt;
    }
    for (const int descriptor : {0, 1, 2}) {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
    }
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? std::optional(child) : std::nullopt;
}

std::vector<std::string> words_of(const std::string& command) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while ((at = command.find_first_not_of(' ', at)) != std::string::npos) {
        const auto end = std::min(command.find(' ', at), command.size());
        words.push_back(command.substr(at, end - at));
        at = end;
    }
    return words;
}

}  // namespace

bool has_screen(const Context& context) {
    if (context.environment("SSH_CONNECTION")) return false;
    return context.environment("DISPLAY") || context.environment("WAYLAND_DISPLAY");
}

std::vector<std::vector<std::string>> browser_commands(const std::string& variable,
                                                       const std::string& address) {
    std::vector<std::vector<std::string>> commands;
    for (std::size_t at = 0; at <= variable.size();) {
        const auto end = std::min(variable.find(':', at), variable.size());
        auto words = words_of(variable.substr(at, end - at));
        at = end + 1;
        if (words.empty()) continue;
        bool is_placed = false;
        for (auto& word : words) {
            const auto place = word.find("%s");
            if (place == std::string::npos) continue;
            word.replace(place, 2, address);
            is_placed = true;
        }
        if (!is_placed) words.push_back(address);
        commands.push_back(std::move(words));
    }
    return commands;
}

bool BrowserProcess::has_failed() {
    if (!child_) return false;
    int status = 0;
    if (waitpid(*child_, &status, WNOHANG) != *child_) return false;
    child_.reset();
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

BrowserProcess open_browser(const Context& context, const std::string& address) {
    const bool is_web = address.starts_with("https://") || address.starts_with("http://");
    if (!is_web || !fetch::parse_url(address)) return BrowserProcess();
    for (auto& words : browser_commands(context.environment("BROWSER").value_or(""), address)) {
        if (const auto child = spawn(std::move(words))) return BrowserProcess(child);
    }
    if (!has_screen(context)) return BrowserProcess();
    return BrowserProcess(spawn({"xdg-open", address}));
}

}  // namespace latchkey::cli
