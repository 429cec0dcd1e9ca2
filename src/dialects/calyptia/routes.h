// Every route of the Calyptia dialect, and what of them a project's own token may use.
#pragma once

#include <span>
#include <string_view>

#include "api/route.h"

namespace latchkey::dialects::calyptia {

std::span<const api::Route> routes();

// The scope that a project token needs for the route, its verb the method's: reading, updating,
// deleting. Empty: none lets it in.
std::string_view right_of_project_token(const api::Route& route);

// projects.cc
Result<http::Response> post_project(api::Call& call);
Result<http::Response> get_projects(api::Call& call);
Result<http::Response> get_project(api::Call& call);
Result<http::Response> patch_project(api::Call& call);
Result<http::Response> delete_project(api::Call& call);
// tokens.cc
Result<http::Response> post_token(api::Call& call);
Result<http::Response> get_tokens(api::Call& call);
Result<http::Response> get_token(api::Call& call);
Result<http::Response> patch_token(api::Call& call);
Result<http::Response> delete_token(api::Call& call);
// members.cc
Result<http::Response> get_members(api::Call& call);
Result<http::Response> patch_member(api::Call& call);
Result<http::Response> delete_member(api::Call& call);

}  // namespace latchkey::dialects::calyptia
