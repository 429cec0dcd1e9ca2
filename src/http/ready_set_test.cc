#include "http/ready_set.h"

#include <array>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/file.h"

namespace latchkey::http {
namespace {

class Counting final : public ReadySet::Member {
public:
    void on_events(std::uint32_t events) override {
        ++told;
        last = events;
    }
    int told{0};
    std::uint32_t last{0};
};

class Ready : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        ours_ = FileDescriptor{ends[0]};
        theirs_ = FileDescriptor{ends[1]};
        set_.start();
        io_.poll();
    }
    bool change(std::uint32_t before, std::uint32_t after) {
        return set_.change(ours_.get(), member_, before, after);
    }
    void write() { ASSERT_EQ(::send(theirs_.get(), "x", 1, MSG_NOSIGNAL), 1); }

    asio::io_context io_{1};
    int rounds_{0};
    ReadySet set_{io_, [this] { ++rounds_; }};
    Counting member_;
    FileDescriptor ours_;
    FileDescriptor theirs_;
};

TEST_F(Ready, WhatWasNotReadIsToldAgain) {
    ASSERT_TRUE(change(0, EPOLLIN));
    io_.poll_one();
    EXPECT_EQ(member_.told, 0);
    write();
    io_.poll_one();
    const int told = member_.told;
    EXPECT_GT(told, 0);
    EXPECT_EQ(member_.last, EPOLLIN);
    EXPECT_EQ(rounds_, told);
    io_.poll_one();
    EXPECT_GT(member_.told, told);
}

TEST_F(Ready, WhoIsAlwaysReadyDoesNotKeepTheLoopForItself) {
    ASSERT_TRUE(change(0, EPOLLIN));
    write();
    bool was_reached = false;
    asio::post(io_, [&] { was_reached = true; });
    io_.poll_one();
    io_.poll_one();
    EXPECT_TRUE(was_reached);
    EXPECT_LE(rounds_, 16);
}

TEST_F(Ready, AMemberHearsOnlyOfWhatItWaitsFor) {
    write();
    ASSERT_TRUE(change(0, EPOLLOUT));
    io_.poll_one();
    EXPECT_EQ(member_.last, EPOLLOUT);
    ASSERT_TRUE(change(EPOLLOUT, EPOLLIN));
    io_.poll_one();
    EXPECT_EQ(member_.last, EPOLLIN);
}

TEST_F(Ready, WhoLeftIsToldNothingNotEvenOfErrors) {
    ASSERT_TRUE(change(0, EPOLLIN));
    ASSERT_TRUE(change(EPOLLIN, 0));
    theirs_ = FileDescriptor{};
    io_.poll_one();
    EXPECT_EQ(member_.told, 0);
    ASSERT_TRUE(change(0, EPOLLIN));
    io_.poll_one();
    EXPECT_NE(member_.last & EPOLLHUP, 0U);
}

TEST_F(Ready, AStoppedSetTakesNobodyAndLetsTheLoopEnd) {
    set_.stop();
    EXPECT_FALSE(change(0, EPOLLIN));
    io_.run();  // returns
    EXPECT_EQ(member_.told, 0);
}

}  // namespace
}  // namespace latchkey::http
