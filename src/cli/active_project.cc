#include "cli/active_project.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/id.h"
#include "cli/client/fields.h"
#include "cli/context.h"
#include "cli/suggest.h"

namespace latchkey::cli {
namespace {

Project to_project(const json::object& object) {
    return {text_of(object, "id"), text_of(object, "name")};
}

Result<Project> find_by_name(ApiClient& client, const std::string& wanted) {
    const Listing listing = TRY(client.list("/v1/projects", 0));
    std::vector<Project> found;
    std::vector<std::string> names;
    for (const json::value& item : listing.items) {
        if (!item.is_object()) continue;
        Project project = to_project(item.get_object());
        names.push_back(project.name);
        if (project.name == wanted) found.push_back(std::move(project));
    }
    if (found.size() == 1) return std::move(found.front());
    if (found.size() > 1) {
        return usage_error(fmt::format("{} projects are called \"{}\"", found.size(), wanted),
                           "give the id: latchkey project list shows it");
    }
    const auto meant = nearest(wanted, names);
    return Error{ErrorCode::kNotFound, fmt::format("there is no project \"{}\"", wanted)}
        .with_reason("not_found")
        .with_hint(meant ? fmt::format("did you mean \"{}\"?", *meant)
                         : std::string("see latchkey project list"));
}

Result<Project> the_only_project(ApiClient& client) {
    const Listing listing = TRY(client.list("/v1/projects?limit=2", 2));
    if (listing.items.empty()) {
        return usage_error("there is no project yet", "make one: latchkey project create NAME");
    }
    if (listing.items.size() == 1 && listing.items.front().is_object()) {
        return to_project(listing.items.front().get_object());
    }
    return usage_error("no project was chosen",
                       "choose one with latchkey project select, --project or LATCHKEY_PROJECT");
}

}  // namespace

Result<Project> find_project(ApiClient& client, const std::string& wanted) {
    const auto id = parse_uuid(wanted);
    if (!id) return find_by_name(client, wanted);
    auto project = client.get_object("/v1/projects/" + percent_encode(wanted));
    if (project) return to_project(*project);
    // A token that may not read projects may still change policies in one whose id it was told.
    if (project.error().code == ErrorCode::kPermissionDenied) {
        return Project{format_uuid(*id), wanted};
    }
    if (project.error().code != ErrorCode::kNotFound) return std::move(project).error();
    return find_by_name(client, wanted);
}

Result<Project> project_meant(Context& context, ApiClient& client) {
    if (context.globals.project && !context.globals.project->empty()) {
        return find_project(client, *context.globals.project);
    }
    if (const auto named = context.environment("LATCHKEY_PROJECT"); named && !named->empty()) {
        return find_project(client, *named);
    }
    const auto kept = TRY(active_project(context));
    if (!kept) return the_only_project(client);
    auto project = find_project(client, kept->id);
    if (!project && project.error().code == ErrorCode::kNotFound) {
        return Error{
            ErrorCode::kNotFound,
            fmt::format("the active project \"{}\" is gone, or no longer yours to see", kept->name)}
            .with_reason("not_found")
            .with_hint("choose another with latchkey project select");
    }
    return project;
}

Result<std::optional<Project>> active_project(Context& context) {
    std::optional<Project> found;
    if (!context.may_store()) return found;
    const std::string name = TRY(context.context_name());
    const Credentials credentials = TRY(context.stored());
    const auto kept = credentials.projects.find(name);
    if (kept != credentials.projects.end()) found = kept->second;
    return found;
}

Status set_active_project(Context& context, const Project& project) {
    const std::string name = TRY(context.context_name());
    Credentials credentials = TRY(context.stored());
    credentials.projects[name] = project;
    return context.store(credentials);
}

Status clear_active_project(Context& context, const std::string& id) {
    const auto kept = TRY(active_project(context));
    if (!kept || kept->id != id) return {};
    const std::string name = TRY(context.context_name());
    Credentials credentials = TRY(context.stored());
    credentials.projects.erase(name);
    return context.store(credentials);
}

}  // namespace latchkey::cli
