#include "dialects/cryptlex/address_rate.h"

namespace latchkey::dialects::cryptlex {
namespace {

constexpr Microseconds kPeriod = std::chrono::seconds(kPeriodSeconds);
// In one period. Who comes after so many goes uncounted.
constexpr std::size_t kAddressesMax = 65'536;

std::int64_t period_of(Microseconds steady) {
    return steady / kPeriod;
}

AddressRate::State state_of(std::uint32_t taken, Microseconds steady) {
    AddressRate::State state;
    state.is_allowed = taken <= kRequestsMax;
    state.remaining = state.is_allowed ? kRequestsMax - taken : 0;
    state.until_reset = kPeriod - steady % kPeriod;
    return state;
}

}  // namespace

AddressRate::State AddressRate::take(const Address& address, Microseconds steady) {
    const std::lock_guard lock(mutex_);
    if (period_ != period_of(steady)) {
        period_ = period_of(steady);
        taken_.clear();
    }
    if (taken_.size() >= kAddressesMax && !taken_.contains(address)) return state_of(1, steady);
    return state_of(++taken_[address], steady);
}

AddressRate::State AddressRate::look(const Address& address, Microseconds steady) const {
    const std::lock_guard lock(mutex_);
    if (period_ != period_of(steady)) return state_of(0, steady);
    const auto found = taken_.find(address);
    return state_of(found == taken_.end() ? 0 : found->second, steady);
}

}  // namespace latchkey::dialects::cryptlex
