// Who makes room when the bound of connections is reached, and who does not.
#include <algorithm>
#include <latch>
#include <optional>

#include "http/test_server.h"

namespace latchkey::http {
namespace {

using FullServer = ServerTest;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

int status_of(RawClient& client) {
    client.send(kGet);
    return client.read_answer().status;
}

TEST_F(FullServer, ClosesTheConnectionThatHasBeenIdleLongestForTheNextOne) {
    options_.limits.connections_max = 3;
    serve();
    RawClient first = connect();
    EXPECT_EQ(status_of(first), 200);
    pass(1);
    RawClient second = connect();
    EXPECT_EQ(status_of(second), 200);
    pass(1);
    RawClient third = connect();
    EXPECT_EQ(status_of(third), 200);
    pass(1);
    EXPECT_EQ(status_of(first), 200);  // now the second one is idle longest
    pass(5);
    EXPECT_EQ(ask(kGet).status, 200);
    EXPECT_TRUE(second.is_ended());
    EXPECT_EQ(status_of(first), 200);
    EXPECT_EQ(status_of(third), 200);
    EXPECT_EQ(server_->figures().closed_idle_total, 1);
    EXPECT_EQ(server_->figures().refused_total, 0);
    EXPECT_LE(server_->figures().connections_open, 3);
}

TEST_F(FullServer, ClosesAConnectionThatNeverSaidAnything) {
    options_.limits.connections_max = 1;
    serve();
    RawClient silent = connect();
    EXPECT_EQ(ask(kGet).status, 200);
    EXPECT_TRUE(silent.is_ended());
}

TEST_F(FullServer, WhoBeginsManyRequestsPushesOutNobodyWhoAskedJustNow) {
    options_.limits.connections_max = 3;
    serve();
    RawClient gateway = connect();
    EXPECT_EQ(status_of(gateway), 200);
    std::vector<RawClient> flood;
    for (int i = 0; i < 2; ++i) {
        flood.push_back(connect());
        flood.back().send(std::string{kGet} + "G");
        EXPECT_EQ(flood.back().read_answer().status, 200);
    }
    EXPECT_EQ(ask(kGet).status, 503);
    EXPECT_EQ(status_of(gateway), 200) << "it keeps its place";
    pass(5);
    EXPECT_EQ(ask(kGet).status, 200);
    EXPECT_TRUE(gateway.is_ended());
}

TEST_F(FullServer, WhoNeverSaidAnythingGoesBeforeWhoAsked) {
    options_.limits.connections_max = 2;
    serve();
    RawClient gateway = connect();
    EXPECT_EQ(status_of(gateway), 200);
    pass(20);
    RawClient silent = connect();
    EXPECT_EQ(ask(kGet).status, 200);
    EXPECT_TRUE(silent.is_ended());
    EXPECT_EQ(status_of(gateway), 200);
}

TEST_F(FullServer, GivesEverybodyAnAnswerHoweverManyItHadToClose) {
    options_.limits.connections_max = 4;
    serve();
    std::vector<RawClient> all;
    for (int i = 0; i < 40; ++i) {
        all.push_back(connect());
        EXPECT_EQ(status_of(all.back()), 200);
        pass(5);
    }
    EXPECT_EQ(server_->figures().closed_idle_total, 36);
    for (int i = 0; i < 36; ++i)
        EXPECT_TRUE(all[static_cast<std::size_t>(i)].is_ended());
    EXPECT_EQ(status_of(all.back()), 200);
}

TEST_F(FullServer, RefusesTheNewcomerWhenAllAreInTheMidstOfARequest) {
    options_.limits.connections_max = 3;
    std::optional<Deferred> pending;
    std::latch is_pending{1};
    serve([&](Exchange& exchange) {
        if (exchange.request().path != "/later") return exchange.answer({200, {}, "now", {}});
        pending = exchange.defer();
        is_pending.count_down();
    });
    RawClient header = connect();
    header.send(std::string{kGet} + "GET /a HT");
    EXPECT_EQ(header.read_answer().status, 200);
    RawClient body = connect();
    body.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    EXPECT_EQ(body.read_answer().status, 100);
    RawClient handling = connect();
    handling.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    is_pending.wait();
    for (int i = 0; i < 2; ++i) {
        RawClient late = connect();
        EXPECT_EQ(late.read_answer().status, 503);
        EXPECT_TRUE(late.is_ended());
    }
    EXPECT_EQ(server_->figures().connections_open, 3);
    EXPECT_EQ(server_->figures().closed_idle_total, 0);
    std::move(*pending).answer({200, {}, "later", {}});
    EXPECT_EQ(handling.read_answer().body, "later");
    pass(5);
    EXPECT_EQ(ask(kGet).status, 200);  // in the place of the one that is idle again
    EXPECT_TRUE(handling.is_ended());
    header.send("TP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(header.read_answer().status, 200);
    body.send("x");
    EXPECT_EQ(body.read_answer().status, 200);
}

TEST_F(FullServer, DoesNotCloseWhoHasNotTakenItsAnswer) {
    options_.limits.connections_max = 1;
    const std::string large(50'000'000, 'x');
    serve([&](Exchange& exchange) { exchange.answer({200, {}, large, {}}); });
    RawClient reading = connect();
    reading.send(kGet);
    char byte = 0;
    ASSERT_EQ(::recv(reading.descriptor(), &byte, 1, MSG_PEEK), 1);
    EXPECT_EQ(ask(kGet).status, 503);
    EXPECT_EQ(reading.read_answer().body.size(), large.size());
}

TEST_F(FullServer, LogsThatItClosesConnectionsOnceAMinute) {
    options_.limits.connections_max = 1;
    serve();
    const auto lines_of = [&](int newcomers) {
        ::testing::internal::CaptureStderr();
        for (int i = 0; i < newcomers; ++i)
            EXPECT_EQ(ask(kGet).status, 200);
        const std::string log = ::testing::internal::GetCapturedStderr();
        return std::count(log.begin(), log.end(), '\n');
    };
    RawClient idle = connect();
    EXPECT_EQ(status_of(idle), 200);
    pass(5);
    EXPECT_EQ(lines_of(3), 1);
    idle = connect();
    EXPECT_EQ(status_of(idle), 200);
    pass(30);
    EXPECT_EQ(lines_of(1), 0);
    idle = connect();
    EXPECT_EQ(status_of(idle), 200);
    pass(31);
    EXPECT_EQ(lines_of(1), 1);
}

}  // namespace
}  // namespace latchkey::http
