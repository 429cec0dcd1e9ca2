#include "http/listen.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>

#include "http/test_server.h"

namespace latchkey::http {
namespace {

class Listening : public ServerTest {
protected:
    Listening() {
        std::string pattern = (std::filesystem::temp_directory_path() / "latchkey-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~Listening() override { std::filesystem::remove_all(folder_); }
    void listen_on_path(const std::string& path) {
        options_.listeners.emplace_back();
        options_.listeners.back().unix_path = path;
    }
    Error error_of(const Listener& listener) {
        const auto opened = listen_on(listener, 1);
        return opened ? Error{} : opened.error();
    }

    std::filesystem::path folder_;
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
    const std::string path = folder_ / "socket";
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

TEST_F(Listening, AStaleSocketIsReplacedButALiveOneOrAFileIsNot) {
    const std::string path = folder_ / "socket";
    Listener listener;
    listener.unix_path = path;
    { const auto left_behind = listen_on(listener, 1); }
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto opened = listen_on(listener, 1);
    EXPECT_TRUE(opened);
    EXPECT_EQ(error_of(listener).code, ErrorCode::kConflict);
    listener.unix_path = folder_ / "file";
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
