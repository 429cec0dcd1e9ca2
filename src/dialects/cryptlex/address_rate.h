// 50 requests in five seconds from one address, as Cryptlex has it. A courtesy that its clients
// read from the header, and no guard: logins and wrong credentials have budgets of their own.
// Bounded, thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/address.h"
#include "base/clock.h"

namespace latchkey::dialects::cryptlex {

inline constexpr std::uint32_t kRequestsMax = 50;
inline constexpr std::int64_t kPeriodSeconds = 5;

class AddressRate {
public:
    struct State {
        bool is_allowed{true};
        std::uint32_t remaining{0};
        Microseconds until_reset{};
    };
    // Counts a request.
    State take(const Address& address, Microseconds steady);
    [[nodiscard]] State look(const Address& address, Microseconds steady) const;

private:
    mutable std::mutex mutex_;
    std::int64_t period_{0};
    std::map<Address, std::uint32_t> taken_;  // in this period
};

}  // namespace latchkey::dialects::cryptlex
