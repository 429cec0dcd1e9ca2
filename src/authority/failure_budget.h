// How many wrong signatures an address may have checked in one name: a signature costs us a hundred
// times what it costs to forge one. Only failures are counted, so that who presents good ones never
// waits; and each name apart, so that who forges one stops nobody else behind the same proxy. A
// fixed table: those that fall into one bucket share it, and a secret decides which do.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
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
    // Whose signature is checked: every byte of the name counts, so hand in its one true form.
    struct Payer {
        Address address{};
        std::string_view name;
    };
    // 0: go ahead. Otherwise the seconds to wait.
    [[nodiscard]] std::int64_t wait_for(const Payer& payer, Microseconds steady) const;
    void charge(const Payer& payer, Microseconds steady);

private:
    struct Bucket {
        double spent{0};
        Microseconds at{};
    };
    [[nodiscard]] std::size_t index_of(const Payer& payer) const;
    [[nodiscard]] double spent(const Bucket& bucket, Microseconds steady) const;

    FailureRule rule_;
    std::array<std::uint64_t, 2> secret_{};
    mutable std::mutex mutex_;
    std::vector<Bucket> buckets_;
};

}  // namespace latchkey::authority
