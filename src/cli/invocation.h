// One run of the command line on given words, streams and environment, so that tests need no
// process. run() in cli.cc is this on the real ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/console.h"

namespace latchkey::cli {

// Takes `--token SECRET` and `--token=SECRET` out of the words. Nothing after "--" is looked at.
std::optional<std::string> take_token(std::vector<std::string>& args);

// Overwrites in argv what take_token takes, passphrases, and whatever has the shape of a token, so
// that the process list does not show it. Call after copying the words.
void scrub(int argc, char** argv);

struct Invocation {
    std::vector<std::string> args;  // without the program's name
    Console& console;
    Environment environment;
    const Hooks& hooks;
    const Clock& clock;
};

int run_with(Invocation invocation);

}  // namespace latchkey::cli
