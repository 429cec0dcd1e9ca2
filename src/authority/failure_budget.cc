#include "authority/failure_budget.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "crypto/random.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kBuckets = 4096;

std::uint64_t mixed(std::uint64_t value) {
    value ^= value >> 30;
    value *= 0xBF58476D1CE4E5B9ULL;
    value ^= value >> 27;
    value *= 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

}  // namespace

FailureBudget::FailureBudget(FailureRule rule) : rule_(rule), buckets_(kBuckets) {
    for (auto& word : secret_) {
        word = random_below(std::uint64_t{1} << 62);
    }
}

std::size_t FailureBudget::index_of(const Payer& payer) const {
    std::uint64_t network = 0;
    std::uint64_t host = 0;
    std::memcpy(&network, payer.address.data(), sizeof network);
    std::memcpy(&host, payer.address.data() + sizeof network, sizeof host);
    // An IPv6 user has a whole /64: it shares one budget. IPv4 counts whole.
    const bool is_v4 = network == 0;
    std::uint64_t value = mixed(mixed(network ^ secret_[0]) ^ (is_v4 ? host : 0) ^ secret_[1]);
    for (std::size_t at = 0; at < payer.name.size(); at += sizeof value) {
        std::uint64_t word = 0;
        std::memcpy(&word, payer.name.data() + at, std::min(sizeof word, payer.name.size() - at));
        value = mixed(value ^ word ^ secret_[0]);
    }
    return value % kBuckets;
}

double FailureBudget::spent(const Bucket& bucket, Microseconds steady) const {
    const double age = std::chrono::duration<double>(steady - bucket.at).count();
    return std::max(0.0, bucket.spent - age * rule_.per_second);
}

std::int64_t FailureBudget::wait_for(const Payer& payer, Microseconds steady) const {
    const std::lock_guard lock(mutex_);
    const double beyond = spent(buckets_[index_of(payer)], steady) + 1 - rule_.burst;
    if (beyond <= 0) return 0;
    return static_cast<std::int64_t>(std::ceil(beyond / rule_.per_second));
}

void FailureBudget::charge(const Payer& payer, Microseconds steady) {
    const std::lock_guard lock(mutex_);
    Bucket& bucket = buckets_[index_of(payer)];
    bucket = {std::min(spent(bucket, steady) + 1, rule_.burst), steady};
}

}  // namespace latchkey::authority
