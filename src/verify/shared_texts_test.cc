#include "verify/shared_texts.h"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace latchkey::verify {
namespace {

TEST(SharedTexts, ATextIsKeptOnceWhileSomebodyHoldsIt) {
    SharedTexts texts;
    const auto curl = texts.hold("curl/8");
    EXPECT_EQ(texts.hold("curl/8"), curl);
    EXPECT_NE(texts.hold("wget"), curl);
    EXPECT_EQ(texts.size(), 2U);
    texts.release(curl);
    EXPECT_EQ(texts.view(curl), "curl/8") << "somebody else still holds it";
    texts.release(curl);
    EXPECT_EQ(texts.size(), 1U);
    EXPECT_EQ(texts.hold("another"), curl) << "its place is used again";
    EXPECT_EQ(texts.view(curl), "another");
}

TEST(SharedTexts, LongTextsAreCutAndEmptyOnesKept) {
    SharedTexts texts;
    const auto cut = texts.hold(std::string(500, 'x'));
    EXPECT_EQ(texts.view(cut), std::string(SharedTexts::kBytesMax, 'x'));
    EXPECT_EQ(texts.hold(std::string(SharedTexts::kBytesMax, 'x')), cut);
    EXPECT_EQ(texts.view(texts.hold("")), "");
    texts.clear();
    EXPECT_EQ(texts.size(), 0U);
}

// Every text that is held reads as it was given, whatever else comes and goes.
TEST(SharedTexts, WhatIsHeldStaysWhatItIs) {
    SharedTexts texts;
    std::multimap<std::uint32_t, std::string> held;
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        if (held.empty() || random() % 100 < 52) {
            const std::string text = "agent/" + std::to_string(random() % 400);
            held.emplace(texts.hold(text), text);
        } else {
            const auto any = std::next(held.begin(), static_cast<int>(random() % held.size()));
            texts.release(any->first);
            held.erase(any);
        }
    }
    for (const auto& [index, text] : held) {
        EXPECT_EQ(texts.view(index), text);
    }
    EXPECT_LE(texts.size(), held.size());
}

}  // namespace
}  // namespace latchkey::verify
