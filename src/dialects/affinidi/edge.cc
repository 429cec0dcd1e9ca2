#include "dialects/affinidi/edge.h"

#include <array>

#include "api/handlers.h"
#include "api/logins.h"
#include "api/problem.h"
#include "dialects/affinidi/affinidi_edge.h"
#include "dialects/affinidi/errors.h"
#include "dialects/affinidi/handlers.h"

namespace latchkey::dialects {
namespace affinidi {
namespace {

using api::Route;
using http::Method;
using P = api::Permission;
using W = api::Work;

constexpr std::array kRoutes = {
    // The command line's own host: login, and the project that it works in.
    Route{Method::kPost, "/api/auth/url", P::nobody_needed(), W::on_worker(post_auth_url)},
    Route{Method::kGet, "/api/session-id", P::nobody_needed(), W::on_worker(get_session_id),
          "state"},
    Route{Method::kPost, "/api/auth/logout", P::nobody_needed(), W::on_worker(post_logout)},
    Route{Method::kGet, "/api/whoami", P::scope("account:read"), W::on_worker(get_session_whoami)},
    Route{Method::kGet, "/api/stats/{id}", P::scope("project:read"), W::on_worker(get_stats)},
    Route{Method::kGet, "/api/project", P::scope("project:read"), W::on_worker(get_active_project)},
    Route{Method::kGet, "/api/projects", P::scope("project:read"),
          W::on_worker(get_session_projects)},
    Route{Method::kPost, "/api/project", P::scope("project:write"), W::on_worker(post_project)},
    Route{Method::kPatch, "/api/project/{id}", P::scope("project:write"),
          W::on_worker(patch_project)},
    Route{Method::kPost, "/api/projects/active", P::session_only(),
          W::on_worker(post_active_project)},
    // Key tokens, which are «personal access tokens» there.
    Route{Method::kPost, "/iam/v1/tokens", P::scope("token:write"), W::on_worker(post_token)},
    Route{Method::kGet, "/iam/v1/tokens", P::scope("token:read"), W::on_worker(get_tokens),
          "limit,exclusiveStartKey"},
    Route{Method::kGet, "/iam/v1/tokens/{id}", P::scope("token:read"), W::on_worker(get_token)},
    Route{Method::kPatch, "/iam/v1/tokens/{id}", P::scope("token:write"),
          W::on_worker(patch_token)},
    Route{Method::kDelete, "/iam/v1/tokens/{id}", P::scope("token:write"),
          W::on_worker(delete_token)},
    Route{Method::kGet, "/iam/v1/tokens/{id}/projects", P::scope("token:read"),
          W::on_worker(get_projects_of_token), "limit,exclusiveStartKey"},
    // Projects and who may what in them. No path names the project: it is the session's active one.
    Route{Method::kGet, "/iam/v1/projects", P::scope("project:read"), W::on_worker(get_projects),
          "limit,exclusiveStartKey"},
    Route{Method::kPost, "/iam/v1/projects", P::scope("project:write"), W::on_worker(post_project)},
    Route{Method::kPost, "/iam/v1/projects/principals", P::scope("policy:write"),
          W::on_worker(post_principal)},
    Route{Method::kGet, "/iam/v1/projects/principals", P::scope("project:read"),
          W::on_worker(get_principals), "limit,exclusiveStartKey"},
    Route{Method::kDelete, "/iam/v1/projects/principals/{id}", P::scope("policy:write"),
          W::on_worker(delete_principal), "principalType"},
    Route{Method::kGet, "/iam/v1/projects/{id}", P::scope("project:read"),
          W::on_worker(get_project)},
    Route{Method::kPatch, "/iam/v1/projects/{id}", P::scope("project:write"),
          W::on_worker(patch_project)},
    Route{Method::kGet, "/iam/v1/policies/principals/{id}", P::scope("policy:read"),
          W::on_worker(get_policies), "principalType"},
    Route{Method::kPut, "/iam/v1/policies/principals/{id}", P::scope("policy:write"),
          W::on_worker(put_policies), "principalType"},
    // From a signature to a token of one project.
    Route{Method::kGet, "/iam/.well-known/jwks.json", P::nobody_needed(),
          W::on_worker(api::get_jwks)},
    Route{Method::kPost, kTokenEndpoint, P::nobody_needed(), W::later(post_token_endpoint)},
    Route{Method::kPost, "/iam/v1/sts/create-project-scoped-token", P::nobody_needed(),
          W::on_reactor(post_project_scoped_token)},
    Route{Method::kGet, "/iam/v1/sts/whoami", P::any_credential(), W::on_reactor(get_whoami)},
};

constexpr std::array<std::string_view, 3> kCookies = {"portal-session-local", "portal-session",
                                                      "portal-session-dev"};

}  // namespace

std::span<const Route> AffinidiEdge::routes() const {
    return kRoutes;
}

std::optional<Credential> credential_of(const http::Request& request) {
    if (const auto field = request.find("Authorization")) {
        constexpr std::string_view kBearer = "Bearer ";
        if (http::equal_without_case(field->substr(0, kBearer.size()), kBearer)) {
            return Credential{field->substr(kBearer.size())};
        }
        return Credential{*field};
    }
    for (const auto name : kCookies) {
        const auto value = api::cookie_value(request, name);
        // What the command line writes when nobody is logged in.
        if (!value || value->empty() || *value == "undefined" || *value == "null") continue;
        return Credential{*value, true};
    }
    return std::nullopt;
}

// The rule for cookies of the route is for those of a browser, which these are not.
Result<api::Principal> AffinidiEdge::authenticate(api::Services& services, std::size_t reactor,
                                                  const http::Request& request,
                                                  api::CookieRule cookies) const {
    const auto credential = credential_of(request);
    if (!credential) return api::missing_credential();
    if (credential->is_cookie) {
        // Nobody's browser has these cookies: no answer of ours ever sets one, the command line
        // writes the field by itself. Should another server on this host plant one (cookies know no
        // ports), then a page still cannot use it; and bodies must be JSON, which takes a preflight
        // from elsewhere, and that is never allowed here.
        TRY(api::check_no_page(request));
    } else if (credential->text.find(' ') != std::string_view::npos) {
        return api::authenticate(services, reactor, request, cookies);  // Basic, DPoP, or nonsense
    }
    return api::authenticate_credential(services, reactor, request,
                                        api::Presented{credential->text});
}

http::Response AffinidiEdge::error(const api::Services& services, const http::Request& request,
                                   const Error& error) const {
    return error_answer(services, request, error);
}

http::Response AffinidiEdge::refusal(const api::Services& /*services*/, int status,
                                     std::string_view why, std::string_view request_id) const {
    return refusal_answer(status, why, request_id);
}

}  // namespace affinidi

std::unique_ptr<api::Edge> make_affinidi(api::Services& /*services*/,
                                         std::vector<std::string> urls) {
    return std::make_unique<affinidi::AffinidiEdge>(std::move(urls));
}

}  // namespace latchkey::dialects
