#include "authority/maintenance.h"

#include "base/address.h"

namespace latchkey::authority {

Status write_usage(Authority& authority, const std::vector<verify::Usage>& batch) {
    if (batch.empty()) return {};
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        for (const auto& usage : batch) {
            store::UsageRecord record;
            record.token = usage.token;
            record.last_used_at = usage.last_used_at;
            record.last_address = format_address(usage.last_address);
            record.last_agent = usage.last_agent;
            record.uses = usage.uses;
            record.denials = usage.denials;
            TRY(store::add_usage(tx.connection(), record));
        }
        return {};
    });
}

Status write_sessions(Authority& authority) {
    const auto touched = authority.sessions().take_touched();
    if (touched.empty()) return {};
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        for (const auto& session : touched) {
            TRY(store::touch_session(tx.connection(), session.id, session.last_seen_at,
                                     session.expires_at));
        }
        return {};
    });
}

Status tidy_up(Authority& authority) {
    TRY(authority.store().mutate([](store::Transaction& tx) -> Status {
        TRY(store::delete_expired_sessions(tx.connection(), tx.now()));
        return store::delete_expired_idempotency(tx.connection(), tx.now());
    }));
    TRY(authority.store().mutate([](store::Transaction& tx) { return retire_unneeded_keys(tx); }));
    return authority.choose_status_list();
}

}  // namespace latchkey::authority
