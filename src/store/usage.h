// Usage in detail: per day and generation, why a token was denied, which scopes it was asked for,
// and who still calls with a secret that is being replaced. Totals are in tables.h. All of it is
// written by maintenance, in batches, and none of it is an event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

struct ScopeUsage {
    std::string scope;  // empty: uses that named none; "*": too many to tell apart
    std::int64_t uses{0};
    Timestamp last_used_at;
};
struct CallerUsage {
    std::uint32_t generation{1};
    std::string address;
    std::string agent;
    std::int64_t uses{0};
    Timestamp last_used_at;
};
struct DenialUsage {
    std::string verdict;
    std::int64_t count{0};
    Timestamp last_at;
};

// What was recorded since the last flush, for one generation on one day; adds up with what is
// stored.
struct UsageDetails {
    UsageRecord totals;
    std::uint32_t generation{1};
    std::int64_t day{0};  // whole days since 1970, UTC
    std::vector<DenialUsage> denied;
    std::vector<ScopeUsage> scopes;
    std::vector<CallerUsage> callers;
};
Status add_usage_details(Connection& db, const UsageDetails& usage);

struct SecretUsage {
    std::uint32_t generation{1};
    std::int64_t uses{0};
    std::int64_t denials{0};
    Timestamp last_used_at;
    std::string last_address;
    std::string last_agent;
};
// Of one generation; nothing: it was never used.
Result<std::optional<SecretUsage>> find_secret_usage(Connection& db, const TokenId& token,
                                                     std::uint32_t generation);
Result<std::vector<SecretUsage>> secret_usages(Connection& db, const TokenId& token);

struct DayUsage {
    std::int64_t day{0};
    std::int64_t uses{0};
    std::int64_t denials{0};
};
// From `from` on, in their order; days without a use have no row.
Result<std::vector<DayUsage>> usage_days(Connection& db, const TokenId& token, std::int64_t from);
Result<std::vector<DenialUsage>> usage_denials(Connection& db, const TokenId& token);
Result<std::vector<ScopeUsage>> usage_scopes(Connection& db, const TokenId& token);
Result<std::vector<CallerUsage>> usage_callers(Connection& db, const TokenId& token);

inline constexpr std::int64_t kUsageDaysKept = 400;
// Up to 200 tokens above `after` with days before `day`. Reads every row: for a reader, once a day.
Result<std::vector<TokenId>> tokens_with_old_usage(Connection& db, const TokenId& after,
                                                   std::int64_t day);
// Its days before `day` become one row a generation, so that sums stay right; scopes and callers
// not seen since go.
Status fold_old_usage(Connection& db, const TokenId& token, std::int64_t day);

}  // namespace latchkey::store
