// The table of contents: every route of the public listener. What is not here does not exist.
#include <array>

#include "api/handlers.h"

namespace latchkey::api {
namespace {

using http::Method;
using P = Permission;
using W = Work;

constexpr std::array kRoutes = {
    // tokens
    Route{Method::kPost, "/v1/tokens", P::scope("token:write"), W::later(post_token), "owner"},
    Route{Method::kGet, "/v1/tokens", P::scope("token:read"), W::on_worker(get_tokens),
          "state,sort,limit,after,owner,scope,api,project,unusedFor,expiresBefore,q,include"},
    Route{Method::kGet, "/v1/tokens/self", P::any_credential(), W::on_worker(get_token_self)},
    Route{Method::kPost, "/v1/tokens/verify", P::machine_token("token:verify"),
          W::on_reactor(post_token_verify)},
    Route{Method::kPost, "/v1/tokens/bulk", P::scope("token:write"),
          W::on_worker(post_tokens_bulk)},
    Route{Method::kGet, "/v1/tokens/bulk/{id}", P::scope("token:read"),
          W::on_worker(get_tokens_bulk)},
    Route{Method::kGet, "/v1/tokens/{id}", P::scope("token:read"), W::on_worker(get_token)},
    Route{Method::kPatch, "/v1/tokens/{id}", P::scope("token:write"), W::on_worker(patch_token)},
    Route{Method::kDelete, "/v1/tokens/{id}", P::scope("token:write"), W::later(delete_token)},
    Route{Method::kPost, "/v1/tokens/{id}/revoke", P::scope("token:write"),
          W::later(post_token_revoke)},
    Route{Method::kPost, "/v1/tokens/{id}/suspend", P::scope("token:write"),
          W::later(post_token_suspend)},
    Route{Method::kPost, "/v1/tokens/{id}/resume", P::scope("token:write"),
          W::later(post_token_resume)},
    Route{Method::kGet, "/v1/tokens/{id}/usage", P::scope("token:read"),
          W::on_worker(get_token_usage), "days"},
    Route{Method::kGet, "/v1/tokens/{id}/unused", P::scope("token:read"),
          W::on_worker(get_token_unused), "days"},
    Route{Method::kPost, "/v1/tokens/{id}/shrink", P::scope("token:write"),
          W::on_worker(post_token_shrink)},
    Route{Method::kGet, "/v1/tokens/{id}/projects", P::scope("token:read"),
          W::on_worker(get_projects_of_token)},
    Route{Method::kGet, "/v1/tokens/{id}/keys", P::scope("token:read"),
          W::on_worker(get_token_keys)},
    Route{Method::kPost, "/v1/tokens/{id}/keys", P::scope("token:write"),
          W::on_worker(post_token_keys)},
    Route{Method::kDelete, "/v1/tokens/{id}/keys/{kid}", P::scope("token:write"),
          W::on_worker(delete_token_key)},
    Route{Method::kGet, "/v1/projects/{id}/tokens", P::scope("token:read"),
          W::on_worker(get_project_tokens), "limit,after"},
    Route{Method::kPost, "/v1/projects/{id}/tokens", P::scope("token:write"),
          W::on_worker(post_project_token)},
    // OAuth
    Route{Method::kPost, "/oauth2/token", P::nobody_needed(), W::later(post_oauth_token)},
    // sessions and setup
    Route{Method::kPost, "/v1/session", P::nobody_needed(), W::on_passwords(post_session)},
    Route{Method::kDelete, "/v1/session", P::session_only(), W::on_worker(delete_session)},
    Route{Method::kGet, "/v1/sessions", P::session_only(), W::on_worker(get_sessions)},
    Route{Method::kDelete, "/v1/sessions/{id}", P::session_only(),
          W::on_worker(delete_session_by_id)},
    Route{Method::kPost, "/v1/setup", P::nobody_needed(), W::on_passwords(post_setup)},
    // users
    Route{Method::kGet, "/v1/users/me", P::scope("account:read"), W::on_worker(get_me)},
    Route{Method::kGet, "/v1/users", P::scope("user:read"), W::on_worker(get_users), "limit,after"},
    Route{Method::kPost, "/v1/users", P::scope("user:write"), W::on_passwords(post_user)},
    Route{Method::kGet, "/v1/users/{id}", P::scope("user:read"), W::on_worker(get_user)},
    Route{Method::kPatch, "/v1/users/{id}", P::scope("user:write"), W::on_worker(patch_user)},
    Route{Method::kGet, "/v1/roles", P::scope("role:read"), W::on_worker(get_roles)},
    Route{Method::kPost, "/v1/roles", P::scope("role:write"), W::on_worker(post_role)},
    Route{Method::kPatch, "/v1/roles/{id}", P::scope("role:write"), W::on_worker(patch_role)},
    Route{Method::kDelete, "/v1/roles/{id}", P::scope("role:write"), W::on_worker(delete_role)},
    // APIs
    Route{Method::kGet, "/v1/apis", P::scope("api:read"), W::on_worker(get_apis)},
    Route{Method::kPost, "/v1/apis", P::scope("api:write"), W::on_worker(post_api)},
    Route{Method::kGet, "/v1/apis/{id}", P::scope("api:read"), W::on_worker(get_api)},
    Route{Method::kPatch, "/v1/apis/{id}", P::scope("api:write"), W::on_worker(patch_api)},
    Route{Method::kGet, "/v1/apis/{id}/scopes", P::scope("api:read"), W::on_worker(get_api_scopes)},
    Route{Method::kPut, "/v1/apis/{id}/scopes", P::scope("api:write"),
          W::on_worker(put_api_scopes)},
    // projects, their principals and policies
    Route{Method::kGet, "/v1/projects", P::scope("project:read"), W::on_worker(get_projects),
          "limit,after"},
    Route{Method::kPost, "/v1/projects", P::scope("project:write"), W::on_worker(post_project)},
    Route{Method::kGet, "/v1/projects/{id}", P::scope("project:read"), W::on_worker(get_project)},
    Route{Method::kPatch, "/v1/projects/{id}", P::scope("project:write"),
          W::on_worker(patch_project)},
    Route{Method::kDelete, "/v1/projects/{id}", P::scope("project:write"),
          W::on_worker(delete_project)},
    Route{Method::kGet, "/v1/projects/{id}/principals", P::scope("project:read"),
          W::on_worker(get_principals), "type,limit,after"},
    Route{Method::kPut, "/v1/projects/{id}/principals/token/{principalId}",
          P::scope("policy:write"), W::on_worker(put_project_token)},
    Route{Method::kDelete, "/v1/projects/{id}/principals/token/{principalId}",
          P::scope("policy:write"), W::on_worker(delete_project_token)},
    Route{Method::kPut, "/v1/projects/{id}/principals/user/{principalId}",
          P::scope("project:write"), W::on_worker(put_project_user)},
    Route{Method::kDelete, "/v1/projects/{id}/principals/user/{principalId}",
          P::scope("project:write"), W::on_worker(delete_project_user)},
    Route{Method::kGet, "/v1/projects/{id}/principals/{type}/{principalId}/policy",
          P::scope("policy:read"), W::on_worker(get_policy)},
    Route{Method::kPut, "/v1/projects/{id}/principals/{type}/{principalId}/policy",
          P::scope("policy:write"), W::on_worker(put_policy)},
    Route{Method::kPost, "/v1/projects/{id}/simulate", P::scope("policy:read"),
          W::on_worker(post_simulate)},
    // the installation
    Route{Method::kGet, "/v1/signing-keys", P::scope("key:read"), W::on_worker(get_signing_keys)},
    Route{Method::kPost, "/v1/signing-keys/rotate", P::scope("key:write"),
          W::on_worker(post_signing_keys_rotate)},
    Route{Method::kGet, "/v1/settings", P::scope("settings:read"), W::on_worker(get_settings)},
    Route{Method::kGet, "/v1/events", P::scope("event:read"), W::on_worker(get_events),
          "after,limit,type,token,owner,actor"},
    Route{Method::kGet, "/v1/events/stream",
          P::any_scope("event:read token:verify account:read"), W::later(get_event_stream),
          "after,type,token,owner"},
    Route{Method::kGet, "/v1/events/checkpoint", P::scope("event:read"),
          W::on_worker(get_checkpoint)},
    // public
    Route{Method::kGet, "/.well-known/jwks.json", P::nobody_needed(), W::on_reactor(get_jwks)},
    Route{Method::kGet, "/.well-known/oauth-authorization-server", P::nobody_needed(),
          W::on_reactor(get_metadata)},
    Route{Method::kGet, "/status/{number}", P::nobody_needed(), W::on_worker(get_status_list)},
    Route{Method::kGet, "/openapi.json", P::nobody_needed(), W::on_reactor(get_asset)},
    Route{Method::kGet, "/errors/{code}", P::nobody_needed(), W::on_reactor(get_error_page)},
    // the portal: one document, whatever the page; what it shows it asks of the routes above
    Route{Method::kGet, "/", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/setup", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/login", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/device", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/new", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/account", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/audit", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/developer", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/developer/{page}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/developer/{page}/{id}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/projects", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/projects/{id}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/access", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/access/{page}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/access/{page}/{id}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/system", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/system/{page}", P::nobody_needed(), W::on_reactor(get_page)},
    Route{Method::kGet, "/assets/{file}", P::nobody_needed(), W::on_reactor(get_asset)},
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace latchkey::api
