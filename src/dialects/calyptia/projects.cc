// /v1/projects.
#include "authority/projects.h"

#include "api/body.h"
#include "api/create_once.h"
#include "authority/project_with_token.h"
#include "dialects/calyptia/pages.h"
#include "dialects/calyptia/permissions.h"
#include "dialects/calyptia/routes.h"
#include "dialects/calyptia/views.h"

namespace latchkey::dialects::calyptia {
namespace {

using authority::ProjectView;

Result<json::object> project_view(store::Connection& db, const authority::Actor& actor,
                                  const store::ProjectRecord& project) {
    const auto members = TRY(store::list_members(db, project.id));
    json::object view;
    view["id"] = project.id.uuid();
    view["name"] = project.name;
    view["membersCount"] = members.size();
    view["agentsCount"] = 0;
    view["aggregatorsCount"] = 0;
    view["createdAt"] = format_rfc3339(project.created_at);
    const auto own = TRY(authority::own_membership(db, actor, project.id));
    if (own) view["membership"] = membership_view(*own);
    return view;
}

using Projects = std::vector<store::ProjectRecord>;

// One more than the page, if there is one: then there are more.
Result<Projects> newest_projects(store::Connection& db, const api::Call& call, const Page& page) {
    store::NewestProjects query;
    if (!call.query.get("name").empty()) query.name = call.query.get("name");
    if (page.before) query.before = ProjectId{*page.before};
    query.limit = kPageMax;
    Projects found;
    while (true) {
        auto some = TRY(authority::list_newest_projects(db, call.actor(), query));
        const bool is_last = some.size() < query.limit;
        for (auto& view : some) {
            query.before = view.project.id;
            found.push_back(std::move(view.project));
            if (found.size() > page.last) return found;
        }
        if (is_last) return found;
    }
}

}  // namespace

Result<http::Response> post_project(api::Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    authority::CreateProject wanted;
    wanted.name = TRY(body.text("name"));
    const auto apis = call.services.authority.directory().view();
    return api::create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto made = TRY(authority::create_project_with_token(
            tx, call.actor(), *apis, wanted, {"default", all_permissions(), true}));
        const auto& project = made.view.project;
        const auto own = TRY(authority::own_membership(tx.connection(), call.actor(), project.id));
        json::object view;
        view["id"] = project.id.uuid();
        view["token"] = made.token.text.expose();
        view["createdAt"] = format_rfc3339(project.created_at);
        view["membership"] = membership_view(*own);
        return view;
    });
}

Result<http::Response> get_projects(api::Call& call) {
    const auto page = TRY(read_page(call, "projects"));
    bool has_more = false;
    std::optional<UuidBytes> last_shown;
    auto list = TRY(call.services.authority.store().query<json::array>(
        [&](store::Connection& db) -> Result<json::array> {
            auto found = TRY(newest_projects(db, call, page));
            has_more = found.size() > page.last;
            if (has_more) found.pop_back();
            json::array views;
            for (const auto& project : found) {
                auto view = TRY(project_view(db, call.actor(), project));
                views.push_back(std::move(view));
                last_shown = project.id.bytes;
            }
            return views;
        }));
    auto response = api::json_answer(200, std::move(list));
    if (has_more && last_shown) add_next_link(call, page, *last_shown, response);
    return response;
}

Result<http::Response> get_project(api::Call& call) {
    const auto id = TRY(id_parameter(call, "project"));
    auto view = TRY(call.services.authority.store().query<json::object>(
        [&](store::Connection& db) -> Result<json::object> {
            const auto found = TRY(authority::get_project(db, call.actor(), id));
            return project_view(db, call.actor(), found.project);
        }));
    return api::json_answer(200, std::move(view));
}

Result<http::Response> patch_project(api::Call& call) {
    const auto id = TRY(id_parameter(call, "project"));
    auto body = TRY(api::Body::parse(call.request()));
    authority::EditProject edit;
    edit.name = TRY(body.optional_text("name"));
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(authority::edit_project(tx, call.actor(), *apis, id, edit));
        return {};
    }));
    return api::no_content();
}

Result<http::Response> delete_project(api::Call& call) {
    const auto id = TRY(id_parameter(call, "project"));
    Timestamp at;
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            at = tx.now();
            return authority::delete_project(tx, call.actor(), id);
        },
        true));
    return api::json_answer(200, deleted_view(at));
}

}  // namespace latchkey::dialects::calyptia
