// usage, unused, shrink: what a token was used for, and a token as narrow as that.
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/usage_view.h"

namespace latchkey::cli {
namespace {

struct Options {
    std::string id;
    std::optional<std::string> days;
    bool is_applied{false};
};

Result<std::optional<std::int64_t>> days_of(const Options& options) {
    if (!options.days) return std::optional<std::int64_t>{};
    std::string text = *options.days;
    if (text.ends_with('d')) text.pop_back();
    const bool is_number = !text.empty() && text.size() <= 4 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) {
        return usage_error(fmt::format("--days takes a number of days, not \"{}\"", *options.days));
    }
    return std::optional<std::int64_t>{std::stol(text)};
}

Result<std::string> path_of(const Options& options, std::string_view what) {
    const auto days = TRY(days_of(options));
    return with_query(fmt::format("/v1/tokens/{}/{}", percent_encode(options.id), what),
                      {{"days", days ? std::to_string(*days) : ""}});
}

void print_if_any(Context& context, const Table& table) {
    if (table.rows.empty()) return;
    context.print("\n");
    context.print_table(table, false);
}

Result<int> show_usage(Context& context, const Options& options) {
    ApiClient client = TRY(context.client());
    const json::object usage = TRY(client.get_object(TRY(path_of(options, "usage"))));
    if (context.globals.json) {
        context.print_json(usage);
        return kExitOk;
    }
    context.print(render_details({
        {"last used", local_time_or_never(text_of(usage, "lastUsedAt"))},
        {"from", text_of(usage, "lastAddress")},
        {"by", text_of(usage, "lastAgent")},
        {"uses", uses_in_words(usage)},
        {"days", day_bars(usage)},
        {"denied", denials_in_words(usage)},
    }));
    print_if_any(context, generations_table(usage));
    print_if_any(context, callers_table(usage));
    print_if_any(context, scopes_table(usage));
    return kExitOk;
}

// What the figures do not say.
void note_limits(Context& context, const json::object& answer) {
    const auto days = number_of(answer, "days").value_or(0);
    if (!truth_of(answer, "enough")) {
        context.note(fmt::format("recorded only since {}, which is less than {} days",
                                 local_time_or_never(text_of(answer, "since")), days));
    }
    const auto without = number_of(answer, "usesWithoutScope").value_or(0);
    if (without > 0) {
        context.note(
            fmt::format("{} uses named no scope: nobody can say which they needed", without));
    }
}

std::string words_or_none(const json::object& answer, std::string_view member) {
    const std::string words = join(texts_of(answer, member), " ");
    return words.empty() ? "none" : words;
}

Result<int> show_unused(Context& context, const Options& options) {
    ApiClient client = TRY(context.client());
    const json::object answer = TRY(client.get_object(TRY(path_of(options, "unused"))));
    if (context.globals.json) {
        context.print_json(answer);
        return kExitOk;
    }
    if (context.globals.quiet) {
        for (const auto& scope : texts_of(answer, "scopes")) {
            context.print(harmless(scope) + "\n");
        }
        return kExitOk;
    }
    context.print(render_details(
        {{"unused", words_or_none(answer, "scopes")}, {"used", words_or_none(answer, "used")}}));
    note_limits(context, answer);
    if (!texts_of(answer, "scopes").empty()) {
        context.note(fmt::format("latchkey token shrink {} shows what would be left of it",
                                 harmless(options.id)));
    }
    return kExitOk;
}

Result<int> shrink(Context& context, const Options& options) {
    const auto days = TRY(days_of(options));
    json::object body;
    if (days) body["days"] = *days;
    if (options.is_applied) body["apply"] = true;
    ApiClient client = TRY(context.client());
    const json::object answer = TRY(
        client.post_object(fmt::format("/v1/tokens/{}/shrink", percent_encode(options.id)), body));
    if (context.globals.json) {
        context.print_json(answer);
        return kExitOk;
    }
    const json::value* const denied = answer.if_contains("wouldHaveBeenDenied");
    const bool is_harmless = denied != nullptr && denied->is_array() && denied->get_array().empty();
    context.print(render_details(
        {{"from", words_or_none(answer, "from")},
         {"to", words_or_none(answer, "to")},
         {"denied", is_harmless ? "nothing that was recorded would have been" : "see --json"}}));
    note_limits(context, answer);
    if (options.is_applied) {
        context.print(fmt::format("Narrowed token {}\n", harmless(options.id)));
    } else {
        context.note("nothing was changed; --apply narrows the token");
    }
    return kExitOk;
}

}  // namespace

void add_token_usage(Command token) {
    auto usage = std::make_shared<Options>();
    Command command = token.command("usage", "Show when, from where and for what a token was used");
    command.argument("ID", usage->id, "The token's id");
    command.example("latchkey token usage 7VgsDiH8jBPtiFiGXPvsxk --days 7");
    command.option("--days", usage->days, "N", "Of so many days, 30 unless said otherwise");
    command.action([usage](Context& context) { return show_usage(context, *usage); });

    auto unused = std::make_shared<Options>();
    command = token.command("unused", "Show the scopes of a token that nobody asked for");
    command.argument("ID", unused->id, "The token's id");
    command.example("latchkey token unused 7VgsDiH8jBPtiFiGXPvsxk");
    command.option("--days", unused->days, "N", "In so many days, 90 unless said otherwise");
    command.action([unused](Context& context) { return show_unused(context, *unused); });

    auto shrunk = std::make_shared<Options>();
    command = token.command("shrink", "Narrow a token to the scopes that were used");
    command.argument("ID", shrunk->id, "The token's id");
    command.example("latchkey token shrink 7VgsDiH8jBPtiFiGXPvsxk --days 30 --apply");
    command.option("--days", shrunk->days, "N", "In so many days, 90 unless said otherwise");
    command.flag("--apply", shrunk->is_applied, "Do it; without, only show what would be left");
    command.action([shrunk](Context& context) { return shrink(context, *shrunk); });
}

}  // namespace latchkey::cli
