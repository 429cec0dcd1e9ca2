#include <chrono>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/token_flags.h"
#include "token/durations.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string id;
    std::optional<std::string> grace;
    std::optional<std::string> silence;
    std::optional<std::string> expiry;
    std::vector<std::string> scopes;
};

Result<std::int64_t> seconds_of(const std::string& given, std::string_view flag) {
    if (given == "0" || given == "none") return std::int64_t{0};
    const auto length = parse_duration(given);
    if (!length) {
        return usage_error(fmt::format("{}: \"{}\" is no length of time", flag, harmless(given)),
                           "write 90m, 24h or 7d; 0 is not at all");
    }
    return std::chrono::duration_cast<std::chrono::seconds>(*length).count();
}

Result<json::object> body_of(Context& context, const Options& options) {
    json::object body;
    if (options.grace) body["graceSeconds"] = TRY(seconds_of(*options.grace, "--grace"));
    if (options.silence) {
        body["untilSilentSeconds"] = TRY(seconds_of(*options.silence, "--until-silent"));
    }
    if (options.expiry) body["expiresAt"] = TRY(expiry_member(context, *options.expiry));
    if (!options.scopes.empty()) body["scopes"] = to_array(all_items(options.scopes));
    return body;
}

// What becomes of the secret that is in use now.
void tell_about_old(Context& context, const json::object& token) {
    const json::value* previous = token.if_contains("previous");
    if (previous == nullptr || !previous->is_object()) return;
    const json::object& old = previous->get_object();
    const auto end = parse_rfc3339(text_of(old, "endsAt"));
    if (!end || *end <= context.now()) {
        return context.note("the old secret has ended");
    }
    std::string line = fmt::format("the old secret works until {}", local_time(*end));
    if (const auto silent = number_of(old, "untilSilentSeconds")) {
        line += fmt::format(", or until nobody used it for {} hours", (*silent + 1800) / 3600);
    }
    context.note(line);
    context.note(fmt::format("see who still uses it: latchkey token usage {}",
                             short_id(text_of(token, "id"))));
}

Result<int> rotate(Context& context, const Options& options) {
    const json::object body = TRY(body_of(context, options));
    ApiClient client = TRY(context.client());
    const std::string path = "/v1/tokens/" + percent_encode(options.id) + "/rotate";
    const json::object token = TRY(client.post_object(path, body));
    const std::string secret = text_of(token, "token");
    if (context.globals.json) {
        context.print_json(token);
        return kExitOk;
    }
    context.print(context.globals.quiet ? secret + "\n"
                                        : fmt::format("Success! Your token: {}\n", secret));
    context.note("copy the token now: it is not stored and cannot be shown again");
    tell_about_old(context, token);
    return kExitOk;
}

}  // namespace

void add_token_rotate(Command token) {
    auto options = std::make_shared<Options>();
    Command command =
        token.command("rotate", "Give a token a new secret; the old one works a while longer");
    command.argument("ID", options->id, "The token's id");
    command.option("--grace", options->grace, "TIME",
                   "How long the old secret still works: 24h (default), 7d, 0");
    command.option("--until-silent", options->silence, "TIME",
                   "End it sooner, when nobody used it for so long: 6h");
    command.options("-s,--scope,--scopes", options->scopes, "SCOPE,…",
                    "What it may do from now on, perhaps more than before");
    command.option("-e,--expiry,--expires", options->expiry, "WHEN",
                   "When it ends: 30d, 12h, 2027-01-31 or none");
    command.example("latchkey token rotate ID --grace 7d --until-silent 6h");
    command.example("latchkey token rotate ID --grace 0      # it leaked");
    command.action([options](Context& context) { return rotate(context, *options); });
}

}  // namespace latchkey::cli
