#include <string>

#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {

Status add_usage(Connection& db, const UsageRecord& usage) {
    // A flush may come late: the newest use stays, whatever the order; the counts add up.
    Statement statement = TRY(db.prepare(
        "INSERT INTO token_usage (token_id, last_used_at, last_address, last_agent, uses, denials)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (token_id) DO UPDATE SET"
        " last_address = CASE WHEN excluded.last_used_at >= token_usage.last_used_at"
        "  AND excluded.last_address <> ''"
        "  THEN excluded.last_address ELSE token_usage.last_address END,"
        " last_agent = CASE WHEN excluded.last_used_at >= token_usage.last_used_at"
        "  AND excluded.last_agent <> ''"
        "  THEN excluded.last_agent ELSE token_usage.last_agent END,"
        " last_used_at = CASE WHEN excluded.last_used_at >= token_usage.last_used_at"
        "  THEN excluded.last_used_at ELSE token_usage.last_used_at END,"
        " uses = token_usage.uses + excluded.uses,"
        " denials = token_usage.denials + excluded.denials"));
    statement.bind(usage.token).bind(usage.last_used_at);
    statement.bind(std::string_view(usage.last_address)).bind(std::string_view(usage.last_agent));
    statement.bind(usage.uses).bind(usage.denials);
    return statement.run();
}

Result<std::optional<UsageRecord>> find_usage(Connection& db, const TokenId& token) {
    Statement rows =
        TRY(db.prepare("SELECT token_id, last_used_at, last_address, last_agent, uses, denials"
                       " FROM token_usage WHERE token_id = $1"));
    rows.bind(token);
    return first<UsageRecord>(rows, [](const Statement& row) -> Result<UsageRecord> {
        return UsageRecord{.token = row.id<TokenId>(0),
                           .last_used_at = row.time(1),
                           .last_address = std::string(row.text(2)),
                           .last_agent = std::string(row.text(3)),
                           .uses = row.integer(4),
                           .denials = row.integer(5)};
    });
}

}  // namespace latchkey::store
