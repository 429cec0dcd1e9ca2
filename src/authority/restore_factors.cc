#include "authority/restore_factors.h"

#include "authority/second_factor.h"
#include "store/tables.h"

namespace latchkey::authority {

Result<std::vector<KnownFactor>> read_factors(store::Connection& db) {
    std::vector<KnownFactor> known;
    for (auto& factor : TRY(store::list_factors(db))) {
        if (!factor.confirmed_at) continue;
        auto codes = TRY(store::list_recovery_codes(db, factor.user));
        known.push_back({std::move(factor), std::move(codes)});
    }
    return known;
}

Status keep_factors(store::Connection& db, const KeyRing& ring,
                    const std::vector<KnownFactor>& factors) {
    TRY(store::delete_expired_invites(db, kEndOfTime));
    for (const auto& known : factors) {
        const bool is_there = TRY(store::find_user(db, known.factor.user)).has_value();
        if (!is_there || !opens(ring, known.factor)) continue;
        TRY(store::put_factor(db, known.factor));
        TRY(store::replace_recovery_codes(db, known.factor.user, known.recovery_codes));
    }
    return {};
}

}  // namespace latchkey::authority
