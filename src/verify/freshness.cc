#include "verify/freshness.h"

namespace latchkey::verify {

void FreshnessBound::prove(Microseconds steady) {
    std::int64_t last = proven_.load();
    while (steady.count() > last && !proven_.compare_exchange_weak(last, steady.count())) {
    }
}

Freshness FreshnessBound::at(Microseconds steady) const {
    if (bound_ == kAlways) return Freshness::kLive;
    const std::int64_t proven = proven_.load();
    if (proven == kUnproven) return Freshness::kStale;
    return steady.count() - proven <= bound_ ? Freshness::kLive : Freshness::kStale;
}

bool may_say(Verdict verdict, Freshness freshness) {
    if (freshness == Freshness::kLive) return true;
    switch (verdict) {
        case Verdict::kMalformed:
        case Verdict::kRevoked:
        case Verdict::kExpired:
        case Verdict::kKeyCompromised: return true;
        case Verdict::kActive:
        case Verdict::kNotYetValid:
        case Verdict::kProofNeeded:
        case Verdict::kProofInvalid:
        case Verdict::kRateLimited:
        case Verdict::kUnknown:
        case Verdict::kSuspended:
        case Verdict::kOwnerDisabled:
        case Verdict::kWrongAudience:
        case Verdict::kAddressNotAllowed:
        case Verdict::kInsufficientScope: return false;
    }
    return false;
}

}  // namespace latchkey::verify
