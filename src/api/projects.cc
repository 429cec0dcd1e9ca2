// /v1/projects.
#include "authority/projects.h"

#include "api/body.h"
#include "api/create_once.h"
#include "api/cursor.h"
#include "api/edited_text.h"
#include "api/handlers.h"

namespace latchkey::api {
namespace {

using authority::ProjectView;

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object project_view(const ProjectView& view) {
    const auto& project = view.project;
    json::object object;
    object["id"] = project.id.uuid();
    object["name"] = project.name;
    object["description"] = project.description;
    object["api"] = text_or_null(project.api_slug);
    object["role"] = text_or_null(view.role);
    object["createdAt"] = format_rfc3339(project.created_at);
    object["updatedAt"] = format_rfc3339(project.updated_at);
    return object;
}

}  // namespace

Result<http::Response> get_projects(Call& call) {
    using Views = std::vector<ProjectView>;
    const std::size_t limit = TRY(call.query.limit(50, 200));
    auto& authority = call.services.authority;
    std::optional<ProjectId> after;
    if (call.query.has("after")) {
        const auto cursor = TRY(open_cursor(authority.keys().kek(), call.query.get("after")));
        after = ProjectId::parse(cursor.id);
        if (!after) return invalid("this cursor is not ours", "bad_query");
    }
    const auto found = TRY(authority.store().query<Views>([&](store::Connection& db) {
        return authority::list_projects(db, call.actor(), after, limit);
    }));
    json::array list;
    for (const auto& view : found) {
        list.push_back(project_view(view));
    }
    auto response = json_answer(200, std::move(list));
    if (found.size() == limit) {
        const auto id = found.back().project.id.uuid();
        response.fields.emplace_back(
            "Link", next_link(call, seal_cursor(authority.keys().kek(), {id, ""})));
    }
    return response;
}

Result<http::Response> post_project(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::CreateProject wanted;
    wanted.name = TRY(body.text("name"));
    wanted.description = TRY(body.optional_text("description")).value_or("");
    wanted.api = TRY(body.optional_text("api")).value_or("");
    TRY(body.done());
    const auto apis = call.services.authority.directory().view();
    return create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto view = TRY(authority::create_project(tx, call.actor(), *apis, wanted));
        return project_view(view);
    });
}

Result<http::Response> get_project(Call& call) {
    const auto view =
        TRY(call.services.authority.store().query<ProjectView>([&](store::Connection& db) {
            return authority::get_project(db, call.actor(), call.parameters[0]);
        }));
    return json_answer(200, project_view(view));
}

Result<http::Response> patch_project(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::EditProject edit;
    edit.name = TRY(edited_text(body, "name"));
    edit.description = TRY(edited_text(body, "description"));
    const bool has_api = body.has("api");
    const auto api = TRY(body.optional_text("api"));
    if (has_api) edit.api = api.value_or("");
    TRY(body.done());
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    std::optional<ProjectView> view;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        view = TRY(authority::edit_project(tx, call.actor(), *apis, call.parameters[0], edit));
        return {};
    }));
    return json_answer(200, project_view(*view));
}

Result<http::Response> delete_project(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            return authority::delete_project(tx, call.actor(), call.parameters[0]);
        },
        true));
    return no_content();
}

}  // namespace latchkey::api
