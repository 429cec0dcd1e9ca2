// Answers that go on: pieces from other threads, in order, for as long as somebody reads.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/test_server.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

std::string unchunked(std::string_view text) {
    std::string whole;
    while (!text.empty()) {
        const auto line = text.find("\r\n");
        if (line == std::string_view::npos) return whole + "<torn>";
        const auto size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
        if (size == 0) return whole + "<end>";
        if (text.size() < line + 4 + size) return whole + "<torn>";
        whole += text.substr(line + 2, size);
        text.remove_prefix(line + 4 + size);
    }
    return whole;
}

class StreamTest : public ServerTest {
protected:
    // Everybody who asks is given a stream, which the test writes into.
    void serve_streams() {
        serve([this](Exchange& exchange) {
            Response head;
            head.content_type = "text/event-stream";
            Deferred deferred = exchange.defer();
            const std::scoped_lock lock{mutex_};
            stream_ = std::move(deferred).stream(
                std::move(head), {[this] { tell(drained_); }, [this] { tell(closed_); }});
            is_there_ = true;
            changed_.notify_all();
        });
    }
    void TearDown() override {
        ServerTest::TearDown();
        stream_ = Stream{};
    }
    void tell(int& counter) {
        const std::scoped_lock lock{told_mutex_};
        ++counter;
        told_.notify_all();
    }
    bool wait_for(const int& counter, int least = 1) {
        std::unique_lock lock{told_mutex_};
        return told_.wait_for(lock, std::chrono::seconds{10}, [&] { return counter >= least; });
    }
    Stream& stream() {
        std::unique_lock lock{mutex_};
        EXPECT_TRUE(
            changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return is_there_; }));
        return stream_;
    }
    std::string body_of(RawClient& client) {
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_NE(answer.head.find("Transfer-Encoding: chunked"), std::string::npos);
        EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
        return unchunked(client.read_all());
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    Stream stream_;
    bool is_there_{false};
    std::mutex told_mutex_;
    std::condition_variable told_;
    int drained_{0};
    int closed_{0};
};

TEST_F(StreamTest, PiecesArriveInOrderAndTheEndIsSaid) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    EXPECT_TRUE(stream().write("one "));
    std::thread([this] { stream().write("two "); }).join();
    EXPECT_TRUE(stream().write("three"));
    stream().end();
    EXPECT_FALSE(stream().write("four"));
    EXPECT_EQ(body_of(client), "one two three<end>");
    EXPECT_TRUE(wait_for(closed_));
    EXPECT_FALSE(stream().is_open());
    EXPECT_EQ(server_->figures().streams_open, 0);
}

TEST_F(StreamTest, AnOwnerWhoForgetsItEndsIt) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    stream().write("last words");
    stream() = Stream{};
    EXPECT_EQ(body_of(client), "last words<end>");
}

TEST_F(StreamTest, Http10HasNoChunksAndEndsWithTheConnection) {
    serve_streams();
    RawClient client = connect();
    client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    stream().write("plain");
    stream().end();
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.head.find("Transfer-Encoding"), std::string::npos);
    EXPECT_EQ(client.read_all(), "plain");
}

TEST_F(StreamTest, HeadHasTheFieldsAndNothingToRead) {
    serve_streams();
    RawClient client = connect();
    client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(client.read_answer(true).head.find("text/event-stream"), std::string::npos);
    EXPECT_TRUE(client.is_ended());
    EXPECT_FALSE(stream().write("unheard"));
}

TEST_F(StreamTest, AClientThatGoesIsNoticedWithoutAWrite) {
    serve_streams();
    {
        RawClient client = connect();
        client.send(kAsk);
        stream().write("x");
        client.read_answer();
    }
    EXPECT_TRUE(wait_for(closed_));
    EXPECT_FALSE(stream().write("unheard"));
}

TEST_F(StreamTest, AClientThatDoesNotReadIsCutOffAtTheBound) {
    options_.limits.stream_bytes_max = 100'000;
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    const std::string piece(50'000, 'x');
    std::size_t written = 0;
    while (stream().write(piece)) {
        written += piece.size();
        ASSERT_LT(written, 100'000'000U) << "nothing stops it";
        EXPECT_LE(stream().backlog(), 250'000U);
    }
    EXPECT_TRUE(wait_for(closed_));
    EXPECT_EQ(server_->figures().streams_cut_total, 1);
    client.read_all();  // perhaps less than was sent: the reset overtakes it
    EXPECT_TRUE(client.was_ended());
}

TEST_F(StreamTest, OnePieceMayBeLargerThanTheBound) {
    options_.limits.stream_bytes_max = 1000;
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    EXPECT_TRUE(stream().write("a"));
    ASSERT_TRUE(wait_for(drained_));
    while (stream().backlog() != 0) {
    }
    EXPECT_TRUE(stream().write(std::string(400'000, 'y')));
    stream().end();
    EXPECT_EQ(body_of(client).size(), 1 + 400'000 + 5U);
}

TEST_F(StreamTest, AWriterHearsWhenEverythingIsOnItsWay) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    stream();
    ASSERT_TRUE(wait_for(drained_));  // the head
    stream().write("first");
    ASSERT_TRUE(wait_for(drained_, 2));
    EXPECT_EQ(stream().backlog(), 0U);
}

TEST_F(StreamTest, AWriteThatTakesTooLongEndsIt) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    // More than two socket buffers take, and not more than the bound.
    stream().write(std::string(20'000'000, 'z'));
    while (stream().backlog() != 0 && closed_ == 0) {
        pass(options_.limits.write_seconds + 2);
    }
    EXPECT_TRUE(wait_for(closed_));
    EXPECT_EQ(server_->figures().timeouts_total, 1);
}

TEST_F(StreamTest, TimeAloneEndsNothing) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    stream().write("a");
    ASSERT_TRUE(wait_for(drained_));
    pass(100'000);
    EXPECT_TRUE(stream().write("b"));
    stream().end();
    EXPECT_EQ(body_of(client), "ab<end>");
}

TEST_F(StreamTest, AGracefulStopEndsStreamsAndWaitsForNobody) {
    serve_streams();
    std::thread stopper;
    {
        RawClient client = connect();
        client.send(kAsk);
        stream().write("before the stop ");
        stopper = std::thread{[&] { server_->stop(std::chrono::seconds{10}); }};
        EXPECT_EQ(body_of(client), "before the stop <end>");
    }
    stopper.join();
    EXPECT_FALSE(stream().write("after it"));
}

TEST_F(StreamTest, WhatAClientSendsBehindIsNoRequest) {
    serve_streams();
    RawClient client = connect();
    client.send(std::string(kAsk) + "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n");
    stream().write("only this");
    client.send("GET /canary HTTP/1.1\r\nHost: a\r\n\r\n");
    stream().end();
    EXPECT_EQ(body_of(client), "only this<end>");
    EXPECT_EQ(application_->canaries, 0);
}

TEST_F(StreamTest, AStreamThatOutlivesItsServerIsClosed) {
    serve_streams();
    RawClient client = connect();
    client.send(kAsk);
    stream();
    server_.reset();
    EXPECT_FALSE(stream().write("too late"));
    EXPECT_TRUE(wait_for(closed_));
}

}  // namespace
}  // namespace latchkey::http
