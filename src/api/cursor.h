// Cursors of keyset pages: sealed, so that nobody builds one, and bound to nothing but the row
// after which the next page begins.
#pragma once

#include <string>
#include <string_view>

#include "api/route.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::api {

struct Cursor {
    std::string id;
    std::string key;  // the sort key of that row
};

std::string seal_cursor(const Secret& key, const Cursor& cursor);
Result<Cursor> open_cursor(const Secret& key, std::string_view text);

// `<…>; rel="next"` (RFC 8288): the request's own query with this cursor.
std::string next_link(const Call& call, const std::string& cursor);

}  // namespace latchkey::api
