#include "cli/token_flags.h"

#include <algorithm>
#include <charconv>
#include <chrono>

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
    command.option("--rate", flags.rate, "N/TIME", "How often it may be used: 100/1m, 5000/1h");
    command.option("--not-before", flags.start, "WHEN",
                   "When it begins: 12h, 2027-01-31 or a time; at once without it");
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

Result<json::value> rate_member(const std::string& given) {
    if (given == "none") return json::value(nullptr);
    const auto slash = given.find('/');
    const auto wrong = [&] {
        return usage_error(fmt::format("\"{}\" is no rate", harmless(given)),
                           "write how many in how long: 100/1m, 5000/1h, or none");
    };
    if (slash == std::string::npos) return wrong();
    const std::string count = given.substr(0, slash);
    std::string period = given.substr(slash + 1);
    // "100/m" is what people say.
    if (period.size() == 1) period.insert(0, "1");
    std::uint32_t requests = 0;
    const auto [end, failed] = std::from_chars(count.data(), count.data() + count.size(), requests);
    const auto length = parse_duration(period);
    const bool is_fine = failed == std::errc{} && end == count.data() + count.size() && length;
    if (!is_fine || requests == 0) return wrong();
    return json::value(json::object{
        {"requests", requests},
        {"seconds", std::chrono::duration_cast<std::chrono::seconds>(*length).count()}});
}

Result<json::value> start_member(Context& context, const std::string& given) {
    if (given == "now" || given == "none") return json::value(nullptr);
    constexpr std::size_t kDateLength = 10;
    const bool is_date = given.size() == kDateLength && given[4] == '-';
    json::value start = TRY(expiry_member(context, is_date ? given + "T00:00:00Z" : given));
    return start;
}

json::array address_members(const std::vector<std::string>& given) {
    std::vector<std::string> addresses = all_items(given);
    std::erase(addresses, "none");
    return to_array(addresses);
}

Result<json::object> token_members(Context& context, const TokenFlags& flags) {
    json::object members;
    if (flags.description) members["description"] = *flags.description;
    if (flags.api) members["api"] = *flags.api;
    if (flags.expiry) {
        members["expiresAt"] = TRY(expiry_member(context, *flags.expiry));
    }
    const std::vector<std::string> scopes = all_items(flags.scopes);
    if (!flags.scopes.empty()) members["scopes"] = to_array(scopes);
    if (!flags.addresses.empty()) members["allowedIps"] = address_members(flags.addresses);
    if (flags.rate) members["rateLimit"] = TRY(rate_member(*flags.rate));
    if (flags.start) members["notBefore"] = TRY(start_member(context, *flags.start));
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
