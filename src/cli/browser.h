// The person's own browser: what $BROWSER names, else what the desktop opens. Never through a
// shell, and only what is an address of the web: it came from a server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "cli/context.h"

namespace latchkey::cli {

// Whether a command may open one, or only tells where it leads.
enum class BrowserUse { kMayOpen, kOnlyTell };

// A person in front of a screen, on this machine, as far as one can tell.
bool has_screen(const Context& context);

// The words of the commands that $BROWSER names, between colons, the address in the place of "%s"
// or at the end. Pure.
std::vector<std::vector<std::string>> browser_commands(const std::string& variable,
                                                       const std::string& address);

// A browser that was started, or the program that starts it.
class BrowserProcess {
public:
    explicit BrowserProcess(std::optional<pid_t> child = {}) : child_(child) {}

    [[nodiscard]] bool was_started() const { return child_.has_value(); }
    // It has ended by now and said that it could not.
    bool has_failed();

private:
    std::optional<pid_t> child_;
};
BrowserProcess open_browser(const Context& context, const std::string& address);

}  // namespace latchkey::cli
