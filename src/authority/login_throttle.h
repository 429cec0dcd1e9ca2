// Slows password guessing without letting a stranger lock the owner out. Three budgets: tries from
// one address, tries on one account from one address, and failures on one account from everywhere;
// the last does not bind an address from which that account has logged in before. Unknown accounts
// are counted like known ones. Bounded memory; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace latchkey::authority {

class LoginThrottle {
public:
    using Address = std::array<std::uint8_t, 16>;

    // 0: go ahead (the try is counted). Otherwise the seconds to wait.
    std::int64_t admit(std::string_view login, const Address& address, Microseconds steady);
    void succeeded(std::string_view login, const Address& address);

private:
    struct Bucket {
        double tokens{0};
        Microseconds filled_at{};
    };
    struct Rule {
        double burst;
        double per_second;
    };

    std::int64_t wait_for(const std::string& key, Rule rule, Microseconds steady) const;
    void take(const std::string& key, Rule rule, Microseconds steady);
    [[nodiscard]] double level(const std::string& key, Rule rule, Microseconds steady) const;

    std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
    Microseconds swept_at_{};
    std::unordered_map<std::string, bool> known_;  // account and address that logged in before
};

}  // namespace latchkey::authority
