// token bulk: revoke or suspend whatever a filter finds. Shows first what that is, and asks.
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/active_project.h"
#include "cli/api_lookup.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/token_view.h"
#include "cli/user_lookup.h"
#include "token/durations.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string action;  // "revoke"
    std::optional<std::string> owner;
    std::optional<std::string> api;
    std::optional<std::string> minted_before;
    std::optional<std::string> kid;
    std::optional<std::string> scope;
    std::optional<std::string> unused_for;
    std::optional<std::string> reason;
    bool is_dry_run{false};
};

// "90d" ago, or a date.
Result<std::string> moment_before(const std::string& text, Timestamp now) {
    const auto span = parse_duration(text);
    if (span) return format_rfc3339(now - *span);
    const bool is_date = text.size() == std::string_view("2027-01-31").size();
    const auto time = parse_rfc3339(is_date ? text + "T00:00:00Z" : text);
    if (time) return format_rfc3339(*time);
    return usage_error(fmt::format("--minted-before takes a date or a duration, not \"{}\"", text),
                       "2027-01-31, 2027-01-31T12:00:00Z, or 90d for that long ago");
}

Result<json::object> filter_of(Context& context, ApiClient& client, const Options& options) {
    json::object filter;
    if (options.owner) filter["owner"] = TRY(find_user(client, *options.owner));
    if (context.globals.project) {
        filter["project"] = TRY(find_project(client, *context.globals.project)).id;
    }
    if (options.api) {
        const json::object api = TRY(find_api(client, *options.api));
        filter["api"] = text_of(api, "id");
    }
    if (options.minted_before) {
        filter["mintedBefore"] = TRY(moment_before(*options.minted_before, context.now()));
    }
    if (options.kid) filter["kid"] = *options.kid;
    if (options.scope) filter["scope"] = *options.scope;
    if (options.unused_for) filter["unusedFor"] = *options.unused_for;
    if (!filter.empty()) return filter;
    return usage_error("which tokens? Give at least one filter",
                       "--owner, --project, --api, --minted-before, --kid, --scope, --unused-for");
}

void show(Context& context, const json::object& found, std::uint64_t count) {
    const json::value* const tokens = found.if_contains("tokens");
    if (tokens != nullptr && tokens->is_array() && !tokens->get_array().empty()) {
        context.print_table(token_table(tokens->get_array(), TokenColumns::kSix), false);
    }
    if (truth_of(found, "more")) context.print("and more\n");
    context.print(fmt::format("{} token{}\n", count, count == 1 ? "" : "s"));
}

std::string past_of(const Options& options) {
    return options.action == "revoke" ? "Revoked" : "Suspended";
}

Result<int> apply(Context& context, const Options& options) {
    ApiClient client = TRY(context.client());
    json::object body{{"action", options.action},
                      {"filter", TRY(filter_of(context, client, options))},
                      {"dryRun", true}};
    if (options.reason) body["reason"] = *options.reason;
    const json::object found = TRY(client.post_object("/v1/tokens/bulk", body));
    const auto count = number_of(found, "count").value_or(0);
    if (options.is_dry_run && context.globals.json) {
        context.print_json(found);
        return kExitOk;
    }
    if (!context.globals.json && !context.globals.quiet) show(context, found, count);
    if (options.is_dry_run) return kExitOk;
    if (count == 0) {
        if (context.globals.json) context.print_json(found);
        return kExitOk;
    }
    if (!context.globals.yes) {
        if (!context.may_ask()) {
            return usage_error("nobody can be asked whether these tokens are meant",
                               "look at them with --dry-run, then say --yes");
        }
        context.console().out.flush();  // what is asked about stands above the question
        const bool is_meant = TRY(
            confirm(context.console(),
                    fmt::format("{} {} token{}?", options.action == "revoke" ? "Revoke" : "Suspend",
                                count, count == 1 ? "" : "s")));
        if (!is_meant) return kExitFailure;
    }
    body["dryRun"] = false;
    const json::object done = TRY(client.post_object("/v1/tokens/bulk", body));
    if (context.globals.json) {
        context.print_json(done);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("{} {} token{}\n", past_of(options),
                                  number_of(done, "count").value_or(count), count == 1 ? "" : "s"));
        context.note(
            fmt::format("in force now; how far it is written down: latchkey token bulk "
                        "status {}",
                        short_id(text_of(done, "id"))));
    }
    return kExitOk;
}

Result<int> show_progress(Context& context, const std::string& id) {
    ApiClient client = TRY(context.client());
    const json::object progress = TRY(client.get_object("/v1/tokens/bulk/" + percent_encode(id)));
    if (context.globals.json) {
        context.print_json(progress);
        return kExitOk;
    }
    const auto count = number_of(progress, "count");
    context.print(render_details(
        {{"id", short_id(text_of(progress, "id"))},
         {"action", text_of(progress, "action")},
         {"state", text_of(progress, "state")},
         {"tokens", fmt::format("{} of {} written down", number_of(progress, "settled").value_or(0),
                                count ? std::to_string(*count) : "many")},
         {"begun", local_time_or_never(text_of(progress, "createdAt"))}}));
    return kExitOk;
}

void add_action(Command bulk, const std::string& action, const std::string& help) {
    auto options = std::make_shared<Options>();
    options->action = action;
    Command command = bulk.command(action, help);
    command.option("--owner", options->owner, "USER", "Whose: an id, an e-mail address or a name");
    command.option("--api", options->api, "API", "For this API: slug, audience or id");
    command.option("--minted-before", options->minted_before, "TIME",
                   "Made before a date, or so long ago (90d)");
    command.option("--kid", options->kid, "KID", "Signed by this signing key");
    command.option("--scope", options->scope, "SCOPE", "That hold this scope, or a pattern of it");
    command.option("--unused-for", options->unused_for, "SPAN", "Not used for so long (90d)");
    command.option("--reason", options->reason, "TEXT", "Why, for the log");
    command.flag("--dry-run", options->is_dry_run, "Only show which tokens");
    command.example(fmt::format("latchkey token bulk {} --unused-for 90d --dry-run", action));
    command.example(
        fmt::format("latchkey token bulk {} --kid KID --minted-before 2027-01-31 -y", action));
    command.action([options](Context& context) { return apply(context, *options); });
}

}  // namespace

void add_token_bulk(Command token) {
    Command bulk = token.command("bulk", "Revoke or suspend many tokens at once");
    add_action(bulk, "revoke", "Stop all tokens for good that the filter finds");
    add_action(bulk, "suspend", "Stop all tokens that the filter finds, until they are resumed");
    auto id = std::make_shared<std::string>();
    Command status = bulk.command("status", "Show how far a bulk change is written down");
    status.argument("ID", *id, "Its id, as --json says it");
    status.example("latchkey token bulk status 0190163d-8694-739b-aea5-966c26f8ad91");
    status.action([id](Context& context) { return show_progress(context, *id); });
}

}  // namespace latchkey::cli
