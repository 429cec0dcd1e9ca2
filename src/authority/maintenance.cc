#include "authority/maintenance.h"

#include "store/factors.h"

namespace latchkey::authority {

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
        TRY(store::delete_expired_invites(tx.connection(), tx.now()));
        TRY(store::delete_expired_assertions(tx.connection(), tx.now()));
        TRY(store::delete_expired_revoked_access(tx.connection(), tx.now()));
        TRY(store::delete_expired_device_codes(tx.connection(), tx.now()));
        return store::delete_expired_idempotency(tx.connection(), tx.now());
    }));
    TRY(authority.store().mutate([](store::Transaction& tx) { return retire_unneeded_keys(tx); }));
    TRY(fold_usage(authority));
    return authority.choose_status_list();
}

}  // namespace latchkey::authority
