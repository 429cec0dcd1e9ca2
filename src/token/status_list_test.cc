#include "token/status_list.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/encoding.h"
#include "support/vectors.h"

namespace latchkey {
namespace {

TEST(StatusList, DraftVectorsUnpackToTheirEntries) {
    const json::value file = testing::read_vectors("status-list/status_list_vectors.json");
    int lists = 0;
    for (const auto& vector : file.at("vectors").as_array()) {
        const auto bits = static_cast<unsigned>(vector.at("bits").as_int64());
        const auto size = static_cast<std::size_t>(vector.at("size").as_int64());
        const auto list =
            StatusList::decompress(vector.at("lst").as_string(), bits, size * bits / 8);
        ASSERT_TRUE(list.has_value()) << bits << list.error().message;
        EXPECT_EQ(list->size(), size);
        const json::object& expected = vector.at("status").as_object();
        const auto wanted = std::count_if(expected.begin(), expected.end(), [](const auto& entry) {
            return entry.value().as_int64() != 0;
        });
        std::ptrdiff_t set = 0;
        for (std::size_t index = 0; index < size; ++index) {
            if (*list->get(index) != 0) ++set;
        }
        EXPECT_EQ(set, wanted);
        StatusList ours(bits, size);
        for (const auto& [index, status] : expected) {
            const auto at = static_cast<std::size_t>(std::stoull(std::string(index)));
            EXPECT_EQ(*list->get(at), status.as_int64()) << bits << ' ' << at;
            ours.set(at, static_cast<std::uint8_t>(status.as_int64()));
        }
        const auto again = StatusList::decompress(ours.compress(), bits, size * bits / 8);
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(again->get(1993), list->get(1993));
        EXPECT_FALSE(StatusList::decompress(vector.at("lst").as_string(), bits, size * bits / 8 - 1)
                         .has_value());
        ++lists;
    }
    EXPECT_EQ(lists, 4);
    std::printf("status lists of the draft: %d\n", lists);
}

TEST(StatusList, EntriesArePackedFromTheLeastSignificantBit) {
    // The draft's first example: 16 one-bit entries are the bytes B9 A3.
    StatusList list(1, 16);
    for (const std::size_t index : {0U, 3U, 4U, 5U, 7U, 8U, 9U, 13U, 15U}) {
        list.set(index, 1);
    }
    EXPECT_EQ(list.compress(), "eNrbuRgAAhcBXQ");
}

TEST(StatusList, RemembersWhatWasSetWhateverTheWidth) {
    EXPECT_TRUE(rc::check([] {
        const auto bits = *rc::gen::element(1U, 2U, 4U, 8U);
        const auto values =
            *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
        StatusList list(bits, values.size());
        const auto mask = static_cast<std::uint8_t>((1U << bits) - 1);
        for (std::size_t i = 0; i < values.size(); ++i) {
            list.set(i, 0xFF & mask);
            list.set(i, values[i] & mask);
        }
        const auto again = StatusList::decompress(list.compress(), bits, values.size() + 1);
        RC_ASSERT(again.has_value());
        for (std::size_t i = 0; i < values.size(); ++i) {
            RC_ASSERT(again->get(i) == static_cast<std::uint8_t>(values[i] & mask));
        }
    }));
}

TEST(StatusList, OutsideIsNothingToReadAndAMistakeToWrite) {
    StatusList list(2, 5);
    EXPECT_EQ(list.size(), 8U);
    EXPECT_FALSE(list.get(8).has_value());
    EXPECT_FALSE(list.get(std::size_t(-1)).has_value());
    EXPECT_THROW(list.set(8, 0), std::logic_error);
    EXPECT_THROW(list.set(0, 4), std::logic_error);
    EXPECT_THROW(StatusList(3, 8), std::logic_error);
    list.set(7, 3);
    list.grow(9);
    EXPECT_EQ(list.size(), 12U);
    EXPECT_EQ(list.get(7), 3);
    EXPECT_EQ(list.get(8), 0);
    list.grow(1);
    EXPECT_EQ(list.size(), 12U);
}

TEST(StatusList, ABombIsCutOff) {
    const std::string bomb = StatusList(8, 50'000'000).compress();
    EXPECT_LT(bomb.size(), 100'000U);
    const auto list = StatusList::decompress(bomb, 8, 100'000);
    ASSERT_FALSE(list.has_value());
    EXPECT_EQ(list.error().reason, "bad_status_list");
}

TEST(StatusList, WhatIsNoListIsRefused) {
    const std::string good = StatusList(1, 800).compress();
    EXPECT_TRUE(StatusList::decompress(good, 1, 100).has_value());
    EXPECT_FALSE(StatusList::decompress("", 1, 100).has_value());
    EXPECT_FALSE(StatusList::decompress("A", 1, 100).has_value());
    EXPECT_FALSE(StatusList::decompress("AAAA", 1, 100).has_value());
    EXPECT_FALSE(StatusList::decompress(good + "=", 1, 100).has_value());
    EXPECT_FALSE(StatusList::decompress(good, 3, 100).has_value());
    const std::string packed = *base64url_decode(good);
    EXPECT_FALSE(StatusList::decompress(base64url_encode(packed + "x"), 1, 100).has_value());
    EXPECT_FALSE(
        StatusList::decompress(base64url_encode(packed.substr(0, packed.size() - 1)), 1, 100)
            .has_value());
}

TEST(StatusListClaims, SurviveTheirJson) {
    StatusList list(2, 1000);
    list.set(17, 1);
    const StatusListInfo info{"https://t.example", "https://t.example/status/1",
                              Timestamp::from_seconds(1000), Timestamp::from_seconds(2000), 300};
    const auto claims = status_list_claims(info, list);
    EXPECT_EQ(claims.size(), 6U);
    const auto parsed = parse_status_list_claims(claims, 1000);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->info.uri, info.uri);
    EXPECT_EQ(parsed->info.issuer, info.issuer);
    EXPECT_EQ(parsed->info.issued_at, info.issued_at);
    EXPECT_EQ(parsed->info.expires_at, info.expires_at);
    EXPECT_EQ(parsed->info.ttl_seconds, 300);
    EXPECT_EQ(parsed->list.get(17), 1);
    const auto bare =
        status_list_claims({"", "u", Timestamp::from_seconds(1), std::nullopt, 0}, list);
    EXPECT_EQ(bare.size(), 3U);
    EXPECT_TRUE(parse_status_list_claims(bare, 1000).has_value());
}

TEST(StatusListClaims, OfAnotherFormAreRefused) {
    const auto good = status_list_claims(
        {"i", "u", Timestamp::from_seconds(1), Timestamp::from_seconds(2), 3}, StatusList(2, 8));
    struct Case {
        const char* member;
        const char* value;
    };
    for (const Case& each :
         {Case{"sub", "1"}, Case{"iat", "1.5"}, Case{"iat", "-1"}, Case{"exp", "\"1\""},
          Case{"ttl", "0"}, Case{"ttl", "-5"}, Case{"status_list", "[]"},
          Case{"status_list", "{\"bits\":2}"}, Case{"status_list", "{\"bits\":3,\"lst\":\"\"}"},
          Case{"status_list", "{\"lst\":\"\"}"}}) {
        json::object claims = good;
        claims[each.member] = *parse_json(each.value);
        EXPECT_FALSE(parse_status_list_claims(claims, 1000).has_value())
            << each.member << each.value;
    }
    EXPECT_FALSE(parse_status_list_claims(good, 1).has_value());
}

}  // namespace
}  // namespace latchkey
