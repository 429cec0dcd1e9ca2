#include "api/access_token_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace latchkey::api {
namespace {

AccessTokenCache::Entry entry(int number) {
    AccessTokenCache::Entry made;
    made.digest = sha256("token " + std::to_string(number));
    made.facts = sha256("key " + std::to_string(number));
    made.limits.expires_at = Timestamp::from_seconds(number);
    return made;
}

TEST(AccessTokenCache, WhatWasKeptIsFoundUntilTheKeyRingChanges) {
    AccessTokenCache cache;
    EXPECT_EQ(cache.find(entry(1).digest, 7), nullptr);
    cache.keep(entry(1), 7);
    const auto* found = cache.find(entry(1).digest, 7);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->facts, entry(1).facts);
    EXPECT_EQ(found->limits.expires_at, Timestamp::from_seconds(1));
    EXPECT_EQ(cache.find(entry(2).digest, 7), nullptr);
    EXPECT_EQ(cache.find(entry(1).digest, 8), nullptr);
    EXPECT_EQ(cache.find(entry(1).digest, 7), nullptr);
}

TEST(AccessTokenCache, AFloodOfTokensNeitherGrowsItNorMixesThemUp) {
    AccessTokenCache cache;
    int found = 0;
    for (int i = 0; i < 20'000; ++i) {
        cache.keep(entry(i), 1);
    }
    for (int i = 0; i < 20'000; ++i) {
        const auto* kept = cache.find(entry(i).digest, 1);
        if (kept == nullptr) continue;
        ++found;
        ASSERT_EQ(kept->facts, entry(i).facts);
    }
    EXPECT_GT(found, 2'000);
    EXPECT_LE(found, 4'096);
}

}  // namespace
}  // namespace latchkey::api
