#include "cli/offers.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "cli/api_lookup.h"
#include "cli/client/fields.h"
#include "cli/context.h"

namespace latchkey::cli {
namespace {

enum class Source {
    kNone,
    kFiles,
    kTokens,
    kPrincipals,
    kProjects,
    kApis,
    kScopes,
    kUsers,
    kRoles,
    kContexts,
    kLives,
};

struct Row {
    std::string_view name;  // a flag's long name, or how a value or argument is called
    Source source;
};

// Flags first: "ID" says less than --project-id.
constexpr std::array<Row, 17> kFlags{{
    {"--token-id", Source::kTokens},
    {"--like", Source::kTokens},
    {"--about", Source::kTokens},
    {"--principal-id", Source::kPrincipals},
    {"--project", Source::kProjects},
    {"--project-id", Source::kProjects},
    {"--api", Source::kApis},
    {"--verifies", Source::kApis},
    {"--scope", Source::kScopes},
    {"--scopes", Source::kScopes},
    {"--default-scopes", Source::kScopes},
    {"--action", Source::kScopes},
    {"--actions", Source::kScopes},
    {"--owner", Source::kUsers},
    {"--role", Source::kRoles},
    {"--roles", Source::kRoles},
    {"--context", Source::kContexts},
}};
constexpr std::array<Row, 12> kValues{{
    {"FILE", Source::kFiles},
    {"FILE|-", Source::kFiles},
    {"DIR", Source::kFiles},
    {"TOKEN", Source::kTokens},
    {"PROJECT", Source::kProjects},
    {"API", Source::kApis},
    {"SCOPE", Source::kScopes},
    {"USER", Source::kUsers},
    {"ROLE", Source::kRoles},
    {"CONTEXT", Source::kContexts},
    {"WHEN", Source::kLives},
    {"CATALOGUE", Source::kFiles},
}};

template <std::size_t kSize>
Source find_in(const std::array<Row, kSize>& rows, std::string_view name) {
    const auto* found =
        std::find_if(rows.begin(), rows.end(), [name](const Row& row) { return row.name == name; });
    return found == rows.end() ? Source::kNone : found->source;
}

Source source_of(const FlagSpec& flag) {
    for (const std::string& name : flag.names) {
        const Source source = find_in(kFlags, name);
        if (source != Source::kNone) return source;
    }
    return find_in(kValues, flag.value_name);
}

const ArgumentSpec* argument_at(const TypedWords& typed) {
    const auto& arguments = typed.path.back()->arguments;
    if (arguments.empty()) return nullptr;
    const std::size_t position = std::min(typed.arguments.size(), arguments.size() - 1);
    const bool is_open = position == typed.arguments.size() || arguments.back().repeats;
    return is_open ? &arguments[position] : nullptr;
}

Source source_of(const ArgumentSpec& argument, const CommandPath& path) {
    const bool is_about_tokens = path.size() == 3 && path[1]->name == "token";
    if (argument.name == "ID" && is_about_tokens) return Source::kTokens;
    return find_in(kValues, argument.name);
}

std::string text_under(const json::object& object, std::string_view first,
                       std::string_view second) {
    std::string text = text_of(object, first);
    return text.empty() ? text_of(object, second) : text;
}

struct Members {
    std::string_view value;
    std::string_view or_value;
    std::string_view text;
};

std::vector<Offer> list_of(Context& context, const std::string& path, const Members& members) {
    auto client = context.client();
    if (!client) return {};
    const auto listing = client->list(path, 200);
    if (!listing) return {};
    std::vector<Offer> offers;
    for (const json::value& item : listing->items) {
        if (!item.is_object()) continue;
        const json::object& object = item.get_object();
        const std::string value = text_under(object, members.value, members.or_value);
        offers.push_back(
            {members.value == "id" ? short_id(value) : value, text_of(object, members.text)});
    }
    return offers;
}

std::string state_wanted(const TypedWords& typed) {
    const std::string& command = typed.path.back()->name;
    if (command == "resume") return "suspended";
    return command == "get" || typed.path[1]->name == "events" ? "all" : "active";
}

std::vector<Offer> scopes(Context& context, const TypedWords& typed) {
    auto client = context.client();
    if (!client) return {};
    const auto named = typed.values.find("--api");
    const auto api = find_api(*client, named == typed.values.end() ? "" : named->second);
    if (!api) return {};
    return list_of(context, "/v1/apis/" + percent_encode(text_of(*api, "slug")) + "/scopes",
                   {"name", "name", "description"});
}

std::vector<Offer> contexts(Context& context) {
    const auto stored = context.stored();
    if (!stored) return {};
    std::vector<Offer> offers;
    for (const auto& [name, login] : stored->contexts) {
        offers.push_back({name, login.name});
    }
    return offers;
}

std::vector<Offer> tokens(Context& context, const TypedWords& typed) {
    return list_of(context,
                   with_query("/v1/tokens", {{"state", state_wanted(typed)}, {"limit", "200"}}),
                   {"id", "id", "name"});
}

Offers from(Context& context, Source source, const TypedWords& typed) {
    Offers offers;
    offers.live = true;
    switch (source) {
        case Source::kNone: break;
        case Source::kFiles: offers.files = true; break;
        case Source::kTokens: offers.items = tokens(context, typed); break;
        case Source::kPrincipals: {
            const auto type = typed.values.find("--principal-type");
            const bool is_user = type != typed.values.end() && type->second == "user";
            return from(context, is_user ? Source::kUsers : Source::kTokens, typed);
        }
        case Source::kProjects:
            offers.items = list_of(context, "/v1/projects", {"name", "id", "description"});
            break;
        case Source::kApis:
            offers.items = list_of(context, "/v1/apis", {"slug", "audience", "name"});
            break;
        case Source::kScopes: offers.items = scopes(context, typed); break;
        case Source::kUsers:
            offers.items = list_of(context, "/v1/users", {"email", "name", "kind"});
            break;
        case Source::kRoles:
            offers.items = list_of(context, "/v1/roles", {"name", "id", "description"});
            break;
        case Source::kContexts: offers.items = contexts(context); break;
        case Source::kLives:
            offers.live = false;
            for (const char* life : {"12h", "7d", "30d", "90d", "365d", "none"}) {
                offers.items.push_back({life, ""});
            }
            break;
    }
    return offers;
}

Offers fixed(const std::vector<std::string>& values) {
    Offers offers;
    for (const std::string& value : values) {
        offers.items.push_back({value, ""});
    }
    return offers;
}

Offers flag_names(const TypedWords& typed) {
    Offers offers;
    for (auto command = typed.path.rbegin(); command != typed.path.rend(); ++command) {
        for (const FlagSpec& flag : (*command)->flags) {
            for (const std::string& name : flag.names) {
                if (name.rfind("--", 0) == 0) offers.items.push_back({name, flag.help});
            }
        }
    }
    // Each command repeats --help.
    std::vector<Offer> once;
    for (Offer& offer : offers.items) {
        const bool is_new = std::none_of(once.begin(), once.end(), [&offer](const Offer& other) {
            return other.value == offer.value;
        });
        if (is_new) once.push_back(std::move(offer));
    }
    offers.items = std::move(once);
    return offers;
}

}  // namespace

Offers offers_for(Context& context, const TypedWords& typed) {
    if (typed.is_foreign) {
        Offers files;
        files.files = true;
        return files;
    }
    if (typed.flag != nullptr) {
        if (!typed.flag->values.empty()) return fixed(typed.flag->values);
        return from(context, source_of(*typed.flag), typed);
    }
    if (typed.is_flag) return flag_names(typed);
    if (!typed.path.back()->children.empty()) {
        Offers offers;
        for (const CommandTree& child : typed.path.back()->children) {
            offers.items.push_back({child.name, child.help});
        }
        return offers;
    }
    const ArgumentSpec* argument = argument_at(typed);
    if (argument == nullptr) return {};
    if (!argument->values.empty()) return fixed(argument->values);
    Offers offers = from(context, source_of(*argument, typed.path), typed);
    const auto& given = typed.arguments;
    std::erase_if(offers.items, [&given](const Offer& offer) {
        return std::find(given.begin(), given.end(), offer.value) != given.end();
    });
    return offers;
}

}  // namespace latchkey::cli
