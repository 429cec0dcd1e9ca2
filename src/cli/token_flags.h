// The flags and members that all ways of making a token share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/context.h"

namespace latchkey::cli {

struct TokenFlags {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> expiry;
    std::vector<std::string> scopes;
    std::optional<std::string> api;
    std::vector<std::string> addresses;
    std::optional<std::string> rate;
    std::optional<std::string> start;
    std::optional<std::string> owner;
};

void add_token_flags(Command& command, TokenFlags& flags);

// The members of POST /v1/tokens that the flags stand for, all but the name. Warns of the scope *.
Result<json::object> token_members(Context& context, const TokenFlags& flags);
// Where to post them.
std::string tokens_path(const TokenFlags& flags);

// RFC 3339, or null for "none". Written wrongly is a usage error; a moment that cannot be is an
// invalid value.
Result<json::value> expiry_member(Context& context, const std::string& given);

// {"requests","seconds"} of "100/1m", or null for "none".
Result<json::value> rate_member(const std::string& given);
// As expiry_member; a date is the beginning of that day, and "now" is null.
Result<json::value> start_member(Context& context, const std::string& given);
// As --ip gives them; "none" is no limit at all.
json::array address_members(const std::vector<std::string>& given);

// All that was given, by several flags or between commas.
std::vector<std::string> all_items(const std::vector<std::string>& given);

// Members `name` (of 8 characters or more) is what key tokens have on every surface.
Status check_key_token_name(const std::string& name);

}  // namespace latchkey::cli
