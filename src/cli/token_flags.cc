#include "cli/token_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/errors.h"
#include "cli/text.h"
#include "token/durations.h"
#include "token/names.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kKeyTokenNameMin = 8;

}  // namespace

void add_token_flags(Command& command, TokenFlags& flags) {
    command.option("-n,--name", flags.name, "NAME", "What to call it");
    command.option("-d,--description", flags.description, "TEXT", "What it is for");
    command.option("-e,--expiry,--expires", flags.expiry, "WHEN",
                   "When it ends: 30d, 12h, 2027-01-31 or none");
    command.options("-s,--scope,--scopes", flags.scopes, "SCOPE,…",
                    "What it may do; '*' is all that its owner may");
    command.option("--api", flags.api, "AUDIENCE", "The API it is for, by audience or slug");
    command.options("--ip", flags.addresses, "CIDR,…", "The addresses it may be used from");
    command.option("--owner", flags.owner, "USER", "For administrators: whose token it is");
}

std::vector<std::string> all_items(const std::vector<std::string>& given) {
    return split_commas(join(given, ","));
}

Result<json::value> expiry_member(Context& context, const std::string& given) {
    auto ends = parse_expiry(given, context.now());
    if (!ends && ends.error().reason == "bad_expiry") {
        return usage_error(ends.error().message, ends.error().hint);
    }
    if (!ends) return std::move(ends).error();
    return *ends ? json::value(format_rfc3339(**ends)) : json::value(nullptr);
}

Result<json::object> token_members(Context& context, const TokenFlags& flags) {
    json::object members;
    if (flags.description) members["description"] = *flags.description;
    if (flags.api) members["api"] = *flags.api;
    if (flags.expiry) {
        json::value ends = TRY(expiry_member(context, *flags.expiry));
        if (!ends.is_null()) members["expiresAt"] = std::move(ends);
    }
    const std::vector<std::string> scopes = all_items(flags.scopes);
    if (!flags.scopes.empty()) members["scopes"] = to_array(scopes);
    if (!flags.addresses.empty()) members["allowedIps"] = to_array(all_items(flags.addresses));
    if (std::find(scopes.begin(), scopes.end(), "*") != scopes.end()) {
        print_warning(context.console(),
                      "the scope * lets this token do all that its owner may do at that API");
    }
    return members;
}

std::string tokens_path(const TokenFlags& flags) {
    return with_query("/v1/tokens", {{"owner", flags.owner.value_or("")}});
}

Status check_key_token_name(const std::string& name) {
    if (utf8_length(name) < kKeyTokenNameMin) {
        return usage_error(
            fmt::format("the name of a key token has at least {} characters", kKeyTokenNameMin),
            "say what it is for: \"deploy-production\"");
    }
    Status is_fine = check_name(name);
    if (!is_fine) is_fine.error().message.insert(0, "name: ");
    return is_fine;
}

}  // namespace latchkey::cli
