// The person gives the password once more: what changes who may do what needs that after ten
// minutes, and the session goes on under another secret afterwards.
#pragma once

#include "base/secret.h"
#include "cli/client/fields.h"
#include "cli/context.h"

namespace latchkey::cli {

// As decode_problem says it: the code of the second factor is needed, too.
bool asks_for_code(const Context& context);
// The six digits, or a recovery code.
Result<std::string> ask_for_code(Context& context);

// The new secret of the stored session, which is kept in its place.
Result<Secret> prove_once_more(Context& context, std::string_view session);

}  // namespace latchkey::cli
