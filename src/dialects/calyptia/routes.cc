#include "dialects/calyptia/routes.h"

#include <algorithm>
#include <array>

namespace latchkey::dialects::calyptia {
namespace {

using api::Route;
using http::Method;
using P = api::Permission;
using W = api::Work;

constexpr std::string_view kProject = "/v1/projects/{id}";
constexpr std::string_view kTokens = "/v1/projects/{id}/tokens";
constexpr std::string_view kToken = "/v1/project_tokens/{id}";
constexpr std::string_view kMembers = "/v1/projects/{id}/members";
constexpr std::string_view kMember = "/v1/members/{id}";

constexpr std::array kRoutes = {
    Route{Method::kPost, "/v1/projects", P::scope("project:write"), W::on_worker(post_project)},
    Route{Method::kGet, "/v1/projects", P::scope("project:read"), W::on_worker(get_projects),
          "last,before,name"},
    Route{Method::kGet, kProject, P::scope("project:read"), W::on_worker(get_project)},
    Route{Method::kPatch, kProject, P::scope("project:write"), W::on_worker(patch_project)},
    Route{Method::kDelete, kProject, P::scope("project:write"), W::on_worker(delete_project)},
    Route{Method::kPost, kTokens, P::scope("token:write"), W::on_worker(post_token)},
    Route{Method::kGet, kTokens, P::scope("token:read"), W::on_worker(get_tokens),
          "last,before,name"},
    Route{Method::kGet, kToken, P::scope("token:read"), W::on_worker(get_token)},
    Route{Method::kPatch, kToken, P::scope("token:write"), W::on_worker(patch_token)},
    Route{Method::kDelete, kToken, P::scope("token:write"), W::on_worker(delete_token)},
    Route{Method::kGet, kMembers, P::scope("project:read"), W::on_worker(get_members),
          "last,before"},
    Route{Method::kPatch, kMember, P::scope("project:write"), W::on_worker(patch_member)},
    Route{Method::kDelete, kMember, P::scope("project:write"), W::on_worker(delete_member)},
};

struct Right {
    Method method;
    std::string_view path;
    std::string_view scope;
};

// It never makes or lists tokens, and has no say about members and the life of its project.
constexpr std::array kRights = {
    Right{Method::kGet, kProject, "read:project"},
    Right{Method::kPatch, kProject, "update:project"},
    Right{Method::kGet, kMembers, "read:members"},
    Right{Method::kGet, kToken, "read:project_token"},
    Right{Method::kPatch, kToken, "update:project_token"},
    Right{Method::kDelete, kToken, "delete:project_token"},
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::string_view right_of_project_token(const Route& route) {
    const auto* found = std::find_if(kRights.begin(), kRights.end(), [&](const Right& right) {
        return right.method == route.method && right.path == route.path;
    });
    return found == kRights.end() ? std::string_view() : found->scope;
}

}  // namespace latchkey::dialects::calyptia
