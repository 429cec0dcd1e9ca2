// Every handler of the dialect, by file; edge.cc says which route each answers.
#pragma once

#include "api/route.h"

namespace latchkey::dialects::affinidi {

using api::Call;
using api::CallPtr;

// login.cc
Result<http::Response> post_auth_url(Call& call);
Result<http::Response> get_session_id(Call& call);
Result<http::Response> post_logout(Call& call);
Result<http::Response> get_session_whoami(Call& call);
// projects.cc
Result<http::Response> get_active_project(Call& call);
Result<http::Response> post_active_project(Call& call);
Result<http::Response> get_session_projects(Call& call);
Result<http::Response> get_stats(Call& call);
Result<http::Response> get_projects(Call& call);
Result<http::Response> get_project(Call& call);
Result<http::Response> post_project(Call& call);
Result<http::Response> patch_project(Call& call);
// tokens.cc
Result<http::Response> post_token(Call& call);
Result<http::Response> get_tokens(Call& call);
Result<http::Response> get_token(Call& call);
Result<http::Response> patch_token(Call& call);
Result<http::Response> delete_token(Call& call);
Result<http::Response> get_projects_of_token(Call& call);
// principals.cc
Result<http::Response> post_principal(Call& call);
Result<http::Response> get_principals(Call& call);
Result<http::Response> delete_principal(Call& call);
Result<http::Response> get_policies(Call& call);
Result<http::Response> put_policies(Call& call);
// sts.cc
void post_token_endpoint(const CallPtr& call);
Result<http::Response> post_project_scoped_token(Call& call);
Result<http::Response> get_whoami(Call& call);

}  // namespace latchkey::dialects::affinidi
