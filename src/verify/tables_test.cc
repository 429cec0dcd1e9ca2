// The replica's building blocks: epochs, indexes, interned sets, status lists.
#include <gtest/gtest.h>

#include "verify/epochs.h"
#include "verify/index_table.h"
#include "verify/status_bits.h"
#include "verify/string_sets.h"

namespace latchkey::verify {
namespace {

TEST(Epochs, FreeOnlyWhatEveryReaderInsideCameAfter) {
    Epochs epochs;
    const std::size_t early = epochs.claim();
    const std::size_t late = epochs.claim();
    ASSERT_NE(early, late);
    int freed = 0;
    epochs.enter(early);
    epochs.retire([&] { ++freed; });
    epochs.advance();
    epochs.enter(late);  // after it was retired: cannot hold it
    EXPECT_EQ(freed, 0);
    epochs.leave(early);
    epochs.retire([&] { freed += 10; });
    epochs.advance();
    EXPECT_EQ(freed, 1);
    EXPECT_EQ(epochs.retired(), 1U);
    epochs.leave(late);
    epochs.advance();
    EXPECT_EQ(freed, 11);
}

TEST(Epochs, GiveASlotAgainOnceItIsReleased) {
    Epochs epochs;
    for (std::size_t i = 0; i < Epochs::kReadersMax; ++i) {
        EXPECT_EQ(epochs.claim(), i);
    }
    EXPECT_ANY_THROW(epochs.claim());
    epochs.release(7);
    EXPECT_EQ(epochs.claim(), 7U);
}

TEST(IndexTable, FindsEveryEntryWhileItGrows) {
    Epochs epochs;
    IndexTable table(epochs);
    const auto hash = [](std::uint32_t n) { return n * 2654435761U; };
    const auto find = [&](std::uint32_t n) {
        return table.find(hash(n), [&](std::uint32_t slot) { return slot == n; });
    };
    for (std::uint32_t n = 0; n < 5000; ++n) {
        EXPECT_EQ(find(n), IndexTable::kNone);
        table.insert(hash(n), n);
        if (n % 97 == 0) {
            EXPECT_EQ(find(n / 2), n / 2);
        }
    }
    for (std::uint32_t n = 0; n < 5000; ++n) {
        ASSERT_EQ(find(n), n);
    }
    EXPECT_EQ(table.bytes(), 8192U * 8);
    epochs.drain();
}

TEST(IndexTable, KeepsEntriesThatShareAHashApart) {
    Epochs epochs;
    IndexTable table(epochs);
    for (std::uint32_t n = 0; n < 200; ++n) {
        table.insert(0xFFFF'FFFF, n);  // all at the very end: probing wraps around
    }
    for (std::uint32_t n = 0; n < 200; ++n) {
        EXPECT_EQ(table.find(0xFFFF'FFFF, [&](std::uint32_t slot) { return slot == n; }), n);
    }
    EXPECT_EQ(table.find(0xFFFF'FFFF, [](std::uint32_t) { return false; }), IndexTable::kNone);
    EXPECT_EQ(table.find(0, [](std::uint32_t) { return true; }), IndexTable::kNone);
    epochs.drain();
}

TEST(IndexTable, RedirectsExactlyOneEntry) {
    Epochs epochs;
    IndexTable table(epochs);
    table.insert(5, 1);
    table.insert(5, 2);
    table.redirect(5, 1, 3);
    EXPECT_EQ(table.find(5, [](std::uint32_t slot) { return slot == 1; }), IndexTable::kNone);
    EXPECT_EQ(table.find(5, [](std::uint32_t slot) { return slot == 3; }), 3U);
    EXPECT_EQ(table.find(5, [](std::uint32_t slot) { return slot == 2; }), 2U);
    EXPECT_ANY_THROW(table.redirect(5, 1, 4));
}

TEST(StringSets, KeepEqualListsOnce) {
    Epochs epochs;
    StringSets sets(epochs);
    const auto a = sets.intern({"a:x", "b:y"});
    EXPECT_EQ(sets.intern({"a:x", "b:y"}), a);
    EXPECT_NE(sets.intern({"a:x"}), a);
    EXPECT_NE(sets.intern({}), 0U);
    EXPECT_EQ(sets.at(a).text, "a:x b:y");
    EXPECT_EQ(sets.size(), 3U);
    epochs.drain();
}

TEST(StringSets, ForgetAListAfterItsLastUser) {
    Epochs epochs;
    StringSets sets(epochs);
    const auto a = sets.intern({"a:x"});
    sets.retain(a);
    const std::size_t reader = epochs.claim();
    epochs.enter(reader);
    sets.release(a);
    EXPECT_EQ(sets.size(), 1U);
    sets.release(a);
    EXPECT_EQ(sets.size(), 0U);
    epochs.advance();
    EXPECT_EQ(sets.at(a).text, "a:x");  // a reader is still inside
    EXPECT_NE(sets.intern({"a:x"}), a);
    const std::size_t bytes = sets.bytes();
    epochs.leave(reader);
    epochs.advance();
    EXPECT_LT(sets.bytes(), bytes);
    EXPECT_EQ(sets.intern({"c:z"}), a);  // the number is free again
    epochs.drain();
}

TEST(StatusBits, PackTwoBitsAnEntryFromTheLowestOn) {
    StatusBits bits;
    EXPECT_EQ(bits.copy(0), "");
    EXPECT_EQ(bits.version(0), 0U);
    bits.set(0, TokenStatus::kRevoked);
    bits.set(1, TokenStatus::kSuspended);
    bits.set(3, TokenStatus::kAsk);
    bits.set((1 << 20) - 1, TokenStatus::kAsk);
    const std::string list = bits.copy(0);
    ASSERT_EQ(list.size(), 262'144U);
    EXPECT_EQ(list[0], static_cast<char>(0b1100'1001));
    EXPECT_EQ(list[1], 0);
    EXPECT_EQ(list.back(), static_cast<char>(0b1100'0000));
    bits.set(3, TokenStatus::kValid);
    EXPECT_EQ(bits.copy(0)[0], static_cast<char>(0b0000'1001));
    EXPECT_EQ(bits.copy(1), "");
    EXPECT_EQ(bits.copy(StatusBits::kListsMax), "");
}

TEST(StatusBits, GrowTheirVersionOnlyWhenSomethingChanges) {
    StatusBits bits;
    bits.set(7, TokenStatus::kRevoked);
    const auto version = bits.version(0);
    bits.set(7, TokenStatus::kRevoked);
    EXPECT_EQ(bits.version(0), version);
    bits.set(7, TokenStatus::kValid);
    EXPECT_GT(bits.version(0), version);
    EXPECT_ANY_THROW(bits.set(StatusBits::kIndexMax + 1, TokenStatus::kValid));
}

}  // namespace
}  // namespace latchkey::verify
