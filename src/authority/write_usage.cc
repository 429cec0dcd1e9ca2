// Usage, as the reactors recorded it, goes into the store: in batches, by maintenance.
#include <algorithm>

#include "authority/maintenance.h"
#include "base/address.h"
#include "store/tables.h"
#include "store/usage.h"

namespace latchkey::authority {

namespace {

// The day up to which old usage is folded.
constexpr std::string_view kFoldedSetting = "usage_folded";
constexpr std::string_view kSinceSetting = "usage_since";

store::UsageRecord totals_of(const verify::Usage& usage) {
    store::UsageRecord record;
    record.token = usage.token;
    record.last_used_at = usage.last_used_at;
    record.last_address = format_address(usage.last_address);
    record.last_agent = usage.last_agent;
    record.uses = usage.uses;
    record.denials = usage.denials;
    return record;
}

store::UsageDetails details_of(const verify::Usage& usage) {
    store::UsageDetails details;
    details.totals = totals_of(usage);
    details.generation = usage.generation;
    details.day = usage.day;
    for (const auto& denial : usage.denied) {
        details.denied.push_back(
            {std::string(verify::verdict_name(denial.verdict)), denial.count, denial.last_at});
    }
    for (const auto& scope : usage.scopes) {
        details.scopes.push_back({scope.scope, scope.uses, scope.last_used_at});
    }
    for (const auto& caller : usage.callers) {
        details.callers.push_back({usage.generation, format_address(caller.address), caller.agent,
                                   caller.uses, caller.last_used_at});
    }
    return details;
}

}  // namespace

Status write_usage(Authority& authority, std::span<const verify::Usage> rows) {
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        for (const verify::Usage& row : rows) {
            const auto details = details_of(row);
            TRY(store::add_usage(tx.connection(), details.totals));
            TRY(store::add_usage_details(tx.connection(), details));
        }
        return {};
    });
}

Status begin_recording(store::Store& store, Timestamp now) {
    const auto known = TRY(store.query<std::optional<std::string>>(
        [](store::Connection& db) { return store::find_setting(db, kSinceSetting); }));
    if (known) return {};
    return store.mutate([&](store::Transaction& tx) {
        return store::put_setting(tx.connection(), kSinceSetting, format_rfc3339(now));
    });
}

Result<Timestamp> recording_since(store::Connection& db) {
    const auto known = TRY(store::find_setting(db, kSinceSetting));
    if (!known) return Error{ErrorCode::kInternal, "nobody wrote down since when usage is kept"};
    return parse_rfc3339(*known);
}

Result<Timestamp> take_uses_known_since(store::Store& store, Timestamp now) {
    std::optional<std::string> since;
    // Urgent: on a full disk too, or the process after this one would believe what is no longer so.
    constexpr bool kIsUrgent = true;
    TRY(store.mutate(
        [&](store::Transaction& tx) -> Status {
            since = TRY(store::find_setting(tx.connection(), store::kUsesKnownSetting));
            return store::delete_setting(tx.connection(), store::kUsesKnownSetting);
        },
        kIsUrgent));
    return since ? parse_rfc3339(*since) : now;
}

Status put_uses_known_since(store::Store& store, Timestamp since) {
    return store.mutate([&](store::Transaction& tx) {
        return store::put_setting(tx.connection(), store::kUsesKnownSetting, format_rfc3339(since));
    });
}

Status fold_usage(Authority& authority) {
    const std::int64_t day = verify::day_of(authority.clock().now()) - store::kUsageDaysKept;
    const std::string done = std::to_string(day);
    TokenId after{};
    while (true) {
        const auto tokens = TRY(authority.store().query<std::vector<TokenId>>(
            [&](store::Connection& db) -> Result<std::vector<TokenId>> {
                if (TRY(store::find_setting(db, kFoldedSetting)) == done) {
                    return std::vector<TokenId>{};
                }
                return store::tokens_with_old_usage(db, after, day);
            }));
        if (tokens.empty()) break;
        TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
            for (const auto& token : tokens) {
                TRY(store::fold_old_usage(tx.connection(), token, day));
            }
            return {};
        }));
        after = tokens.back();
    }
    const auto known = TRY(authority.store().query<std::optional<std::string>>(
        [](store::Connection& db) { return store::find_setting(db, kFoldedSetting); }));
    if (known == done) return {};
    return authority.store().mutate([&](store::Transaction& tx) {
        return store::put_setting(tx.connection(), kFoldedSetting, done);
    });
}

}  // namespace latchkey::authority
