// What still needs an API.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "store/sql.h"

namespace latchkey::store {

// Not revoked, not deleted, not expired.
Result<bool> has_live_tokens(Connection& db, const ApiId& api, Timestamp now);
// That are not deleted and make their tokens for this API.
Result<bool> has_projects_of(Connection& db, std::string_view api_slug);

}  // namespace latchkey::store
