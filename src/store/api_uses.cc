#include "store/api_uses.h"

#include "store/rows.h"

namespace latchkey::store {

Result<bool> has_live_tokens(Connection& db, const ApiId& api, Timestamp now) {
    Statement rows = TRY(
        db.prepare("SELECT 1 FROM tokens WHERE api_id = $1 AND state <> 3 AND deleted_at IS NULL"
                   " AND (expires_at IS NULL OR expires_at > $2) LIMIT 1"));
    rows.bind(api).bind(now);
    return rows.step();
}

Result<bool> has_projects_of(Connection& db, std::string_view api_slug) {
    Statement rows = TRY(
        db.prepare("SELECT 1 FROM projects WHERE api_slug = $1 AND deleted_at IS NULL LIMIT 1"));
    rows.bind(api_slug);
    return rows.step();
}

}  // namespace latchkey::store
