#include "api/access_token_cache.h"

#include <cstring>
#include <utility>

namespace latchkey::api {
namespace {

constexpr std::size_t kSets = 1024;
constexpr std::size_t kWays = 4;

}  // namespace

std::size_t AccessTokenCache::first_place(const Digest& digest) {
    std::uint32_t head = 0;
    std::memcpy(&head, digest.data(), sizeof head);
    return head % kSets * kWays;
}

void AccessTokenCache::forget_older(std::uint64_t version) {
    if (version == version_ && !entries_.empty()) return;
    entries_.assign(kSets * kWays, Entry{});
    version_ = version;
}

const AccessTokenCache::Entry* AccessTokenCache::find(const Digest& digest, std::uint64_t version) {
    forget_older(version);
    const std::size_t first = first_place(digest);
    for (std::size_t i = first; i < first + kWays; ++i) {
        if (entries_[i].is_used && equal_in_constant_time(entries_[i].digest, digest)) {
            return &entries_[i];
        }
    }
    return nullptr;
}

const AccessTokenCache::Entry& AccessTokenCache::keep(Entry entry, std::uint64_t version) {
    forget_older(version);
    const std::size_t first = first_place(entry.digest);
    std::size_t place = first + next_victim_++ % kWays;
    for (std::size_t i = first; i < first + kWays; ++i) {
        if (!entries_[i].is_used) place = i;
    }
    entry.is_used = true;
    entries_[place] = std::move(entry);
    return entries_[place];
}

}  // namespace latchkey::api
