#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "cli/active_project.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/token_view.h"
#include "cli/user_lookup.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kDefaultLimit = 200;

struct Options {
    std::optional<std::string> state;
    std::optional<std::string> sort;
    std::optional<std::string> limit;
    std::optional<std::string> owner;
    std::optional<std::string> scope;
    std::optional<std::string> api;
    std::optional<std::string> unused_for;
    std::optional<std::string> expires_before;
    std::optional<std::string> search;
    bool all{false};
    bool wide{false};
};

Result<std::size_t> limit_of(const Options& options) {
    if (options.all) return std::size_t{0};
    if (!options.limit) return kDefaultLimit;
    std::size_t limit = 0;
    const std::string& text = *options.limit;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc{} || end != text.data() + text.size() || limit == 0) {
        return usage_error(fmt::format("--limit takes a number above zero, not \"{}\"", text));
    }
    return limit;
}

Status check_state(const std::string& state) {
    static constexpr std::array<std::string_view, 6> kStates{"active",  "expiring",  "expired",
                                                             "revoked", "suspended", "all"};
    if (std::find(kStates.begin(), kStates.end(), state) != kStates.end()) return {};
    return usage_error(fmt::format("\"{}\" is no state of a token", state),
                       "--state takes active, expiring, expired, revoked, suspended or all");
}

void print_as_table(Context& context, const json::array& tokens, bool wide) {
    Console& console = context.console();
    Table table = token_table(tokens, TokenColumns::kSix);
    const bool room = console.out_is_terminal && table_width(table) <= console.columns;
    if (!wide && !room) table = token_table(tokens, TokenColumns::kFour);
    context.print_table(table, wide);
}

void print_tokens(Context& context, const json::array& tokens, bool wide, std::string_view make) {
    if (context.globals.json) {
        context.print_json_list(tokens);
    } else if (tokens.empty()) {
        context.print(
            fmt::format("No tokens found. You can create tokens with latchkey token {}\n", make));
    } else {
        print_as_table(context, tokens, wide);
    }
}

// The seed's list: key tokens alone, and all of them, since nothing in it would say that some are
// missing. The API cannot choose by kind, so they are chosen here.
Result<int> list_key_tokens(Context& context, bool wide) {
    ApiClient client = TRY(context.client());
    Listing listing = TRY(client.list(
        with_query("/v1/tokens", {{"limit", std::to_string(kDefaultLimit)}, {"state", "active"}}),
        0));
    json::array tokens;
    for (json::value& item : listing.items) {
        if (item.is_object() && text_of(item.get_object(), "kind") == "key") {
            tokens.push_back(std::move(item));
        }
    }
    print_tokens(context, tokens, wide, "create-token");
    return kExitOk;
}

Result<std::string> owner_of(ApiClient& client, const Options& options) {
    if (!options.owner || options.owner == "all") return options.owner.value_or("");
    return find_user(client, *options.owner);
}

Result<int> list(Context& context, const Options& options) {
    const std::string state = options.state.value_or("active");
    TRY(check_state(state));
    const std::size_t limit = TRY(limit_of(options));
    const std::size_t page = limit == 0 ? kDefaultLimit : std::min(limit, kDefaultLimit);
    ApiClient client = TRY(context.client());
    std::string project;
    if (context.globals.project) {
        project = TRY(find_project(client, *context.globals.project)).id;
    }
    const std::string owner = TRY(owner_of(client, options));
    const Query query{{"state", state},
                      {"sort", options.sort.value_or("")},
                      {"owner", owner},
                      {"scope", options.scope.value_or("")},
                      {"api", options.api.value_or("")},
                      {"project", project},
                      {"unusedFor", options.unused_for.value_or("")},
                      {"expiresBefore", options.expires_before.value_or("")},
                      {"q", options.search.value_or("")},
                      {"limit", std::to_string(page)}};
    const Listing listing = TRY(client.list(with_query("/v1/tokens", query), limit));
    print_tokens(context, listing.items, options.wide, "create");
    if (listing.has_more) context.note("there are more: --limit N, or --all for every one");
    return kExitOk;
}

}  // namespace

void add_token_list(Command token) {
    auto options = std::make_shared<Options>();
    Command command = token.command("list", "List your tokens, never their secrets");
    command.alias("ls");
    command.option("--state", options->state, "STATE",
                   "active (default), expiring (within 14 days), expired, revoked, suspended or "
                   "all");
    command.option("--sort", options->sort, "FIELD",
                   "-createdAt (default), createdAt, name, expiresAt, lastUsedAt or -lastUsedAt");
    command.option("--limit", options->limit, "N", "At most so many");
    command.option("--owner", options->owner, "USER", "For administrators: whose, or all");
    command.option("--scope", options->scope, "SCOPE", "That hold this scope, or a pattern of it");
    command.option("--api", options->api, "API", "For this API: slug, audience or id");
    command.option("--unused-for", options->unused_for, "SPAN", "Not used for so long: 90d");
    command.option("--expires-before", options->expires_before, "TIME",
                   "Ending before a date, or within so long: 30d");
    command.option("--search", options->search, "TEXT", "With this in the name or description");
    command.flag("--all", options->all, "Every one, however many");
    command.flag("--wide", options->wide, "All columns, uncut");
    command.values("--state", {"active", "expiring", "expired", "revoked", "suspended", "all"});
    command.example("latchkey token list");
    command.example("latchkey token list --state expiring --wide");
    command.example("latchkey token list --unused-for 90d --json -q");
    command.action([options](Context& context) { return list(context, *options); });

    auto wide = std::make_shared<bool>(false);
    Command key_tokens = token.command("list-tokens", "List your key tokens");
    key_tokens.flag("--wide", *wide, "All columns, uncut");
    key_tokens.example("latchkey token list-tokens");
    key_tokens.action([wide](Context& context) { return list_key_tokens(context, *wide); });
}

}  // namespace latchkey::cli
