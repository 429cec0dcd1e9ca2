// /v1/roles.
#include "authority/roles.h"

#include "api/body.h"
#include "api/create_once.h"
#include "api/edited_text.h"
#include "api/handlers.h"
#include "api/negotiation.h"
#include "api/short_list.h"
#include "api/views.h"

namespace latchkey::api {
namespace {

Result<json::object> role_view(const store::RoleRecord& role) {
    json::object view;
    view["id"] = role.id.uuid();
    view["name"] = role.name;
    view["builtIn"] = role.is_built_in;
    view["patterns"] = TRY(parse_json(role.patterns_json));
    return view;
}

Error wrong_patterns(const std::string& field) {
    return invalid("patterns is an object of arrays: {\"billing\":[\"license:read\"]}",
                   "wrong_type", field);
}

Result<std::optional<authority::Rights>> read_patterns(Body& body) {
    const json::value* value = body.value("patterns");
    if (value == nullptr) return std::optional<authority::Rights>();
    const json::object* object = value->if_object();
    if (object == nullptr) return wrong_patterns("/patterns");
    authority::Rights rights;
    for (const auto& [slug, list] : *object) {
        const std::string field = "/patterns/" + std::string(slug).substr(0, 60);
        const json::array* items = list.if_array();
        if (items == nullptr) return wrong_patterns(field);
        auto& patterns = rights[std::string(slug)];
        for (const auto& item : *items) {
            if (!item.is_string()) return wrong_patterns(field);
            patterns.emplace_back(item.get_string());
        }
    }
    return std::optional(std::move(rights));
}

Result<store::RoleRecord> find_role(store::Connection& db, std::string_view text) {
    const auto id = RoleId::parse(text);
    auto role = id ? TRY(store::find_role(db, *id)) : std::optional<store::RoleRecord>();
    if (role) return std::move(*role);
    return Error{ErrorCode::kNotFound, "there is no such role"}.with_reason("unknown_role");
}

Status check_unchanged(const Call& call, store::Transaction& tx) {
    if (!call.request().find("If-Match")) return {};
    const auto role = TRY(find_role(tx.connection(), call.parameters[0]));
    return check_if_match(call.request(), to_json(TRY(role_view(role))));
}

}  // namespace

Result<http::Response> get_roles(Call& call) {
    using Roles = std::vector<store::RoleRecord>;
    json::array list;
    for (const auto& role : TRY(call.services.authority.store().query<Roles>(store::list_roles))) {
        list.push_back(TRY(role_view(role)));
    }
    return short_list_answer(call, std::move(list), "id");
}

Result<http::Response> get_role(Call& call) {
    const auto role = TRY(call.services.authority.store().query<store::RoleRecord>(
        [&](store::Connection& db) { return find_role(db, call.parameters[0]); }));
    return json_answer(200, TRY(role_view(role)));
}

Result<http::Response> post_role(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const auto name = TRY(body.text("name"));
    const auto patterns = TRY(read_patterns(body));
    TRY(body.done());
    if (!patterns) {
        return invalid("the member patterns is missing", "missing_member", "/patterns");
    }
    const auto apis = call.services.authority.directory().view();
    return create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto role = TRY(authority::create_role(tx, call.actor(), *apis, name, *patterns));
        return role_view(role);
    });
}

Result<http::Response> patch_role(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::EditRole edit;
    edit.name = TRY(edited_text(body, "name"));
    edit.patterns = TRY(read_patterns(body));
    TRY(body.done());
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    std::optional<store::RoleRecord> role;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(check_unchanged(call, tx));
        role = TRY(authority::edit_role(tx, call.actor(), *apis, call.parameters[0], edit));
        return {};
    }));
    return json_answer(200, TRY(role_view(*role)));
}

Result<http::Response> delete_role(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            TRY(check_unchanged(call, tx));
            return authority::delete_role(tx, call.actor(), call.parameters[0]);
        },
        true));
    return no_content();
}

}  // namespace latchkey::api
