// /v1/projects/{id}/principals: a project's users and tokens; /v1/tokens/{id}/projects.
#include "authority/principals.h"

#include "api/body.h"
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/short_list.h"
#include "authority/grants.h"
#include "authority/members.h"

namespace latchkey::api {
namespace {

using authority::PrincipalView;

json::object principal_view(const PrincipalView& view) {
    json::object object;
    object["principalId"] = format_uuid(view.id);
    object["principalType"] = authority::principal_kind_name(view.kind);
    object["name"] = view.name;
    if (view.owner) {
        object["owner"] = view.owner->uuid();
    } else {
        object["owner"] = nullptr;
    }
    if (view.kind == store::PrincipalKind::kUser) object["role"] = view.role;
    object["hasPolicy"] = view.has_policy;
    object["addedAt"] = format_rfc3339(view.added_at);
    return object;
}

Result<authority::PrincipalQuery> read_query(Call& call) {
    authority::PrincipalQuery wanted;
    wanted.limit = TRY(call.query.limit(50, 200));
    if (call.query.has("type")) {
        wanted.kind = authority::principal_kind_named(call.query.get("type"));
        if (!wanted.kind) return invalid("type is token or user", "bad_query");
    }
    if (!call.query.has("after")) return wanted;
    const auto cursor =
        TRY(open_cursor(call.services.authority.keys().kek(), call.query.get("after")));
    const auto id = parse_uuid(cursor.id);
    wanted.after_kind = authority::principal_kind_named(cursor.key);
    if (!id || !wanted.after_kind) return invalid("this cursor is not ours", "bad_query");
    wanted.after = *id;
    return wanted;
}

template <typename Use>
Result<http::Response> change_principal(Call& call, const Use& use) {
    std::optional<PrincipalView> view;
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        view = TRY(use(tx));
        return {};
    }));
    return json_answer(200, principal_view(*view));
}

}  // namespace

Result<http::Response> get_principals(Call& call) {
    using Views = std::vector<PrincipalView>;
    const auto wanted = TRY(read_query(call));
    auto& authority = call.services.authority;
    const auto found = TRY(authority.store().query<Views>([&](store::Connection& db) {
        return authority::list_principals(db, call.actor(), call.parameters[0], wanted);
    }));
    json::array list;
    for (const auto& view : found) {
        list.push_back(principal_view(view));
    }
    auto response = json_answer(200, std::move(list));
    if (found.size() == wanted.limit) {
        const auto& last = found.back();
        const Cursor cursor{format_uuid(last.id),
                            std::string(authority::principal_kind_name(last.kind))};
        response.fields.emplace_back("Link",
                                     next_link(call, seal_cursor(authority.keys().kek(), cursor)));
    }
    return response;
}

Result<http::Response> put_project_user(Call& call) {
    auto body = TRY(Body::parse(call.request(), true));
    const auto role = TRY(body.optional_text("role"));
    TRY(body.done());
    return change_principal(call, [&](store::Transaction& tx) {
        return authority::put_member(tx, call.actor(), call.parameters[0], call.parameters[1],
                                     role);
    });
}

Result<http::Response> delete_project_user(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            return authority::remove_member(tx, call.actor(), call.parameters[0],
                                            call.parameters[1]);
        },
        true));
    return no_content();
}

Result<http::Response> put_project_token(Call& call) {
    const auto body = TRY(Body::parse(call.request(), true));
    TRY(body.done());
    return change_principal(call, [&](store::Transaction& tx) {
        return authority::add_token(tx, call.actor(), call.parameters[0], call.parameters[1]);
    });
}

Result<http::Response> delete_project_token(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            return authority::remove_token(tx, call.actor(), call.parameters[0],
                                           call.parameters[1]);
        },
        true));
    return no_content();
}

Result<http::Response> get_projects_of_token(Call& call) {
    using Projects = std::vector<authority::TokenProject>;
    const auto found =
        TRY(call.services.authority.store().query<Projects>([&](store::Connection& db) {
            return authority::projects_of_token(db, call.actor(), call.parameters[0]);
        }));
    json::array list;
    for (const auto& item : found) {
        json::object view;
        view["id"] = item.project.id.uuid();
        view["name"] = item.project.name;
        view["description"] = item.project.description;
        if (item.grant.policy_json.empty()) {
            view["policy"] = nullptr;
        } else {
            view["policy"] = to_json(TRY(parse_policy(item.grant.policy_json)));
        }
        view["addedAt"] = format_rfc3339(item.grant.created_at);
        list.push_back(std::move(view));
    }
    return short_list_answer(call, std::move(list), "id");
}

}  // namespace latchkey::api
