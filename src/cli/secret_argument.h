// Where `token inspect` and `token verify` take the secret from.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/context.h"

namespace latchkey::cli {

// As given, stdin for "-"; when nothing was given the token of --token or the environment, else it
// is asked for, or read from stdin when that is no terminal.
Result<Secret> secret_argument(Context& context, const std::optional<std::string>& given);

}  // namespace latchkey::cli
