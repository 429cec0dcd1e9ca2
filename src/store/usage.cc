#include "store/usage.h"

#include <string>

#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

// Of one token. Beyond, a scope counts as every scope, so that nothing recorded is ever lost.
constexpr std::int64_t kScopeRowsMax = 500;
constexpr std::int64_t kCallerRowsMax = 20;  // of one generation: those seen last

Status add_day(Connection& db, const UsageDetails& usage) {
    Statement statement = TRY(
        db.prepare("INSERT INTO usage_days (token_id, generation, day, uses, denials, last_used_at,"
                   " last_address, last_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                   " ON CONFLICT (token_id, generation, day) DO UPDATE SET"
                   " uses = usage_days.uses + excluded.uses,"
                   " denials = usage_days.denials + excluded.denials,"
                   " last_address = CASE WHEN excluded.last_used_at >= usage_days.last_used_at"
                   "  AND excluded.last_address <> ''"
                   "  THEN excluded.last_address ELSE usage_days.last_address END,"
                   " last_agent = CASE WHEN excluded.last_used_at >= usage_days.last_used_at"
                   "  AND excluded.last_agent <> ''"
                   "  THEN excluded.last_agent ELSE usage_days.last_agent END,"
                   " last_used_at = CASE WHEN excluded.last_used_at >= usage_days.last_used_at"
                   "  THEN excluded.last_used_at ELSE usage_days.last_used_at END"));
    const UsageRecord& totals = usage.totals;
    statement.bind(totals.token).bind(std::int64_t{usage.generation}).bind(usage.day);
    statement.bind(totals.uses).bind(totals.denials).bind(totals.last_used_at);
    statement.bind(std::string_view(totals.last_address)).bind(std::string_view(totals.last_agent));
    return statement.run();
}

Status add_denial(Connection& db, const TokenId& token, const DenialUsage& denial) {
    Statement statement =
        TRY(db.prepare("INSERT INTO usage_denials (token_id, verdict, count, last_at)"
                       " VALUES ($1, $2, $3, $4) ON CONFLICT (token_id, verdict) DO UPDATE SET"
                       " count = usage_denials.count + excluded.count,"
                       " last_at = CASE WHEN excluded.last_at >= usage_denials.last_at"
                       "  THEN excluded.last_at ELSE usage_denials.last_at END"));
    statement.bind(token).bind(std::string_view(denial.verdict)).bind(denial.count);
    return statement.bind(denial.last_at).run();
}

Result<std::int64_t> count_scope_rows(Connection& db, const TokenId& token) {
    Statement rows = TRY(db.prepare("SELECT count(*) FROM usage_scopes WHERE token_id = $1"));
    rows.bind(token);
    TRY(rows.step());
    return rows.integer(0);
}

Result<bool> update_scope(Connection& db, const TokenId& token, std::string_view scope,
                          const ScopeUsage& usage) {
    Statement statement =
        TRY(db.prepare("UPDATE usage_scopes SET uses = uses + $1, last_used_at ="
                       " CASE WHEN $2 >= last_used_at THEN $2 ELSE last_used_at END"
                       " WHERE token_id = $3 AND scope = $4"));
    statement.bind(usage.uses).bind(usage.last_used_at).bind(token).bind(scope);
    TRY(statement.run());
    return db.changes() == 1;
}

Status add_scope(Connection& db, const TokenId& token, const ScopeUsage& usage) {
    std::string_view scope = usage.scope;
    if (TRY(update_scope(db, token, scope, usage))) return {};
    if (TRY(count_scope_rows(db, token)) >= kScopeRowsMax) {
        scope = "*";
        if (TRY(update_scope(db, token, scope, usage))) return {};
    }
    Statement statement =
        TRY(db.prepare("INSERT INTO usage_scopes (token_id, scope, uses, last_used_at)"
                       " VALUES ($1, $2, $3, $4)"));
    statement.bind(token).bind(scope).bind(usage.uses).bind(usage.last_used_at);
    return statement.run();
}

Status add_caller(Connection& db, const UsageDetails& usage, const CallerUsage& caller) {
    Statement statement = TRY(
        db.prepare("INSERT INTO usage_callers (token_id, generation, address, agent, uses,"
                   " last_used_at) VALUES ($1, $2, $3, $4, $5, $6)"
                   " ON CONFLICT (token_id, generation, address, agent) DO UPDATE SET"
                   " uses = usage_callers.uses + excluded.uses,"
                   " last_used_at = CASE WHEN excluded.last_used_at >= usage_callers.last_used_at"
                   "  THEN excluded.last_used_at ELSE usage_callers.last_used_at END"));
    statement.bind(usage.totals.token).bind(std::int64_t{usage.generation});
    statement.bind(std::string_view(caller.address)).bind(std::string_view(caller.agent));
    return statement.bind(caller.uses).bind(caller.last_used_at).run();
}

Status keep_last_callers(Connection& db, const UsageDetails& usage) {
    Statement statement = TRY(db.prepare(
        "DELETE FROM usage_callers WHERE token_id = $1 AND generation = $2 AND last_used_at <"
        " (SELECT last_used_at FROM usage_callers WHERE token_id = $1 AND generation = $2"
        "  ORDER BY last_used_at DESC LIMIT 1 OFFSET $3)"));
    statement.bind(usage.totals.token).bind(std::int64_t{usage.generation});
    return statement.bind(kCallerRowsMax - 1).run();
}

#define LATCHKEY_SECRET_USAGE                                                                 \
    "SELECT generation, sum(uses), sum(denials), max(last_used_at), last_address, last_agent" \
    " FROM usage_days WHERE token_id = $1"

Result<SecretUsage> read_secret_usage(const Statement& row) {
    return SecretUsage{.generation = static_cast<std::uint32_t>(row.integer(0)),
                       .uses = row.integer(1),
                       .denials = row.integer(2),
                       .last_used_at = row.time(3),
                       .last_address = std::string(row.text(4)),
                       .last_agent = std::string(row.text(5))};
}

Status run_for(Connection& db, Sql sql, const TokenId& token, std::int64_t value) {
    Statement statement = TRY(db.prepare(sql));
    return statement.bind(token).bind(value).run();
}

}  // namespace

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

Status add_usage_details(Connection& db, const UsageDetails& usage) {
    TRY(add_day(db, usage));
    for (const DenialUsage& denial : usage.denied) {
        TRY(add_denial(db, usage.totals.token, denial));
    }
    for (const ScopeUsage& scope : usage.scopes) {
        TRY(add_scope(db, usage.totals.token, scope));
    }
    for (const CallerUsage& caller : usage.callers) {
        TRY(add_caller(db, usage, caller));
    }
    return usage.callers.empty() ? Status{} : keep_last_callers(db, usage);
}

Result<std::optional<SecretUsage>> find_secret_usage(Connection& db, const TokenId& token,
                                                     std::uint32_t generation) {
    // With max() alone among the bare columns SQLite takes these from the row of the maximum.
    Statement rows = TRY(db.prepare(LATCHKEY_SECRET_USAGE " AND generation = $2"
                                                          " GROUP BY generation"));
    rows.bind(token).bind(std::int64_t{generation});
    return first<SecretUsage>(rows, read_secret_usage);
}

Result<std::vector<SecretUsage>> secret_usages(Connection& db, const TokenId& token) {
    Statement rows = TRY(db.prepare(LATCHKEY_SECRET_USAGE " GROUP BY generation"
                                                          " ORDER BY generation DESC LIMIT 200"));
    rows.bind(token);
    return collect<SecretUsage>(rows, read_secret_usage);
}

Result<std::vector<DayUsage>> usage_days(Connection& db, const TokenId& token, std::int64_t from) {
    Statement rows =
        TRY(db.prepare("SELECT day, sum(uses), sum(denials) FROM usage_days"
                       " WHERE token_id = $1 AND day >= $2 GROUP BY day ORDER BY day"));
    rows.bind(token).bind(from);
    return collect<DayUsage>(rows, [](const Statement& row) -> Result<DayUsage> {
        return DayUsage{row.integer(0), row.integer(1), row.integer(2)};
    });
}

Result<std::vector<DenialUsage>> usage_denials(Connection& db, const TokenId& token) {
    Statement rows =
        TRY(db.prepare("SELECT verdict, count, last_at FROM usage_denials WHERE token_id = $1"
                       " ORDER BY count DESC, verdict"));
    rows.bind(token);
    return collect<DenialUsage>(rows, [](const Statement& row) -> Result<DenialUsage> {
        return DenialUsage{std::string(row.text(0)), row.integer(1), row.time(2)};
    });
}

Result<std::vector<ScopeUsage>> usage_scopes(Connection& db, const TokenId& token) {
    Statement rows =
        TRY(db.prepare("SELECT scope, uses, last_used_at FROM usage_scopes WHERE token_id = $1"
                       " ORDER BY scope"));
    rows.bind(token);
    return collect<ScopeUsage>(rows, [](const Statement& row) -> Result<ScopeUsage> {
        return ScopeUsage{std::string(row.text(0)), row.integer(1), row.time(2)};
    });
}

Result<std::vector<CallerUsage>> usage_callers(Connection& db, const TokenId& token) {
    Statement rows =
        TRY(db.prepare("SELECT generation, address, agent, uses, last_used_at FROM usage_callers"
                       " WHERE token_id = $1 ORDER BY generation DESC, last_used_at DESC"));
    rows.bind(token);
    return collect<CallerUsage>(rows, [](const Statement& row) -> Result<CallerUsage> {
        return CallerUsage{static_cast<std::uint32_t>(row.integer(0)), std::string(row.text(1)),
                           std::string(row.text(2)), row.integer(3), row.time(4)};
    });
}

Result<std::vector<TokenId>> tokens_with_old_usage(Connection& db, const TokenId& after,
                                                   std::int64_t day) {
    Statement rows =
        TRY(db.prepare("SELECT DISTINCT token_id FROM usage_days WHERE token_id > $1 AND day > 0"
                       " AND day < $2 ORDER BY token_id LIMIT 200"));
    rows.bind(after).bind(day);
    return collect<TokenId>(
        rows, [](const Statement& row) -> Result<TokenId> { return row.id<TokenId>(0); });
}

Status fold_old_usage(Connection& db, const TokenId& token, std::int64_t day) {
    constexpr std::int64_t kDay = 86'400'000'000;
    TRY(run_for(db,
                "INSERT INTO usage_days (token_id, generation, day, uses, denials, last_used_at,"
                " last_address, last_agent) SELECT token_id, generation, 0, sum(uses),"
                " sum(denials), max(last_used_at), last_address, last_agent FROM usage_days"
                " WHERE token_id = $1 AND day > 0 AND day < $2 GROUP BY token_id, generation"
                " ON CONFLICT (token_id, generation, day) DO UPDATE SET"
                " uses = usage_days.uses + excluded.uses,"
                " denials = usage_days.denials + excluded.denials,"
                " last_used_at = excluded.last_used_at, last_address = excluded.last_address,"
                " last_agent = excluded.last_agent",
                token, day));
    TRY(run_for(db, "DELETE FROM usage_days WHERE token_id = $1 AND day > 0 AND day < $2", token,
                day));
    TRY(run_for(db, "DELETE FROM usage_scopes WHERE token_id = $1 AND last_used_at < $2", token,
                day * kDay));
    return run_for(db, "DELETE FROM usage_callers WHERE token_id = $1 AND last_used_at < $2", token,
                   day * kDay);
}

}  // namespace latchkey::store
