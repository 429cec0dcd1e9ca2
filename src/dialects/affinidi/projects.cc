// /api/project, /api/projects and /iam/v1/projects.
#include "authority/projects.h"

#include "api/body.h"
#include "authority/active_project.h"
#include "dialects/affinidi/handlers.h"
#include "dialects/affinidi/views.h"
#include "store/active_projects.h"

namespace latchkey::dialects::affinidi {
namespace {

constexpr std::size_t kPage = 200;

struct ProjectPage {
    json::array projects;
    std::optional<std::string> last;  // of a page that may not be the last
};

Result<ProjectPage> read_projects(const Call& call, store::Connection& db, const Paging& paging) {
    ProjectPage page;
    auto after = paging.after ? std::optional(ProjectId{*paging.after}) : std::nullopt;
    while (page.projects.size() < paging.limit) {
        const std::size_t count = std::min(kPage, paging.limit - page.projects.size());
        const auto found = TRY(authority::list_projects(db, call.actor(), after, count));
        for (const auto& view : found) {
            auto dto = TRY(project_dto(db, view));
            page.projects.push_back(std::move(dto));
            after = view.project.id;
        }
        if (found.size() < count) return page;
    }
    if (after) page.last = after->uuid();
    return page;
}

Result<ProjectPage> all_projects(Call& call, const Paging& paging) {
    return call.services.authority.store().query<ProjectPage>(
        [&](store::Connection& db) { return read_projects(call, db, paging); });
}

template <typename Use>
Result<http::Response> read_project(Call& call, const Use& use) {
    const auto dto = TRY(call.services.authority.store().query<json::object>(
        [&](store::Connection& db) -> Result<json::object> {
            const auto view = TRY(use(db));
            return project_dto(db, view);
        }));
    return api::json_answer(200, dto);
}

template <typename Use>
Result<http::Response> change_project(Call& call, const Use& use) {
    std::optional<json::object> dto;
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto view = TRY(use(tx));
        dto = TRY(project_dto(tx.connection(), view));
        return {};
    }));
    return api::json_answer(200, *dto);
}

}  // namespace

Result<http::Response> get_active_project(Call& call) {
    return read_project(call, [&](store::Connection& db) { return project_of_request(call, db); });
}

Result<http::Response> post_active_project(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    const auto wanted = TRY(body.text("projectId"));
    std::string id;
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto view = TRY(
            authority::choose_active_project(tx, call.actor(), call.principal.session->id, wanted));
        id = view.project.id.uuid();
        return {};
    }));
    return api::json_answer(200, json::object{{"projectId", id}});
}

Result<http::Response> get_session_projects(Call& call) {
    auto page = TRY(all_projects(call, Paging{}));
    return api::json_answer(200, std::move(page.projects));
}

Result<http::Response> get_projects(Call& call) {
    const auto paging = TRY(read_paging(call));
    auto page = TRY(all_projects(call, paging));
    json::object list{{"projects", std::move(page.projects)}};
    if (page.last) list["lastEvaluatedKey"] = *page.last;
    return api::json_answer(200, list);
}

Result<http::Response> get_project(Call& call) {
    return read_project(call, [&](store::Connection& db) {
        return authority::get_project(db, call.actor(), call.parameters[0]);
    });
}

// Below /api and below /iam alike: the new project is the one that the session works in.
Result<http::Response> post_project(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    authority::CreateProject wanted;
    wanted.name = TRY(body.text("name"));
    wanted.description = TRY(body.optional_text("description")).value_or("");
    const auto apis = call.services.authority.directory().view();
    return change_project(call, [&](store::Transaction& tx) -> Result<authority::ProjectView> {
        auto view = TRY(authority::create_project(tx, call.actor(), *apis, wanted));
        if (call.principal.session) {
            TRY(store::put_active_project(tx.connection(), call.principal.session->id,
                                          view.project.id));
        }
        return view;
    });
}

Result<http::Response> patch_project(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    authority::EditProject edit;
    edit.name = TRY(body.optional_text("name"));
    edit.description = TRY(body.optional_text("description"));
    const auto apis = call.services.authority.directory().view();
    return change_project(call, [&](store::Transaction& tx) {
        return authority::edit_project(tx, call.actor(), *apis, call.parameters[0], edit);
    });
}

// The command line reads limits here when a project could not be made. We have none to show: what
// limits projects and tokens is said when it is reached.
Result<http::Response> get_stats(Call& call) {
    const auto view = TRY(
        call.services.authority.store().query<authority::ProjectView>([&](store::Connection& db) {
            return authority::get_project(db, call.actor(), call.parameters[0]);
        }));
    const std::string now = format_rfc3339(call.services.authority.clock().now());
    json::object project;
    project["id"] = view.project.id.uuid();
    project["bundle"] =
        json::object{{"bundleId", ""}, {"bundleName", ""}, {"bundleDescription", ""}};
    project["createdAt"] = format_rfc3339(view.project.created_at);
    project["credits"] = 0;
    project["initialCredits"] = 0;
    project["scheduledBundleChanges"] = json::array();
    project["limits"] = json::array();
    json::object stats;
    stats["cachedAt"] = now;
    stats["updatedAt"] = now;
    stats["expiresAt"] = now;
    stats["health"] = json::object{{"status", 200}, {"message", "OK"}};
    stats["projects"] = json::array{std::move(project)};
    return api::json_answer(200, stats);
}

}  // namespace latchkey::dialects::affinidi
