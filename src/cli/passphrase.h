// Passphrases of private keys: from a file, from stdin, or typed without being shown.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/console.h"

namespace latchkey::cli {

// The file's text, or stdin's for "-", without the line feed at its end. Empty is a usage error.
Result<Secret> read_passphrase(Console& console, const std::string& path);

// Typed twice until both are the same; empty means none.
Result<Secret> ask_new_passphrase(Console& console);

}  // namespace latchkey::cli
