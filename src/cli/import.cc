// import: the tokens of another system go on working here, by their digests.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/import_file.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kKeyFileBytesMax = 1'024;
constexpr std::size_t kShownMax = 50;
constexpr std::size_t kBarColumns = 30;

struct Options {
    std::string file;
    std::optional<std::string> from;
    std::optional<std::string> source;
    std::optional<std::string> prefix;
    std::optional<std::string> key_file;
    std::optional<std::string> key_form;
    std::optional<std::string> entropy_bits;
    bool is_dry_run{false};
};

struct Tally {
    std::uint64_t imported{0};
    std::uint64_t existing{0};
    std::vector<BadLine> refused;
};

// As the other system holds it: its bytes, or a text that stands for them.
Result<Secret> read_key(const std::string& file, const std::string& form) {
    std::string text = TRY(read_file(file, kKeyFileBytesMax));
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (form == "raw") return Secret(std::move(text));
    const Secret written(trimmed(text));
    wipe(text);
    auto bytes = form == "hex" ? hex_decode(written.expose()) : base64_decode(written.expose());
    if (!bytes && form == "base64") bytes = base64url_decode(written.expose());
    if (bytes) return Secret(std::move(*bytes));
    return failure(fmt::format("{}: the key is not {}", file, form),
                   "--hmac-key-form says how it is written: raw, hex or base64");
}

Result<json::object> source_body(Context& context, const Options& options) {
    json::object body;
    body["name"] =
        TRY(context.need(options.source, "--source", "What is the other system called?"));
    body["prefix"] =
        TRY(context.need(options.prefix, "--prefix", "What does each of its tokens begin with?"));
    body["algorithm"] = options.key_file ? "hmac-sha256" : "sha256";
    if (options.key_file.has_value() == options.entropy_bits.has_value()) {
        return usage_error(
            "are these HMACs or plain SHA-256?",
            "give --hmac-key-file FILE, or --entropy-bits N of a secret that was hashed plainly");
    }
    if (options.key_file) {
        const Secret key = TRY(read_key(*options.key_file, options.key_form.value_or("raw")));
        body["hmacKey"] = base64url_encode(key.expose());
        return body;
    }
    const auto& bits = *options.entropy_bits;
    const bool is_number = !bits.empty() && bits.size() <= 5 &&
                           bits.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) return usage_error("--entropy-bits takes a whole number");
    body["entropyBits"] = std::stoi(bits);
    return body;
}

// A bar for a person who waits at a terminal; nothing otherwise.
class Bar {
public:
    Bar(Context& context, std::uint64_t total)
        : console_(context.console()),
          total_(total),
          is_shown_(console_.err_is_terminal && !context.globals.quiet && total > 0) {}
    Bar(const Bar&) = delete;
    Bar& operator=(const Bar&) = delete;
    ~Bar() {
        if (is_shown_) console_.err << "\r\x1b[K" << std::flush;
    }
    void show(std::uint64_t done, std::uint64_t lines) {
        if (!is_shown_) return;
        const auto part = std::min(done, total_);
        const auto filled = static_cast<std::size_t>(part * kBarColumns / total_);
        console_.err << fmt::format("\r[{}{}] {:3} % {} lines", std::string(filled, '#'),
                                    std::string(kBarColumns - filled, ' '), part * 100 / total_,
                                    lines)
                     << std::flush;
    }

private:
    Console& console_;
    std::uint64_t total_;
    bool is_shown_;
};

void take_refused(const json::object& answer, const ImportBatch& batch, Tally& tally) {
    const json::value* const refused = answer.if_contains("refused");
    if (refused == nullptr || !refused->is_array()) return;
    for (const json::value& item : refused->get_array()) {
        if (!item.is_object()) continue;
        const json::object& one = item.get_object();
        const auto index = number_of(one, "index").value_or(0);
        if (index >= batch.lines.size()) continue;
        auto message = text_of(one, "detail");
        const auto scopes = texts_of(one, "missingScopes");
        if (!scopes.empty()) message += ": " + join(scopes, " ");
        const auto field = text_of(one, "field");
        if (!field.empty()) message += fmt::format(" ({})", field);
        tally.refused.push_back(
            {batch.lines[index], text_of(one, "code"), std::move(message), text_of(one, "hint")});
    }
}

Status send_all(ApiClient& client, const std::string& path, bool is_dry_run, ImportFile& file,
                Bar& bar, Tally& tally) {
    while (true) {
        ImportBatch batch = file.next(tally.refused);
        if (batch.lines.empty()) return {};
        auto answer = client.post_object(
            path, json::object{{"tokens", std::move(batch.tokens)}, {"dryRun", is_dry_run}});
        if (!answer) {
            Error error = std::move(answer).error();
            error.hint += std::string(error.hint.empty() ? "" : " ") +
                          "Run the same command again: what was imported stays, the rest follows.";
            return error;
        }
        tally.imported += number_of(*answer, "imported").value_or(0);
        tally.existing += number_of(*answer, "existing").value_or(0);
        take_refused(*answer, batch, tally);
        bar.show(file.bytes_read(), file.lines_read());
    }
}

std::string counted(std::uint64_t count) {
    return fmt::format("{} token{}", count, count == 1 ? "" : "s");
}

void print_refused(Context& context, const Tally& tally) {
    std::size_t shown = 0;
    for (const BadLine& bad : tally.refused) {
        if (++shown > kShownMax) break;
        print_labelled(context.console(), fmt::format("line {}", bad.line), bad.message);
        if (!bad.hint.empty()) print_hint(context.console(), bad.hint);
    }
    if (tally.refused.size() > kShownMax) {
        context.note(fmt::format("{} more lines were refused; --json lists all of them",
                                 tally.refused.size() - kShownMax));
    }
}

json::object tally_json(const Options& options, const ImportFile& file, const Tally& tally) {
    json::array refused;
    for (const BadLine& bad : tally.refused) {
        refused.push_back(json::object{
            {"line", bad.line}, {"code", bad.code}, {"detail", bad.message}, {"hint", bad.hint}});
    }
    return {{"source", options.source.value_or("")},
            {"dryRun", options.is_dry_run},
            {"lines", file.lines_read()},
            {"imported", tally.imported},
            {"existing", tally.existing},
            {"refused", std::move(refused)}};
}

void print_tally(Context& context, const Options& options, const ImportFile& file,
                 const Tally& tally) {
    if (context.globals.json) return context.print_json(tally_json(options, file, tally));
    print_refused(context, tally);
    if (context.globals.quiet) return;
    const std::string existing =
        tally.existing == 0 ? "" : fmt::format(", {} were there already", tally.existing);
    context.print(options.is_dry_run
                      ? fmt::format("{} can be imported{}; nothing was written\n",
                                    counted(tally.imported), existing)
                      : fmt::format("Imported {}{}\n", counted(tally.imported), existing));
}

Result<int> exit_of(const Tally& tally) {
    if (tally.refused.empty()) return kExitOk;
    return tally.imported + tally.existing == 0 ? kExitInvalid : kExitPartly;
}

Result<int> import_from(Context& context, Options options, std::istream& in, std::uint64_t size) {
    json::object body = TRY(source_body(context, options));
    options.source = text_of(body, "name");
    body["dryRun"] = options.is_dry_run;
    ApiClient client = TRY(context.client());
    TRY(client.post("/v1/imports", body));
    ImportFile file(in);
    Tally tally;
    Status sent;
    {
        Bar bar(context, size);
        sent = send_all(client, "/v1/imports/" + percent_encode(*options.source) + "/tokens",
                        options.is_dry_run, file, bar, tally);
    }
    std::sort(tally.refused.begin(), tally.refused.end(),
              [](const auto& a, const auto& b) { return a.line < b.line; });
    if (!sent) {
        print_refused(context, tally);
        return sent.error();
    }
    print_tally(context, options, file, tally);
    return exit_of(tally);
}

Result<int> import(Context& context, const Options& options) {
    if (!options.from) {
        return usage_error("what is in the file?",
                           "--from hashes: digests of tokens, as JSON lines");
    }
    if (options.file == "-") return import_from(context, options, context.console().in, 0);
    std::ifstream in(options.file, std::ios::binary);
    std::error_code failed;
    const auto size = std::filesystem::file_size(options.file, failed);
    if (!in || failed) {
        return failure(fmt::format("{} cannot be read", options.file),
                       "give a file of JSON lines, or - for standard input");
    }
    return import_from(context, options, in, size);
}

Result<int> list_sources(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/imports", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"NAME", "PREFIX", "ALGORITHM", "TOKENS", "STILL NEEDED"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& source = item.get_object();
        table.rows.push_back({text_of(source, "name"), text_of(source, "prefix"),
                              text_of(source, "algorithm"),
                              std::to_string(number_of(source, "tokens").value_or(0)),
                              std::to_string(number_of(source, "needed").value_or(0))});
    }
    context.print_table(table, false);
    return kExitOk;
}

Result<int> remove_source(Context& context, const std::string& name) {
    ApiClient client = TRY(context.client());
    TRY(client.remove("/v1/imports/" + percent_encode(name)));
    if (context.globals.json) {
        context.print_json(json::object{{"removed", name}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Removed the source {}\n", harmless(name)));
    }
    return kExitOk;
}

void add_sources(Command root) {
    Command sources = root.command("import-source", "The systems that tokens were imported from");
    sources.command("list", "List them, with how many of their secrets are still needed")
        .alias("ls")
        .example("latchkey import-source list")
        .action(&list_sources);
    auto name = std::make_shared<std::string>();
    sources.command("remove", "Forget one that no secret needs any more, and its key")
        .argument("NAME", *name, "What it is called here")
        .example("latchkey import-source remove acme")
        .action([name](Context& context) { return remove_source(context, *name); });
}

}  // namespace

void add_import(Command root) {
    add_sources(root);
    auto options = std::make_shared<Options>();
    Command command = root.command("import", "Take over the tokens of another system");
    command.argument("FILE", options->file, "JSON lines; - reads standard input");
    command.option("--from", options->from, "KIND", "What is in the file: hashes");
    command.values("--from", {"hashes"});
    command.option("--source", options->source, "NAME", "What the other system is called here");
    command.option("--prefix", options->prefix, "TEXT", "What each of its tokens begins with");
    command.option("--hmac-key-file", options->key_file, "FILE",
                   "The key, if the digests are HMAC-SHA-256");
    command.option("--hmac-key-form", options->key_form, "FORM",
                   "How the key is written: raw, hex or base64");
    command.values("--hmac-key-form", {"raw", "hex", "base64"});
    command.option("--entropy-bits", options->entropy_bits, "BITS",
                   "How random a secret is, if the digests are plain SHA-256");
    command.flag("--dry-run", options->is_dry_run, "Check every line and write nothing");
    command.example(
        "latchkey import --from hashes --source acme --prefix acme_ --entropy-bits 160 "
        "tokens.jsonl --dry-run");
    command.example(
        "latchkey import --from hashes --source acme --prefix acme_ --hmac-key-file pepper "
        "tokens.jsonl");
    command.action([options](Context& context) { return import(context, *options); });
}

}  // namespace latchkey::cli
