// Policy documents as a person gives them: a file, stdin, or two questions at a terminal; and what
// is wrong with one, shown where it stands.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"

namespace latchkey::cli {

// The bytes of a file, or of stdin for "-", as they are. At most kPolicyBytesMax.
Result<std::string> read_policy_text(Context& context, const std::string& path);
// Asks for the allowed resources and actions; an empty answer means "*".
Result<json::object> ask_for_policy(Context& context);

// The error about a policy text, with the lines it is about as the excerpt of context.problem.
// `prefix` is where the policy stood inside of what was sent ("/policy"); then lines and columns
// that the server says are not those of the text, but the members it names are.
Error with_excerpt(Context& context, Error error, std::string_view text, std::string_view prefix);

}  // namespace latchkey::cli
