// Every handler of the API, by resource; routes.cc says which route each answers. One file a
// resource.
#pragma once

#include "api/route.h"

namespace latchkey::api {

// tokens.cc
void post_token(const CallPtr& call);
Result<http::Response> get_token(Call& call);
Result<http::Response> patch_token(Call& call);
void delete_token(const CallPtr& call);
// token_rotation.cc
Result<http::Response> post_token_rotate(Call& call);
void post_token_revoke(const CallPtr& call);
void post_token_suspend(const CallPtr& call);
void post_token_resume(const CallPtr& call);
Result<http::Response> get_token_self(Call& call);
// token_usage.cc
Result<http::Response> get_token_usage(Call& call);
// token_shrink.cc
Result<http::Response> get_token_unused(Call& call);
Result<http::Response> post_token_shrink(Call& call);
// bulk.cc
Result<http::Response> post_tokens_bulk(Call& call);
Result<http::Response> get_tokens_bulk(Call& call);
// token_lists.cc
Result<http::Response> get_tokens(Call& call);
// token_keys.cc
Result<http::Response> get_token_keys(Call& call);
Result<http::Response> post_token_keys(Call& call);
Result<http::Response> delete_token_key(Call& call);
// project_tokens.cc
Result<http::Response> get_project_tokens(Call& call);
Result<http::Response> post_project_token(Call& call);
// oauth.cc
void post_oauth_token(const CallPtr& call);
// introspect.cc, revoke.cc
Result<http::Response> post_introspect(Call& call);
void post_oauth_revoke(const CallPtr& call);
// resource_metadata.cc
Result<http::Response> get_resource_metadata(Call& call);
// web_login.cc
Result<http::Response> post_pushed_authorization(Call& call);
// device.cc
Result<http::Response> post_device_authorization(Call& call);
Result<http::Response> get_device(Call& call);
Result<http::Response> post_device(Call& call);
// verify.cc
Result<http::Response> post_token_verify(Call& call);
// session.cc
Result<http::Response> post_session(Call& call);
Result<http::Response> delete_session(Call& call);
Result<http::Response> post_session_proof(Call& call);
Result<http::Response> get_sessions(Call& call);
Result<http::Response> delete_session_by_id(Call& call);
Result<http::Response> post_setup(Call& call);
// account.cc: one's own password and second factor
Result<http::Response> post_account_password(Call& call);
Result<http::Response> get_account_factor(Call& call);
Result<http::Response> post_account_factor(Call& call);
Result<http::Response> post_account_factor_confirm(Call& call);
Result<http::Response> post_account_factor_disable(Call& call);
Result<http::Response> post_account_recovery_codes(Call& call);
Result<http::Response> delete_user_factor(Call& call);
// invites.cc
Result<http::Response> post_user_invite(Call& call);
Result<http::Response> delete_user_invite(Call& call);
Result<http::Response> post_invite_read(Call& call);
Result<http::Response> post_invite_accept(Call& call);
// users.cc
Result<http::Response> get_me(Call& call);
Result<http::Response> get_users(Call& call);
Result<http::Response> post_user(Call& call);
Result<http::Response> get_user(Call& call);
Result<http::Response> patch_user(Call& call);
// roles.cc
Result<http::Response> get_roles(Call& call);
Result<http::Response> get_role(Call& call);
Result<http::Response> post_role(Call& call);
Result<http::Response> patch_role(Call& call);
Result<http::Response> delete_role(Call& call);
// projects.cc
Result<http::Response> get_projects(Call& call);
Result<http::Response> post_project(Call& call);
Result<http::Response> get_project(Call& call);
Result<http::Response> patch_project(Call& call);
Result<http::Response> delete_project(Call& call);
// principals.cc
Result<http::Response> get_principals(Call& call);
Result<http::Response> put_project_user(Call& call);
Result<http::Response> delete_project_user(Call& call);
Result<http::Response> put_project_token(Call& call);
Result<http::Response> delete_project_token(Call& call);
Result<http::Response> get_projects_of_token(Call& call);
// policies.cc
Result<http::Response> get_policy(Call& call);
Result<http::Response> put_policy(Call& call);
Result<http::Response> post_simulate(Call& call);
// apis.cc
Result<http::Response> get_apis(Call& call);
Result<http::Response> post_api(Call& call);
Result<http::Response> get_api(Call& call);
Result<http::Response> patch_api(Call& call);
Result<http::Response> delete_api(Call& call);
Result<http::Response> get_api_scopes(Call& call);
Result<http::Response> put_api_scopes(Call& call);
// keys.cc
Result<http::Response> get_signing_keys(Call& call);
Result<http::Response> post_signing_keys_rotate(Call& call);
Result<http::Response> get_jwks(Call& call);
Result<http::Response> get_metadata(Call& call);
Result<http::Response> get_status_list(Call& call);
// settings.cc
Result<http::Response> get_settings(Call& call);
Result<http::Response> put_settings(Call& call);
Result<http::Response> get_token_rules(Call& call);
Result<http::Response> put_token_rules(Call& call);
Result<http::Response> post_token_rules_dry_run(Call& call);
// imports.cc
Result<http::Response> get_imports(Call& call);
Result<http::Response> post_import(Call& call);
Result<http::Response> delete_import(Call& call);
Result<http::Response> post_import_tokens(Call& call);
// events.cc
Result<http::Response> get_events(Call& call);
Result<http::Response> get_checkpoint(Call& call);
void get_event_stream(const CallPtr& call);
// pages.cc
Result<http::Response> get_page(Call& call);
Result<http::Response> get_docs(Call& call);
Result<http::Response> get_asset(Call& call);
Result<http::Response> get_error_page(Call& call);
// local.cc: the Unix socket
Result<http::Response> post_backup(Call& call);
Result<http::Response> post_local_rotate_keys(Call& call);
Result<http::Response> post_local_check(Call& call);
Result<http::Response> post_local_create_user(Call& call);
std::span<const Route> local_routes();
// ops.cc: the ops listener
Result<http::Response> get_health(Call& call);
Result<http::Response> get_ready(Call& call);
Result<http::Response> get_metrics(Call& call);
std::span<const Route> ops_routes();

}  // namespace latchkey::api
