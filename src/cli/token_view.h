// How tokens are shown: Cape's table, and one token in detail. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/table.h"

namespace latchkey::cli {

// Which columns there are: the four of the seed, or LAST USED and EXPIRES as well.
enum class TokenColumns { kFour, kSix };
Table token_table(const json::array& tokens, TokenColumns columns);

// One token as lines; `usage` may be empty.
std::string token_details(const json::object& token, const json::object& usage);

// "100 a minute", or nothing.
std::string rate_in_words(const json::object& token);

// "works until …, last used … from … by …", or nothing when nothing is being replaced.
std::string old_secret_in_words(const json::object& token);

// "ES256 deploy, RS256 0190163d-…", or nothing for a token without keys.
std::string keys_in_words(const json::object& token);

// "account:read token:read", "none", or "as its policies say" for a token that declares none.
std::string scopes_in_words(const json::object& token);

}  // namespace latchkey::cli
