// The gateway's question, answered on the reactor: no query, no lock shared with writers, no
// allocation on a hit. The path says what is required:
//   /check[/nginx][/api/<slug>][/scope/<scope>[+<scope>…]][/project/<id>]
//         [/resource/<encoded>][/-/…]
// The query and cookies are ignored: they are the client's. What follows /-/ is a proxy's own path.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/services.h"
#include "http/server.h"
#include "verify/judge.h"

namespace latchkey::api {

struct CheckPath {
    bool is_nginx{false};  // nginx knows only 2xx, 401 and 403; the rest it makes 500
    std::string_view api_slug;
    std::array<std::string_view, verify::kScopesAskedMax> scopes{};
    std::size_t scope_count{0};
    std::optional<ProjectId> project;
    std::string_view resource;
};
// Nothing for a path that is not exactly of this form. `decoded` holds what was percent-encoded.
std::optional<CheckPath> parse_check_path(std::string_view path, std::string& decoded);

void check(Services& services, http::Exchange& exchange);

}  // namespace latchkey::api
