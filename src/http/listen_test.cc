#include "http/listen.h"

#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>

#include "base/temporary_directory.h"
#include "http/test_server.h"

namespace latchkey::http {
namespace {

class Listening : public ServerTest {
protected:
    void listen_on_path(const std::string& path) {
        options_.listeners.emplace_back();
        options_.listeners.back().unix_path = path;
    }
    Error error_of(const Listener& listener) {
        const auto opened = listen_on(listener, 1);
        return opened ? Error{} : opened.error();
    }

    TemporaryDirectory folder_;
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(Listening, APortInUseIsAConflictThatNamesItEvenForAnotherServerLikeThis) {
    serve({}, 2);
    Listener same;
    same.port = server_->port(0);
    const Error error = error_of(same);
    EXPECT_EQ(error.code, ErrorCode::kConflict);
    EXPECT_EQ(error.message,
              "127.0.0.1:" + std::to_string(same.port) + " is in use by another program");
}

TEST_F(Listening, AnAddressThatIsNoneIsAnInvalidArgument) {
    Listener listener;
    listener.address = "localhost";
    EXPECT_EQ(error_of(listener).code, ErrorCode::kInvalidArgument);
    listener.address = "192.0.2.1";  // documentation: never one of ours
    EXPECT_EQ(error_of(listener).code, ErrorCode::kInvalidArgument);
}

TEST_F(Listening, AHeldPortIsOursAloneAndCanBeListenedAtWhileItIsHeld) {
    const auto held = hold_any_port("127.0.0.1");
    ASSERT_TRUE(held);
    const auto other = hold_any_port("127.0.0.1");
    ASSERT_TRUE(other);
    EXPECT_NE(held->port, other->port);
    Listener listener;
    listener.port = held->port;
    const auto opened = listen_on(listener, 3);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->port, held->port);
    EXPECT_EQ(error_of(listener).code, ErrorCode::kConflict);
    EXPECT_EQ(hold_any_port("nowhere").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Listening, AllReactorsShareTheChosenPort) {
    std::atomic<unsigned> seen{0};
    serve(
        [&](Exchange& exchange) {
            seen |= 1U << exchange.reactor();
            exchange.answer_flat("HTTP/1.1 200 OK\r\n", "x");
        },
        2);
    // The kernel spreads connections by a hash: sixty-four on one side would be a fault.
    for (int i = 0; i < 64; ++i)
        EXPECT_EQ(ask(kGet).status, 200);
    EXPECT_EQ(seen, 3U);
}

TEST_F(Listening, AUnixSocketIsPrivateAndItsPeerIsKnown) {
    const std::string path = folder_.file("socket");
    listen_on_path(path);
    serve([](Exchange& exchange) {
        EXPECT_EQ(exchange.request().peer, Address{});
        exchange.answer({exchange.request().is_unix ? 200 : 500, {}, {}, {}});
    });
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    RawClient client{path};
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200);
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Listening, WhoRunsTheServerGetsThroughWhenStrangersHaveEveryPlace) {
    options_.listeners.emplace_back();
    const std::string path = folder_.file("socket");
    listen_on_path(path);
    options_.limits.connections_max = 1;
    serve();
    RawClient first = connect();
    first.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    EXPECT_EQ(first.read_answer().status, 100);
    EXPECT_EQ(ask(kGet).status, 503);
    RawClient own{path};
    own.send(kGet);
    EXPECT_EQ(own.read_answer().status, 200);
}

TEST_F(Listening, AStaleSocketIsReplacedButALiveOneOrAFileIsNot) {
    const std::string path = folder_.file("socket");
    Listener listener;
    listener.unix_path = path;
    { const auto left_behind = listen_on(listener, 1); }
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto opened = listen_on(listener, 1);
    EXPECT_TRUE(opened);
    EXPECT_EQ(error_of(listener).code, ErrorCode::kConflict);
    listener.unix_path = folder_.file("file");
    std::ofstream{listener.unix_path} << "precious";
    EXPECT_EQ(error_of(listener).code, ErrorCode::kConflict);
    EXPECT_TRUE(std::filesystem::exists(listener.unix_path));
    listener.unix_path = std::string(200, 'x');
    EXPECT_EQ(error_of(listener).code, ErrorCode::kInvalidArgument);
}

TEST_F(Listening, WithoutFileDescriptorsConnectionsWaitForTheNextSweep) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "UBSan needs descriptors itself and calls their absence a bad pointer";
#endif
    serve();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next_free = ::dup(0);
    ::close(next_free);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next_free) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    RawClient client = connect();  // takes the last one; the server's half stays in the queue
    EXPECT_TRUE(client.is_connected());
    client.send(kGet);
    pass(1);
    EXPECT_EQ(server_->figures().connections_total, 0);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    pass(1);
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(Listening, AsManyConnectionsAreTakenAsThereAreDescriptorsForAndTheLimitIsLifted) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit tight = before;
    tight.rlim_cur = 200;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    EXPECT_EQ(make_room_for_connections(50), 50U);
    EXPECT_EQ(make_room_for_connections(500), 500U);
    rlimit lifted{};
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &lifted), 0);
    EXPECT_EQ(lifted.rlim_cur, 628U);
    EXPECT_EQ(lifted.rlim_max, before.rlim_max);
    if (before.rlim_max != RLIM_INFINITY) {
        EXPECT_EQ(make_room_for_connections(before.rlim_max), before.rlim_max - 128);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(Listening, OneServerAnswersOnSeveralListeners) {
    options_.listeners.resize(2);
    serve();
    EXPECT_NE(server_->port(0), server_->port(1));
    RawClient second{server_->port(1)};
    second.send(kGet);
    EXPECT_EQ(second.read_answer().status, 200);
}

}  // namespace
}  // namespace latchkey::http
