#include "authority/apis.h"

#include <algorithm>
#include <set>

#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "store/api_uses.h"
#include "token/names.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

Status check_slug(std::string_view slug) {
    const bool is_good = !slug.empty() && slug.size() <= 40 && !parse_uuid(slug) &&
                         slug.front() >= 'a' && slug.front() <= 'z' &&
                         std::all_of(slug.begin(), slug.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                         });
    if (is_good) return {};
    return invalid("a slug has 1 to 40 characters a-z, 0-9 and -, beginning with a letter",
                   "bad_slug", "/slug");
}

Status check_audience(std::string_view audience) {
    const bool is_good = !audience.empty() && audience.size() <= 200 && !parse_uuid(audience) &&
                         std::all_of(audience.begin(), audience.end(),
                                     [](char c) { return c > ' ' && c < 0x7F && c != '"'; });
    if (is_good) return {};
    return invalid("an audience has 1 to 200 visible ASCII characters without spaces",
                   "bad_audience", "/audience");
}

Status check_base_url(std::string_view url) {
    if (url.empty()) return {};
    const bool has_scheme = url.starts_with("https://") || url.starts_with("http://");
    const bool is_clean =
        url.find_first_of(" \t?#@\\\"<>") == std::string_view::npos && !has_unprintable(url);
    if (has_scheme && is_clean && url.size() <= 300 && url.size() > 8) return {};
    return invalid("a base URL is http(s)://host[:port][/path] without query or credentials",
                   "bad_url", "/baseUrl");
}

Status check_catalogue(const std::vector<store::ScopeRecord>& scopes) {
    if (scopes.size() > 1000) {
        return invalid("a catalogue has at most 1000 scopes", "too_many_scopes", "/scopes");
    }
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        const std::string field = "/scopes/" + std::to_string(i);
        const auto check = [&](const std::string& name) -> Status {
            if (!is_scope_pattern(name) || is_everything(name)) {
                return invalid("a scope is written resource:action, like license:read: " +
                                   name.substr(0, kScopeBytesMax),
                               "bad_scope", field);
            }
            if (!seen.insert(name).second) {
                return invalid("this scope or alias stands twice: " + name, "duplicate_scope",
                               field);
            }
            return {};
        };
        TRY(check(scopes[i].name));
        for (const auto& alias : scopes[i].aliases) {
            TRY(check(alias));
        }
        TRY(check_description(scopes[i].description, field + "/description"));
        TRY(check_description(scopes[i].group, field + "/group"));
    }
    return {};
}

Status check_default_scopes(const std::vector<std::string>& defaults,
                            const std::vector<store::ScopeRecord>& scopes) {
    for (std::size_t i = 0; i < defaults.size(); ++i) {
        const bool is_known = std::any_of(scopes.begin(), scopes.end(), [&](const auto& scope) {
            return scope.name == defaults[i];
        });
        if (!is_known) {
            return invalid("the default scope is not in the catalogue: " +
                               defaults[i].substr(0, kScopeBytesMax),
                           "unknown_scope", "/defaultScopes/" + std::to_string(i));
        }
    }
    return {};
}

Status append_api_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                        const std::vector<store::ApiRecord>& apis, std::string_view slug = {}) {
    json::array facts;
    for (const auto& api : apis) {
        facts.push_back(verify::to_json(fact_of(api)));
    }
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.data =
        json::object{{"facts", std::move(facts)}, {"api", slug.empty() ? apis.front().slug : slug}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

// The APIs whose "default" mark changes when `api` takes it, with their new marks.
Result<std::vector<store::ApiRecord>> take_default(store::Connection& db, store::ApiRecord& api) {
    std::vector<store::ApiRecord> changed;
    if (auto before = TRY(store::find_default_api(db)); before && before->id != api.id) {
        before->is_default = false;
        changed.push_back(std::move(*before));
    }
    TRY(store::make_default_api(db, api.id));
    api.is_default = true;
    changed.insert(changed.begin(), api);
    return changed;
}

}  // namespace

Result<store::ApiRecord> get_api(store::Connection& db, std::string_view id_or_slug) {
    const auto id = ApiId::parse(id_or_slug);
    auto api = id ? TRY(store::find_api(db, *id)) : TRY(store::find_api_by_slug(db, id_or_slug));
    if (!api || is_deleted(*api))
        return Error{ErrorCode::kNotFound, "there is no such API"}.with_reason("unknown_api");
    return std::move(*api);
}

Result<store::ApiRecord> create_api(store::Transaction& tx, const Actor& actor,
                                    const CreateApi& wanted) {
    TRY(actor.require("api:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    store::ApiRecord api;
    api.slug = wanted.slug;
    api.audience = wanted.audience.empty() ? wanted.slug : wanted.audience;
    api.name = wanted.name.empty() ? wanted.slug : wanted.name;
    api.base_url = wanted.base_url;
    api.default_scopes = wanted.default_scopes;
    TRY(check_slug(api.slug));
    TRY(check_audience(api.audience));
    TRY(check_name(api.name));
    TRY(check_base_url(api.base_url));
    TRY(check_catalogue(wanted.scopes));
    TRY(check_default_scopes(api.default_scopes, wanted.scopes));
    // Both are names of an API, so one API's slug is no other's audience either.
    bool is_taken = false;
    for (const auto& name : {api.slug, api.audience}) {
        const auto by_slug = TRY(store::find_api_by_slug(db, name));
        const auto by_audience = TRY(store::find_api_by_audience(db, name));
        is_taken = is_taken || by_slug || by_audience;
    }
    if (is_taken) {
        return Error{ErrorCode::kConflict, "there is already an API with this slug or audience"}
            .with_reason("api_exists");
    }
    api.id = new_id<ApiId>(tx.now());
    api.created_at = tx.now();
    api.updated_at = tx.now();
    const auto known = TRY(store::list_apis(db));
    const bool is_first = std::all_of(known.begin(), known.end(),
                                      [](const auto& other) { return other.is_built_in; });
    TRY(store::insert_api(db, api));
    TRY(store::replace_scopes(db, api.id, wanted.scopes));
    std::vector<store::ApiRecord> changed = {api};
    if (is_first) changed = TRY(take_default(db, api));
    TRY(append_api_event(tx, "api.created", actor, changed));
    return api;
}

Result<store::ApiRecord> edit_api(store::Transaction& tx, const Actor& actor,
                                  std::string_view id_or_slug, const EditApi& edit) {
    TRY(actor.require("api:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto api = TRY(get_api(db, id_or_slug));
    api.name = edit.name.value_or(api.name);
    api.base_url = edit.base_url.value_or(api.base_url);
    api.default_scopes = edit.default_scopes.value_or(api.default_scopes);
    TRY(check_name(api.name));
    TRY(check_base_url(api.base_url));
    TRY(check_default_scopes(api.default_scopes, TRY(store::list_scopes(db, api.id))));
    api.updated_at = tx.now();
    TRY(store::update_api(db, api));
    std::vector<store::ApiRecord> changed = {api};
    if (edit.make_default) changed = TRY(take_default(db, api));
    TRY(append_api_event(tx, "api.updated", actor, changed));
    return api;
}

Result<store::ApiRecord> replace_catalogue(store::Transaction& tx, const Actor& actor,
                                           std::string_view id_or_slug,
                                           const std::vector<store::ScopeRecord>& scopes) {
    TRY(actor.require("api:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto api = TRY(get_api(db, id_or_slug));
    if (api.slug == kManagementApi) {
        return Error{ErrorCode::kConflict, "the catalogue of the API latchkey is fixed"}
            .with_reason("built_in");
    }
    TRY(check_catalogue(scopes));
    TRY(check_default_scopes(api.default_scopes, scopes));
    TRY(store::replace_scopes(db, api.id, scopes));
    api.updated_at = tx.now();
    TRY(store::update_api(db, api));
    TRY(append_api_event(tx, "api.scopes_replaced", actor, {api}));
    return api;
}

Status delete_api(store::Transaction& tx, const Actor& actor, std::string_view id_or_slug) {
    TRY(actor.require("api:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto api = TRY(get_api(db, id_or_slug));
    const auto refuse = [](std::string why, std::string_view reason) {
        return Error{ErrorCode::kConflict, std::move(why)}.with_reason(reason);
    };
    if (api.is_built_in) return refuse("the API " + api.slug + " is built in", "built_in");
    if (TRY(store::has_live_tokens(db, api.id, tx.now()))) {
        return refuse("tokens of this API are alive", "api_has_tokens")
            .with_hint("revoke them first: latchkey token list --api " + api.slug);
    }
    if (TRY(store::has_projects_of(db, api.slug))) {
        return refuse("projects make their tokens for this API", "api_has_projects")
            .with_hint("give them another API first");
    }
    std::vector<store::ApiRecord> changed;
    if (api.is_default) {
        auto others = TRY(store::list_apis(db));
        std::erase_if(others, [&](const auto& other) {
            return other.id == api.id || is_deleted(other) ||
                   (other.is_built_in && other.slug != kManagementApi);
        });
        if (others.size() > 1) {
            return refuse("this is the default API", "api_is_default")
                .with_hint("make another one the default first");
        }
        changed = TRY(take_default(db, others.front()));
        std::erase_if(changed, [&](const auto& other) { return other.id == api.id; });
    }
    const std::string slug = api.slug;
    api.is_default = false;
    api.slug = api.audience = "deleted/" + api.id.uuid();
    api.base_url.clear();
    api.default_scopes.clear();
    api.updated_at = tx.now();
    TRY(store::update_api(db, api));
    TRY(store::replace_scopes(db, api.id, {}));
    changed.insert(changed.begin(), api);
    return append_api_event(tx, "api.deleted", actor, changed, slug);
}

}  // namespace latchkey::authority
