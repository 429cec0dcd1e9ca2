// Access tokens that were revoked one by one, for as long as they would have lived. A fixed number
// of buckets, each replaced as a whole: one writer, readers inside an epoch. Who is bounded by how
// many a token may have revoked bounds this too.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

#include "verify/epochs.h"
#include "verify/facts.h"

namespace latchkey::verify {

class RevokedAccess {
public:
    explicit RevokedAccess(Epochs& epochs) : epochs_(epochs) {}
    ~RevokedAccess();
    RevokedAccess(const RevokedAccess&) = delete;
    RevokedAccess& operator=(const RevokedAccess&) = delete;

    [[nodiscard]] bool contains(const AccessId& id) const;

    // The writer's. Those that had ended long before this one would go.
    void add(const AccessFact& fact);

    [[nodiscard]] std::size_t size() const { return size_.load(); }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Entry {
        AccessId id;
        Timestamp expires_at;
    };
    using Bucket = std::vector<Entry>;
    static constexpr std::size_t kBuckets = 4096;

    Epochs& epochs_;
    std::array<std::atomic<const Bucket*>, kBuckets> buckets_{};
    std::atomic<std::size_t> size_{0};
};

}  // namespace latchkey::verify
