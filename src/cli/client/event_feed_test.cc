#include "cli/client/event_feed.h"

#include <vector>

#include <gtest/gtest.h>

namespace latchkey::cli {
namespace {

class EventFeedTest : public ::testing::Test {
protected:
    EventFeed feed_{
        {[this](const json::object& event) { types_.emplace_back(event.at("type").as_string()); },
         [this](std::uint64_t epoch) { resets_.push_back(epoch); }}};
    std::vector<std::string> types_;
    std::vector<std::uint64_t> resets_;
};

std::string change(int from, int to, const std::string& type) {
    return "id: 1." + std::to_string(to) +
           "\nevent: change\ndata: {\"from\":" + std::to_string(from) +
           ",\"to\":" + std::to_string(to) + ",\"event\":{\"type\":\"" + type + "\"}}\n\n";
}

TEST_F(EventFeedTest, FramesMayArriveByteByByteAndHeadsShowNothing) {
    const std::string text =
        ": a comment\n\nid: 1.5\r\nevent: head\r\ndata: {\"from\":6,\"to\":5}\n\n" +
        change(6, 8, "token.created");
    for (const char byte : text) {
        ASSERT_TRUE(feed_.take(std::string_view(&byte, 1)));
    }
    EXPECT_EQ(types_, std::vector<std::string>{"token.created"});
    EXPECT_EQ(feed_.position(), "1.8");
}

TEST_F(EventFeedTest, AGapIsNoticedAndTheRestNotShown) {
    ASSERT_TRUE(feed_.take(change(1, 3, "first")));
    const auto taken = feed_.take(change(5, 5, "second"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().reason, "event_gap");
    EXPECT_EQ(types_.size(), 1U);
    EXPECT_EQ(feed_.position(), "1.3") << "the next connection begins there";
}

TEST_F(EventFeedTest, ATornFrameIsReadAgainAfterAReconnect) {
    ASSERT_TRUE(feed_.take(change(1, 1, "first") + "id: 1.2\nevent: cha"));
    feed_.reconnect();
    ASSERT_TRUE(feed_.take(change(2, 2, "second")));
    EXPECT_EQ(types_.size(), 2U);
}

TEST_F(EventFeedTest, AResetBeginsAnew) {
    ASSERT_TRUE(feed_.take(change(1, 9, "first")));
    ASSERT_TRUE(feed_.take("id: 2.4\nevent: reset\ndata: {\"epoch\":2,\"revision\":4}\n\n"));
    ASSERT_TRUE(feed_.take(change(5, 5, "second")));
    EXPECT_EQ(resets_, std::vector<std::uint64_t>{2});
    EXPECT_EQ(types_.size(), 2U);
}

TEST_F(EventFeedTest, WhatIsNoJsonIsNoEvent) {
    const auto taken = feed_.take("event: change\ndata: nonsense\n\n");
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().reason, "bad_stream");
}

}  // namespace
}  // namespace latchkey::cli
