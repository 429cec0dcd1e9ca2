#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/api_lookup.h"
#include "cli/catalogue.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kCatalogueBytesMax = 1'048'576;

Result<int> list(Context& context) {
    ApiClient client = TRY(context.client());
    const Listing listing = TRY(client.list("/v1/apis", 0));
    if (context.globals.json) {
        context.print_json_list(listing.items);
        return kExitOk;
    }
    Table table{{"SLUG", "NAME", "AUDIENCE", "BASE URL", "DEFAULT"}, {}};
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        const json::object& api = item.get_object();
        table.rows.push_back({text_of(api, "slug"), text_of(api, "name"), text_of(api, "audience"),
                              text_of(api, "baseUrl"), truth_of(api, "default") ? "yes" : ""});
    }
    context.print_table(table, false);
    return kExitOk;
}

void print_api(Context& context, const json::object& api) {
    if (context.globals.json) return context.print_json(api);
    context.print(render_details({
        {"slug", text_of(api, "slug")},
        {"id", text_of(api, "id")},
        {"name", text_of(api, "name")},
        {"audience", text_of(api, "audience")},
        {"base url", text_of(api, "baseUrl")},
        {"default scopes", join(texts_of(api, "defaultScopes"), " ")},
        {"default api", truth_of(api, "default") ? "yes" : "no"},
        {"created", local_time_or_never(text_of(api, "createdAt"))},
    }));
}

Result<int> get(Context& context, const std::string& wanted) {
    ApiClient client = TRY(context.client());
    const json::object api = TRY(find_api(client, wanted));
    print_api(context, api);
    return kExitOk;
}

struct CreateOptions {
    std::string slug;
    std::optional<std::string> audience;
    std::optional<std::string> name;
    std::optional<std::string> base_url;
    std::vector<std::string> default_scopes;
};

Result<int> create(Context& context, const CreateOptions& options) {
    json::object body;
    body["slug"] = options.slug;
    if (options.audience) body["audience"] = *options.audience;
    if (options.name) body["name"] = *options.name;
    if (options.base_url) body["baseUrl"] = *options.base_url;
    if (!options.default_scopes.empty()) {
        body["defaultScopes"] = to_array(split_commas(join(options.default_scopes, ",")));
    }
    ApiClient client = TRY(context.client());
    const json::object api = TRY(client.post_object("/v1/apis", body));
    if (context.globals.json) {
        context.print_json(api);
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Created API {}\n", harmless(text_of(api, "slug"))));
    }
    return kExitOk;
}

// Scopes first: default scopes must be in the catalogue by then.
Status replace_catalogue(ApiClient& client, const Catalogue& catalogue,
                         const json::object& existing) {
    const std::string path = "/v1/apis/" + percent_encode(catalogue.slug);
    if (text_of(existing, "audience") != catalogue.audience) {
        return Error{ErrorCode::kConflict,
                     fmt::format("the API {} exists with the audience \"{}\", not \"{}\"",
                                 catalogue.slug, text_of(existing, "audience"), catalogue.audience)}
            .with_reason("audience_differs")
            .with_hint("an audience never changes: tokens carry it; take another slug");
    }
    TRY(client.put(path + "/scopes", catalogue.scopes));
    json::object changes;
    for (const char* member : {"name", "baseUrl", "defaultScopes"}) {
        const json::value* wanted = catalogue.api.if_contains(member);
        const json::value* present = existing.if_contains(member);
        if (wanted != nullptr && (present == nullptr || *present != *wanted)) {
            changes[member] = *wanted;
        }
    }
    if (changes.empty()) return {};
    TRY(client.patch(path, changes));
    return {};
}

Status create_from_catalogue(ApiClient& client, const Catalogue& catalogue) {
    json::object body = catalogue.api;
    body["scopes"] = catalogue.scopes;
    TRY(client.post("/v1/apis", body));
    return {};
}

Result<int> import(Context& context, const std::string& file) {
    const std::string text = TRY(read_file(file, kCatalogueBytesMax));
    auto catalogue = parse_catalogue(text);
    if (!catalogue) {
        Error error = std::move(catalogue).error();
        error.message = fmt::format("{}: {}", file, error.message);
        return error;
    }
    ApiClient client = TRY(context.client());
    const auto existing = client.get_object("/v1/apis/" + percent_encode(catalogue->slug));
    if (!existing && existing.error().code != ErrorCode::kNotFound) return existing.error();
    TRY(existing ? replace_catalogue(client, *catalogue, *existing)
                 : create_from_catalogue(client, *catalogue));
    const std::size_t count = catalogue->scopes.size();
    if (context.globals.json) {
        context.print_json(json::object{
            {"slug", catalogue->slug}, {"scopes", count}, {"created", !existing.has_value()}});
    } else if (!context.globals.quiet) {
        context.print(fmt::format("Imported API {}: {} {}{}\n", harmless(catalogue->slug), count,
                                  count == 1 ? "scope" : "scopes", existing ? " (replaced)" : ""));
    }
    return kExitOk;
}

}  // namespace

void add_api(Command root) {
    Command api = root.command("api", "The APIs that tokens are for");
    api.command("list", "List the APIs").alias("ls").example("latchkey api list").action(&list);
    auto wanted = std::make_shared<std::string>();
    api.command("get", "Show one API")
        .argument("API", *wanted, "Slug, id or audience")
        .example("latchkey api get licensing")
        .action([wanted](Context& context) { return get(context, *wanted); });
    auto options = std::make_shared<CreateOptions>();
    api.command("create", "Register an API")
        .argument("SLUG", options->slug, "Its short name")
        .option("--audience", options->audience, "TEXT",
                "What its tokens carry as aud; its slug if not given")
        .option("--name", options->name, "NAME", "What people call it")
        .option("--base-url", options->base_url, "URL", "Where it is reached")
        .options("--default-scopes", options->default_scopes, "SCOPE,…",
                 "What a token gets that asks for none")
        .example("latchkey api create orders --base-url https://api.example.com/v1")
        .action([options](Context& context) { return create(context, *options); });
    auto file = std::make_shared<std::string>();
    api.command("import", "Create an API from a catalogue file, or replace its scopes")
        .argument("FILE", *file, "TOML, as in examples/catalogues/")
        .example("latchkey api import examples/catalogues/licensing.toml")
        .action([file](Context& context) { return import(context, *file); });
}

}  // namespace latchkey::cli
