#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/event_chain.h"
#include "cli/events_tail.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kExportBytesMax = std::size_t{4} * 1024 * 1024 * 1024;
constexpr std::size_t kJwksBytesMax = 1'048'576;
constexpr const char* kAllEvents = "/v1/events?limit=200";

struct ListOptions {
    std::optional<std::string> after;
    std::optional<std::string> limit;
    std::optional<std::string> type;
    std::optional<std::string> about;
    std::optional<std::string> owner;
    std::optional<std::string> actor;
};

Result<int> list(Context& context, const ListOptions& options) {
    std::size_t limit = 100;
    if (options.limit) {
        limit = std::strtoul(options.limit->c_str(), nullptr, 10);
        if (limit == 0) return usage_error("--limit takes a number above zero");
    }
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list(
        with_query("/v1/events", {{"after", options.after.value_or("")},
                                  {"limit", std::to_string(std::min<std::size_t>(limit, 200))},
                                  {"type", options.type.value_or("")},
                                  {"token", options.about.value_or("")},
                                  {"owner", options.owner.value_or("")},
                                  {"actor", options.actor.value_or("")}}),
        limit));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"REVISION", "AT", "TYPE", "ACTOR", "SUMMARY"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& event = item.get_object();
        table.rows.push_back({std::to_string(number_of(event, "revision").value_or(0)),
                              local_time_or_never(text_of(event, "at")), text_of(event, "type"),
                              text_of(event, "actor"), event_summary(event)});
    }
    context.print_table(table, false);
    if (listing.has_more) context.note("there are more: --limit N, or --after REVISION");
    return kExitOk;
}

Result<int> checkpoint(Context& context) {
    ApiClient client = TRY(context.client());
    const json::object object = TRY(client.get_object("/v1/events/checkpoint"));
    if (context.globals.json) {
        context.print_json(object);
    } else if (context.globals.quiet) {
        context.print(text_of(object, "checkpoint") + "\n");
    } else {
        context.print(
            render_details({{"epoch", std::to_string(number_of(object, "epoch").value_or(0))},
                            {"revision", std::to_string(number_of(object, "revision").value_or(0))},
                            {"hash", text_of(object, "hash")},
                            {"at", text_of(object, "at")},
                            {"checkpoint", text_of(object, "checkpoint")}}));
    }
    return kExitOk;
}

struct VerifyOptions {
    std::optional<std::string> file;
    std::optional<std::string> jwks;
};

Result<KeySet> load_keys(Context& context, const std::optional<std::string>& file) {
    if (file) {
        const std::string text = TRY(read_file(*file, kJwksBytesMax));
        return KeySet::parse(text);
    }
    ApiClient client = TRY(context.client_with(Secret{}));
    const std::string text = TRY(client.get_text("/.well-known/jwks.json"));
    return KeySet::parse(text);
}

// The checkpoint is fetched first: it then covers nothing that the pages after it lack.
Status verify_live(Context& context, const VerifyOptions& options, EventChain& chain) {
    ApiClient client = TRY(context.client());
    const json::object signed_head = TRY(client.get_object("/v1/events/checkpoint"));
    TRY(client.each_page(kAllEvents, [&chain](json::array events) -> Status {
        for (const json::value& event : events) {
            if (!event.is_object()) return failure("the server sent something that is no event");
            TRY(chain.add(event.get_object()));
        }
        return {};
    }));
    const KeySet keys = TRY(load_keys(context, options.jwks));
    return chain.check_checkpoint(signed_head, keys);
}

Status verify_file(Context& context, const VerifyOptions& options, EventChain& chain) {
    const std::string text = TRY(read_file(*options.file, kExportBytesMax));
    json::object signed_head;
    std::size_t line_number = 0;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = std::string_view(text).substr(start, end - start);
        start = end + 1;
        ++line_number;
        if (line.empty()) continue;
        const auto value = parse_json(line, {std::size_t{16} * 1024 * 1024, 32, 100'000});
        if (!value || !value->is_object() || !signed_head.empty()) {
            return failure(
                fmt::format("{}, line {}: no event stands here", *options.file, line_number));
        }
        if (value->get_object().contains("checkpoint")) {
            signed_head = value->get_object();
        } else {
            TRY(chain.add(value->get_object()));
        }
    }
    if (signed_head.empty()) {
        return failure("the file has no checkpoint as its last line, so nothing in it is signed",
                       "export the log again with latchkey events export");
    }
    const KeySet keys = TRY(load_keys(context, options.jwks));
    return chain.check_checkpoint(signed_head, keys);
}

Result<int> verify(Context& context, const VerifyOptions& options) {
    EventChain chain;
    TRY(options.file ? verify_file(context, options, chain) : verify_live(context, options, chain));
    if (context.globals.json) {
        context.print_json(json::object{
            {"events", chain.count()}, {"epoch", chain.epoch()}, {"head", chain.head()}});
    } else {
        context.print(fmt::format("verified {} events, epoch {}, head {}\n", chain.count(),
                                  chain.epoch(), chain.head()));
    }
    return kExitOk;
}

// Events up to at least the checkpoint, which is the last line.
Result<int> export_log(Context& context, const std::optional<std::string>& file) {
    ApiClient client = TRY(context.client());
    const json::object signed_head = TRY(client.get_object("/v1/events/checkpoint"));
    std::string lines;
    std::size_t count = 0;
    const auto flush = [&context, &file, &lines] {
        if (file) return;
        context.print(lines);
        lines.clear();
    };
    TRY(client.each_page(kAllEvents, [&](json::array events) -> Status {
        for (const json::value& event : events) {
            lines += to_json(event) + "\n";
            ++count;
        }
        flush();
        return {};
    }));
    lines += to_json(signed_head) + "\n";
    flush();
    if (file) {
        TRY(write_private_file(*file, lines));
        if (!context.globals.quiet) {
            context.print(fmt::format("Exported {} events to {}\n", count, harmless(*file)));
        }
    }
    return kExitOk;
}

}  // namespace

void add_events(Command root) {
    Command events = root.command("events", "The log of every change");
    auto options = std::make_shared<ListOptions>();
    events.command("list", "List events")
        .alias("ls")
        .example("latchkey events list --type token.revoked")
        .option("--after", options->after, "REVISION", "Only later ones")
        .option("--limit", options->limit, "N", "At most so many (100)")
        .option("--type", options->type, "TYPE", "As token.revoked")
        .option("--about", options->about, "TOKEN", "Of this token")
        .option("--owner", options->owner, "USER", "Of this user's tokens")
        .option("--actor", options->actor, "WHO", "Done by this user or token")
        .action([options](Context& context) { return list(context, *options); });
    events.command("checkpoint", "Show the newest signed checkpoint")
        .example("latchkey events checkpoint --json")
        .action(&checkpoint);
    auto proof = std::make_shared<VerifyOptions>();
    events.command("verify", "Recompute every hash and check the signed checkpoint")
        .optional_argument("FILE", proof->file, "An exported log; else the server's own")
        .option("--jwks", proof->jwks, "FILE", "The public keys; else the server's")
        .example("latchkey events verify log.jsonl --jwks jwks.json")
        .action([proof](Context& context) { return verify(context, *proof); });
    auto tail = std::make_shared<TailOptions>();
    events.command("tail", "Show events as they happen, until Ctrl-C")
        .option("--type", tail->type, "TYPE", "As token.revoked, or token. for all of a kind")
        .option("--about", tail->about, "TOKEN", "Of this token")
        .option("--owner", tail->owner, "USER", "Of this user's tokens")
        .option("--after", tail->after, "REVISION", "Begin behind this one; else with what comes")
        .example("latchkey events tail --type token.")
        .example("latchkey events tail --json | jq .type")
        .action([tail](Context& context) { return tail_events(context, *tail); });
    auto file = std::make_shared<std::optional<std::string>>();
    events.command("export", "Write the log as JSON lines, the checkpoint last")
        .optional_argument("FILE", *file, "Where to; else stdout")
        .option("-o,--out", *file, "FILE", "The same")
        .example("latchkey events export --out log.jsonl")
        .action([file](Context& context) { return export_log(context, *file); });
}

}  // namespace latchkey::cli
