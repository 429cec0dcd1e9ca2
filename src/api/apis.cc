// /v1/apis with their scope catalogues.
#include "authority/apis.h"

#include "api/body.h"
#include "api/create_once.h"
#include "api/edited_text.h"
#include "api/handlers.h"
#include "api/negotiation.h"
#include "api/short_list.h"
#include "api/views.h"

namespace latchkey::api {
namespace {

Result<store::ScopeRecord> read_scope(Body& entry) {
    store::ScopeRecord scope;
    scope.name = TRY(entry.text("name"));
    scope.description = TRY(entry.optional_text("description")).value_or("");
    scope.group = TRY(entry.optional_text("group")).value_or("");
    scope.aliases = TRY(entry.optional_texts("aliases")).value_or(std::vector<std::string>());
    TRY(entry.done());
    return scope;
}

// `pointer` to the list in the body.
Result<std::vector<store::ScopeRecord>> read_scopes(std::vector<Body> entries,
                                                    const std::string& pointer) {
    std::vector<store::ScopeRecord> scopes;
    for (auto& entry : entries) {
        auto scope = read_scope(entry);
        if (!scope) {
            Error error = std::move(scope).error();
            error.field = pointer + "/" + std::to_string(scopes.size()) + error.field;
            return error;
        }
        scopes.push_back(std::move(*scope));
    }
    return scopes;
}

Status check_api_unchanged(const Call& call, store::Transaction& tx) {
    if (!call.request().find("If-Match")) return {};
    const auto api = TRY(authority::get_api(tx.connection(), call.parameters[0]));
    return check_if_match(call.request(), to_json(api_view(api)));
}

template <typename Use>
Result<http::Response> change_api(Call& call, const Use& use) {
    std::optional<store::ApiRecord> api;
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        api = TRY(use(tx));
        return {};
    }));
    return json_answer(200, api_view(*api));
}

}  // namespace

Result<http::Response> get_apis(Call& call) {
    json::array list;
    const auto apis = call.services.authority.directory().view();  // a change replaces it meanwhile
    for (const auto& entry : apis->entries) {
        list.push_back(api_view(entry.api));
    }
    return short_list_answer(call, std::move(list), "id");
}

Result<http::Response> post_api(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::CreateApi wanted;
    wanted.slug = TRY(body.text("slug"));
    wanted.audience = TRY(body.optional_text("audience")).value_or("");
    wanted.name = TRY(body.optional_text("name")).value_or("");
    wanted.base_url = TRY(body.optional_text("baseUrl")).value_or("");
    wanted.default_scopes =
        TRY(body.optional_texts("defaultScopes")).value_or(std::vector<std::string>());
    auto scopes = TRY(body.optional_objects("scopes"));
    TRY(body.done());
    if (scopes) wanted.scopes = TRY(read_scopes(std::move(*scopes), "/scopes"));
    return create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto api = TRY(authority::create_api(tx, call.actor(), wanted));
        return api_view(api);
    });
}

Result<http::Response> get_api(Call& call) {
    const auto api = TRY(call.services.authority.store().query<store::ApiRecord>(
        [&](store::Connection& db) { return authority::get_api(db, call.parameters[0]); }));
    return json_answer(200, api_view(api));
}

Result<http::Response> patch_api(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::EditApi edit;
    edit.name = TRY(edited_text(body, "name"));
    edit.base_url = TRY(body.optional_text("baseUrl"));
    edit.default_scopes = TRY(body.optional_texts("defaultScopes"));
    edit.make_default = TRY(body.flag("default", false));
    TRY(body.done());
    return change_api(call, [&](store::Transaction& tx) -> Result<store::ApiRecord> {
        TRY(check_api_unchanged(call, tx));
        return authority::edit_api(tx, call.actor(), call.parameters[0], edit);
    });
}

Result<http::Response> delete_api(Call& call) {
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(check_api_unchanged(call, tx));
        return authority::delete_api(tx, call.actor(), call.parameters[0]);
    }));
    return no_content();
}

Result<http::Response> get_api_scopes(Call& call) {
    using Scopes = std::vector<store::ScopeRecord>;
    const auto scopes = TRY(
        call.services.authority.store().query<Scopes>([&](store::Connection& db) -> Result<Scopes> {
            const auto api = TRY(authority::get_api(db, call.parameters[0]));
            return store::list_scopes(db, api.id);
        }));
    return short_list_answer(call, scopes_view(scopes), "name");
}

Result<http::Response> put_api_scopes(Call& call) {
    auto entries = TRY(parse_objects(call.request()));
    const auto scopes = TRY(read_scopes(std::move(entries), ""));
    TRY(change_api(call, [&](store::Transaction& tx) -> Result<store::ApiRecord> {
        if (call.request().find("If-Match")) {
            const auto api = TRY(authority::get_api(tx.connection(), call.parameters[0]));
            const auto current = TRY(store::list_scopes(tx.connection(), api.id));
            TRY(check_if_match(call.request(), to_json(scopes_view(current))));
        }
        return authority::replace_catalogue(tx, call.actor(), call.parameters[0], scopes);
    }));
    return json_answer(200, scopes_view(scopes));
}

}  // namespace latchkey::api
