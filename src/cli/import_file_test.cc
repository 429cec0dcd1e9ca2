#include "cli/import_file.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace latchkey::cli {
namespace {

std::string digest_of(int i) {
    return hex_encode(as_text(sha256(std::to_string(i))));
}

std::string line_of(int i, const std::string& name = "old") {
    return R"({"digest":")" + digest_of(i) + R"(","name":")" + name + "\"}\n";
}

// "1 2 3 | 4" for two batches, with the lines that their tokens stand in.
std::string batches_of(const std::string& text, std::vector<BadLine>& bad) {
    std::istringstream in(text);
    ImportFile file(in);
    std::string out;
    while (true) {
        const ImportBatch batch = file.next(bad);
        if (batch.lines.empty()) return out;
        EXPECT_EQ(batch.lines.size(), batch.tokens.size());
        EXPECT_LE(to_json(batch.tokens).size(), kImportBatchBytesMax + 2);
        if (!out.empty()) out += "| ";
        for (const auto line : batch.lines) {
            out += std::to_string(line) + " ";
        }
    }
}

std::string refused(const std::string& text) {
    std::vector<BadLine> bad;
    batches_of(text, bad);
    std::string out;
    for (const auto& one : bad) {
        out += std::to_string(one.line) + ":" + one.code + " ";
    }
    return out;
}

TEST(ImportFile, BlankLinesCountAndSayNothing) {
    std::vector<BadLine> bad;
    EXPECT_EQ(batches_of("\n" + line_of(1) + " \t\r\n" + line_of(2), bad), "2 4 ");
    EXPECT_EQ(batches_of("", bad), "");
    EXPECT_EQ(batches_of(line_of(1).substr(0, line_of(1).size() - 1), bad), "1 ");
    EXPECT_TRUE(bad.empty());
}

TEST(ImportFile, ABatchHasAtMostAHundredLinesAndWhatOneRequestCarries) {
    std::string many;
    for (int i = 0; i < 250; ++i)
        many += line_of(i);
    std::vector<BadLine> bad;
    const auto found = batches_of(many, bad);
    EXPECT_EQ(std::count(found.begin(), found.end(), '|'), 2);
    std::string wide;
    for (int i = 0; i < 20; ++i)
        wide += line_of(i, std::string(15'000, 'n'));
    const auto by_size = batches_of(wide, bad);
    EXPECT_EQ(std::count(by_size.begin(), by_size.end(), '|'), 6);
    EXPECT_TRUE(by_size.ends_with("19 20 ")) << by_size;
    EXPECT_TRUE(bad.empty());
}

TEST(ImportFile, WhatCannotBeReadIsNamedByItsLineAndTheRestGoesOn) {
    const auto good = line_of(1);
    EXPECT_EQ(refused("{\n" + good), "1:malformed_json ");
    EXPECT_EQ(refused(good + "{\"digest\":\"\xFF\xFE\"}\n" + line_of(2)), "2:malformed_json ");
    EXPECT_EQ(refused(R"({"digest":"a","digest":"b"})"), "1:malformed_json ");
    EXPECT_EQ(refused("[]\n\"x\"\n7\nnull\n"),
              "1:wrong_type 2:wrong_type 3:wrong_type 4:wrong_type ");
    EXPECT_EQ(refused("{}\n" + std::string(R"({"digest":7})")),
              "1:missing_member 2:missing_member ");
    EXPECT_EQ(refused(std::string(1 << 20, 'x') + "\n" + good), "1:too_large ");
    EXPECT_EQ(refused(std::string(100'000, '[') + "\n" + good), "1:too_large ");
    EXPECT_EQ(refused(std::string(10'000, '[') + "\n" + good), "1:malformed_json ");
}

TEST(ImportFile, ADigestThatStandsTwiceIsToldHoweverItIsWritten) {
    const auto digest = sha256("1");
    const auto twin = R"({"digest":")" + base64_encode(as_text(digest)) + "\"}\n";
    EXPECT_EQ(refused(line_of(1) + line_of(2) + line_of(1)), "3:duplicate_digest ");
    EXPECT_EQ(refused(line_of(1) + twin), "2:duplicate_digest ");
    // What is no digest at all is the server's to tell.
    EXPECT_EQ(refused("{\"digest\":\"zz\"}\n{\"digest\":\"zz\"}\n"), "");
}

}  // namespace
}  // namespace latchkey::cli
