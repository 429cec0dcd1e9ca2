// Lists that are short by nature (APIs, roles, sessions, keys) are read whole; who asks for pages
// all the same gets them cut here, in one place, with the words of the long lists.
#pragma once

#include <string_view>

#include "api/route.h"
#include "base/json.h"

namespace latchkey::api {

// What a page is cut by. A key that lasts is in the cursor itself, so that the next page begins
// behind it whichever rows went meanwhile.
enum class ListOrder {
    kOwn,     // as given, but for a list of ids: they sort by time, and so does it
    kByTime,  // by `createdAt`, then the name
};

// `name` is the member that tells the items of `list` apart. Without `limit` all that stands behind
// `after`. Where a list in an order of its own has no longer the row that `after` names, it begins
// anew: better a row twice than one never.
Result<http::Response> short_list_answer(const Call& call, json::array list, std::string_view name,
                                         ListOrder order = ListOrder::kOwn);

}  // namespace latchkey::api
