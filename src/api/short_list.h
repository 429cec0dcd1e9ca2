// Lists that are short by nature (APIs, roles, sessions, keys) are read whole; who asks for pages
// all the same gets them cut here, in one place, with the words of the long lists.
#pragma once

#include <string_view>

#include "api/route.h"
#include "base/json.h"

namespace latchkey::api {

// `list` in its lasting order; `name` is the member that tells its items apart. Without `limit` all
// that stands behind `after`.
Result<http::Response> short_list_answer(const Call& call, json::array list, std::string_view name);

}  // namespace latchkey::api
