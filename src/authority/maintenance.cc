#include "authority/maintenance.h"

#include <algorithm>

#include "base/address.h"

namespace latchkey::authority {

namespace {

// So many rows a mutation that a revocation behind it in the queue waits for milliseconds.
constexpr std::size_t kUsageRowsMax = 500;

store::UsageRecord record_of(const verify::Usage& usage) {
    store::UsageRecord record;
    record.token = usage.token;
    record.last_used_at = usage.last_used_at;
    record.last_address = format_address(usage.last_address);
    record.last_agent = usage.last_agent;
    record.uses = usage.uses;
    record.denials = usage.denials;
    return record;
}

}  // namespace

Status write_usage(Authority& authority, const std::vector<verify::Usage>& batch) {
    for (std::size_t from = 0; from < batch.size(); from += kUsageRowsMax) {
        const std::size_t to = std::min(batch.size(), from + kUsageRowsMax);
        TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
            for (std::size_t i = from; i < to; ++i) {
                TRY(store::add_usage(tx.connection(), record_of(batch[i])));
            }
            return {};
        }));
    }
    return {};
}

Status write_sessions(Authority& authority) {
    const auto touched = authority.sessions().take_touched();
    if (touched.empty()) return {};
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        for (const auto& session : touched) {
            const auto done = store::touch_session(tx.connection(), session.id,
                                                   session.last_seen_at, session.expires_at);
            // One that was ended meanwhile must not keep the others from being written.
            if (!done && done.error().code != ErrorCode::kNotFound) return done;
        }
        return {};
    });
}

Status tidy_up(Authority& authority) {
    TRY(authority.store().mutate([](store::Transaction& tx) -> Status {
        TRY(store::delete_expired_sessions(tx.connection(), tx.now()));
        TRY(store::delete_expired_assertions(tx.connection(), tx.now()));
        return store::delete_expired_idempotency(tx.connection(), tx.now());
    }));
    TRY(authority.store().mutate([](store::Transaction& tx) { return retire_unneeded_keys(tx); }));
    return authority.choose_status_list();
}

}  // namespace latchkey::authority
