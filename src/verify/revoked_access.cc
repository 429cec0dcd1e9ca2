#include "verify/revoked_access.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace latchkey::verify {
namespace {

// An access token lives an hour, so that one which is revoked now ends within it: what had ended so
// long before its end is over, also on a clock that was set back a little.
constexpr Microseconds kSurelyOver = std::chrono::hours(2);

std::size_t bucket_of(const AccessId& id) {
    // Random bytes: any of them are hash enough.
    return (std::size_t{id.bytes[0]} << 8 | id.bytes[1]) % 4096;
}

}  // namespace

RevokedAccess::~RevokedAccess() {
    for (auto& bucket : buckets_) {
        delete bucket.load();
    }
}

bool RevokedAccess::contains(const AccessId& id) const {
    const Bucket* const bucket = buckets_[bucket_of(id)].load();
    if (bucket == nullptr) return false;
    return std::any_of(bucket->begin(), bucket->end(),
                       [&](const Entry& entry) { return entry.id == id; });
}

void RevokedAccess::add(const AccessFact& fact) {
    auto& place = buckets_[bucket_of(fact.id)];
    const Bucket* const old = place.load();
    auto fresh = std::make_unique<Bucket>();
    if (old != nullptr) {
        fresh->reserve(old->size() + 1);
        for (const Entry& entry : *old) {
            const bool is_over = entry.expires_at + kSurelyOver < fact.expires_at;
            if (!is_over && entry.id != fact.id) fresh->push_back(entry);
        }
    }
    fresh->push_back({fact.id, fact.expires_at});
    size_ += fresh->size();
    size_ -= old == nullptr ? 0 : old->size();
    place.store(fresh.release());
    if (old != nullptr) epochs_.retire([old] { delete old; });
}

std::size_t RevokedAccess::bytes() const {
    return sizeof(*this) + size_.load() * sizeof(Entry);
}

}  // namespace latchkey::verify
