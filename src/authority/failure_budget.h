// How many wrong signatures an address may have checked: a signature costs us a hundred times what
// it costs to forge one. Only failures are counted, so that who presents good ones never waits. A
// fixed table: addresses that fall into one bucket share it, and a secret decides which do.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace latchkey::authority {

struct FailureRule {
    double burst;       // failures at once
    double per_second;  // forgotten so fast
};

// Thread-safe.
class FailureBudget {
public:
    using Address = std::array<std::uint8_t, 16>;

    explicit FailureBudget(FailureRule rule);
    // 0: go ahead. Otherwise the seconds to wait.
    [[nodiscard]] std::int64_t wait_for(const Address& address, Microseconds steady) const;
    void charge(const Address& address, Microseconds steady);

private:
    struct Bucket {
        double spent{0};
        Microseconds at{};
    };
    [[nodiscard]] std::size_t index_of(const Address& address) const;
    [[nodiscard]] double spent(const Bucket& bucket, Microseconds steady) const;

    FailureRule rule_;
    std::array<std::uint64_t, 2> secret_{};
    mutable std::mutex mutex_;
    std::vector<Bucket> buckets_;
};

}  // namespace latchkey::authority
