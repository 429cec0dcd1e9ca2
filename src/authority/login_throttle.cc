#include "authority/login_throttle.h"

#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kBucketsMax = 100'000;
constexpr std::size_t kKnownMax = 100'000;

// An IPv6 user has a whole /64: they share one budget. IPv4 counts whole.
std::string network_of(const LoginThrottle::Address& address) {
    const bool is_v4 = std::all_of(address.begin(), address.begin() + 10,
                                   [](std::uint8_t byte) { return byte == 0; });
    return std::string(as_text(address).substr(0, is_v4 ? 16 : 8));
}

// Logins are the caller's text: digested, so that a long one costs no memory.
std::string account_key(std::string_view login) {
    const Digest digest = sha256(login);
    return std::string(as_text(digest).substr(0, 16));
}

}  // namespace

double LoginThrottle::level(const std::string& key, Rule rule, Microseconds steady) const {
    const auto found = buckets_.find(key);
    if (found == buckets_.end()) return rule.burst;
    const double age = std::chrono::duration<double>(steady - found->second.filled_at).count();
    return std::min(rule.burst, found->second.tokens + age * rule.per_second);
}

std::int64_t LoginThrottle::wait_for(const std::string& key, Rule rule, Microseconds steady) const {
    const double have = level(key, rule, steady);
    if (have >= 1) return 0;
    return static_cast<std::int64_t>(std::ceil((1 - have) / rule.per_second));
}

void LoginThrottle::take(const std::string& key, Rule rule, Microseconds steady) {
    const double have = level(key, rule, steady);
    buckets_[key] = Bucket{have - 1, steady};
}

std::int64_t LoginThrottle::admit(std::string_view login, const Address& address,
                                  Microseconds steady) {
    constexpr Rule kPerAddress{20, 20.0 / 60};
    constexpr Rule kPerPair{5, 5.0 / 60};
    constexpr Rule kPerAccount{30, 30.0 / 600};
    const std::lock_guard lock(mutex_);
    const std::string network = network_of(address);
    const std::string account = account_key(login);
    const std::string pair = account + network;
    std::int64_t wait = std::max(wait_for("a" + network, kPerAddress, steady),
                                 wait_for("p" + pair, kPerPair, steady));
    const bool is_known = known_.contains(pair);
    if (!is_known) wait = std::max(wait, wait_for("l" + account, kPerAccount, steady));
    if (wait > 0) return wait;
    // Full buckets are the same as no bucket: forgetting some is safe for who waits least.
    // At most once a minute: looking through all of them for every try would be a flood's best
    // help.
    if (buckets_.size() > kBucketsMax && steady - swept_at_ >= std::chrono::minutes(1)) {
        swept_at_ = steady;
        std::erase_if(buckets_, [&](const auto& item) {
            return steady - item.second.filled_at > std::chrono::minutes(10);
        });
    }
    // Who logged in from here before is not shut out by a flood of others.
    if (buckets_.size() > kBucketsMax && !is_known) return 1;
    take("a" + network, kPerAddress, steady);
    take("p" + pair, kPerPair, steady);
    if (!is_known) take("l" + account, kPerAccount, steady);
    return 0;
}

void LoginThrottle::succeeded(std::string_view login, const Address& address) {
    const std::lock_guard lock(mutex_);
    const std::string pair = account_key(login) + network_of(address);
    buckets_.erase("p" + pair);
    if (known_.size() < kKnownMax) known_[pair] = true;
}

}  // namespace latchkey::authority
