// Deadlines, with a clock that stands still until the test moves it.
#include "http/test_server.h"

namespace latchkey::http {
namespace {

using Deadlines = ServerTest;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(Deadlines, AHeaderThatDripsIsRefusedHoweverOftenAByteComes) {
    serve();
    RawClient client = connect();
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200);
    client.send("GET / HT");
    while (server_->figures().timeouts_total == 0) {
        client.send("T");
        pass(2);
    }
    EXPECT_EQ(client.read_answer().status, 408);
    EXPECT_EQ(application_->handled, 1);
    EXPECT_LE(clock_.steady(), std::chrono::seconds{16});
}

TEST_F(Deadlines, ABodyThatDoesNotComeIsRefused) {
    serve();
    RawClient client = connect();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 100);
    pass(19);
    client.send("x");
    pass(5);
    EXPECT_EQ(client.read_answer().status, 408);
    EXPECT_EQ(server_->figures().timeouts_total, 1);
}

TEST_F(Deadlines, AnIdleConnectionIsClosedWithoutAnAnswer) {
    serve();
    RawClient client = connect();
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200);
    pass(60);
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200);
    pass(60);
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200);
    pass(80);
    EXPECT_TRUE(client.is_ended());
    EXPECT_EQ(server_->figures().timeouts_total, 0);
    EXPECT_EQ(server_->figures().connections_open, 0);
}

TEST_F(Deadlines, AClientThatTakesNoAnswerIsDropped) {
    std::string large(50'000'000, 'x');
    serve([&](Exchange& exchange) { exchange.answer({200, {}, large, {}}); });
    RawClient client = connect();
    client.send(kGet);
    // The handler has run and the write waits once the first bytes are here.
    char byte = 0;
    ASSERT_EQ(::recv(client.descriptor(), &byte, 1, MSG_PEEK), 1);
    pass(15);
    EXPECT_EQ(server_->figures().connections_open, 1);
    pass(10);
    EXPECT_EQ(server_->figures().connections_open, 0);
    EXPECT_EQ(server_->figures().timeouts_total, 1);
}

TEST_F(Deadlines, AnApplicationMayTakeItsTime) {
    std::vector<Deferred> pending;
    serve([&](Exchange& exchange) { pending.push_back(exchange.defer()); });
    RawClient client = connect();
    client.send(kGet);
    while (application_->handled == 0)
        pass(0);
    pass(1000);
    std::move(pending.at(0)).answer({200, {}, "at last", {}});
    EXPECT_EQ(client.read_answer().body, "at last");
}

TEST_F(Deadlines, LingeringAfterARefusalIsBounded) {
    serve();
    RawClient client = connect();
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 400);
    EXPECT_EQ(server_->figures().connections_open, 1);
    pass(4);
    EXPECT_EQ(server_->figures().connections_open, 0);
}

}  // namespace
}  // namespace latchkey::http
