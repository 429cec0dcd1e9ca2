#include "cli/text.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include "cli/table.h"

namespace latchkey::cli {
namespace {

TEST(Text, WhatCouldRewriteATerminalBecomesVisible) {
    EXPECT_EQ(harmless("a\x1b[2Jb"), "a\\x1b[2Jb");
    EXPECT_EQ(harmless("a\nb\rc\x7f"), "a\\x0ab\\x0dc\\x7f");
    EXPECT_EQ(harmless("a\u202eb\u2066c"), "a\\u{202e}b\\u{2066}c");
    EXPECT_EQ(harmless("a\u200bb\ufeff"), "a\\u{200b}b\\u{feff}");
    EXPECT_EQ(harmless("\xc2\x9b"), "\\u{9b}");
    EXPECT_EQ(harmless("a\xff\xc3"), "a\\xff\\xc3");
    EXPECT_EQ(harmless("Grüße, 東京"), "Grüße, 東京");
    EXPECT_EQ(harmless_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

TEST(Text, WidthCountsTerminalColumns) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("ü"), 1U);
    EXPECT_EQ(display_width("東京"), 4U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("🚀"), 2U);
}

TEST(Text, CuttingNeverSplitsACharacter) {
    EXPECT_EQ(truncated("abcdef", 6), "abcdef");
    EXPECT_EQ(truncated("abcdefg", 6), "abcde…");
    EXPECT_EQ(truncated("東京都庁", 6), "東京…");
}

TEST(Text, TimesAreLocalAndShort) {
    ASSERT_EQ(setenv("TZ", "UTC0", 1), 0);
    tzset();
    EXPECT_EQ(local_time_or_never("2023-01-10T11:55:00.000Z"), "Jan 10 2023 11:55");
    EXPECT_EQ(local_time_or_never(""), "Never");
    EXPECT_EQ(local_time_or_never("\x1b"), "\\x1b");
}

TEST(Text, CommasSeparateAndSpacesDoNotCount) {
    EXPECT_EQ(split_commas("a, b,,c "), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(split_commas(" , ").empty());
}

Table sample() {
    return {{"ID", "NAME", "DESCRIPTION", "CREATED AT"},
            {{"jyjS3x9S9TgNEVaVaR2P2P", "my-token", "for use in the javascript sdk",
              "Jan 10 2023 11:55"}}};
}

TEST(Table, LooksAsCapePrintsIt) {
    EXPECT_EQ(
        render_table(sample(), kUnlimitedColumns),
        R"(┌────────────────────────┬──────────┬───────────────────────────────┬───────────────────┐
│ ID                     │ NAME     │ DESCRIPTION                   │ CREATED AT        │
├────────────────────────┼──────────┼───────────────────────────────┼───────────────────┤
│ jyjS3x9S9TgNEVaVaR2P2P │ my-token │ for use in the javascript sdk │ Jan 10 2023 11:55 │
└────────────────────────┴──────────┴───────────────────────────────┴───────────────────┘
)");
}

TEST(Table, ANarrowTerminalCutsTheWidestColumnsButNeverTheId) {
    const std::string text = render_table(sample(), 80);
    EXPECT_NE(text.find("│ jyjS3x9S9TgNEVaVaR2P2P │"), std::string::npos);
    EXPECT_NE(text.find("for use in the java…"), std::string::npos) << text;
    EXPECT_EQ(display_width(text.substr(0, text.find('\n'))), 80U);
}

TEST(Table, WhereNothingMoreCanBeCutTheLastColumnsAreLeftOut) {
    for (const std::size_t columns : {79U, 60U, 59U, 48U, 40U, 30U, 26U, 20U, 10U}) {
        const std::string text = render_table(sample(), columns);
        std::size_t start = 0;
        while (start < text.size()) {
            const std::size_t end = text.find('\n', start);
            EXPECT_LE(display_width(text.substr(start, end - start)), columns) << text;
            start = end + 1;
        }
    }
    EXPECT_EQ(render_table(sample(), 40), R"(┌────────────────────────┬──────────┐
│ ID                     │ NAME     │
├────────────────────────┼──────────┤
│ jyjS3x9S9TgNEVaVaR2P2P │ my-token │
└────────────────────────┴──────────┘
)");
    EXPECT_NE(render_table(sample(), 20).find("│ jyjS3x9S9TgNEVa… │"), std::string::npos);
}

TEST(Table, WideAndHostileCellsKeepTheFrameStraight) {
    const Table table{{"ID", "NAME"}, {{"1", "東京"}, {"2", "a\x1b[31m\nb"}}};
    EXPECT_EQ(render_table(table, kUnlimitedColumns), R"(┌────┬────────────────┐
│ ID │ NAME           │
├────┼────────────────┤
│ 1  │ 東京           │
│ 2  │ a\x1b[31m\x0ab │
└────┴────────────────┘
)");
}

TEST(Table, DetailsLeaveOutWhatIsEmpty) {
    EXPECT_EQ(render_details({{"id", "1"}, {"reason", ""}, {"name", "x"}}), "id    1\nname  x\n");
}

}  // namespace
}  // namespace latchkey::cli
