// Calyptia's pages: `last` items, the newest first, `before` a cursor that the Link of the page
// before named.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/route.h"

namespace latchkey::dialects::calyptia {

inline constexpr std::size_t kPageMax = 200;

struct Page {
    std::string list;  // which one: a cursor of another is refused
    std::size_t last{kPageMax};
    std::optional<UuidBytes> before;
};

// Errors: "decode cursor".
Result<Page> read_page(const api::Call& call, std::string list);
// `last_shown` was the last item, and there are more.
void add_next_link(const api::Call& call, const Page& page, const UuidBytes& last_shown,
                   http::Response& response);

// The path's id. Errors: "invalid <what> ID".
Result<std::string> id_parameter(const api::Call& call, std::string_view what);

}  // namespace latchkey::dialects::calyptia
