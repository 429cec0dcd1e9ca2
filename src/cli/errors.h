// The one table from errors to exit codes (CONTRACT §3), and how an error looks on stderr.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/console.h"

namespace latchkey::cli {

enum ExitCode : int {
    kExitOk = 0,
    kExitFailure = 1,
    kExitUsage = 2,
    kExitNotFound = 3,
    kExitNotLoggedIn = 4,
    kExitNotAllowed = 5,
    kExitInvalid = 6,
    kExitRateLimited = 7,
    kExitNetwork = 8,
    kExitPartly = 10,
    kExitInterrupted = 130,
};

struct ExitCodeText {
    ExitCode code;
    const char* meaning;
};
// Every code that a command may end with, and what it means, for help and man pages.
std::vector<ExitCodeText> exit_code_texts();

// One entry of a problem's `errors`: which member of what was sent, and where it stands in a text
// that was sent as it is. Lines and columns count from 1; 0 means that none was said.
struct ProblemPlace {
    std::string pointer;
    std::size_t line{0};
    std::size_t column{0};
};

// What a server's answer said beside the error itself.
struct Problem {
    long status{0};
    std::string code;
    std::string request_id;
    std::vector<ProblemPlace> places{};
    std::string excerpt{};  // lines of the user's own text to show below the message
};

// A command line that cannot be meant, found before anything was done: exit 2.
Error usage_error(std::string message, std::string hint = {});
// Something local that failed (a file, say): exit 1.
Error failure(std::string message, std::string hint = {});

// What an HTTP status means to us: the same for our API's problems and for answers that are passed
// through, of `run` and `request`.
ErrorCode code_of_status(long status);
// The word for machines when an error has no closer one.
std::string_view code_name(ErrorCode code);
int exit_code(const Error& error);
int exit_code_of_status(long status);

// "error: …", "hint: …", and with `as_json` one line {"error":{…}} after them.
void report(Console& console, const Error& error, const std::optional<Problem>& problem,
            bool as_json);

}  // namespace latchkey::cli
