#include "http/server.h"

#include <string>

#include "http/test_server.h"

namespace latchkey::http {
namespace {

using Plain = ServerTest;

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(Plain, ARequestIsAnsweredWithTheFieldsThatTheConnectionAdds) {
    serve();
    RawClient client = connect();
    client.send(kGet);
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a?b=c ");
    EXPECT_NE(answer.head.find("\r\nDate: "), std::string::npos);
    EXPECT_NE(answer.head.find(" GMT\r\n"), std::string::npos);
    EXPECT_NE(answer.head.find("\r\nContent-Type: text/plain\r\n"), std::string::npos);
    EXPECT_NE(answer.head.find("\r\nLatchkey-Test: yes\r\n"), std::string::npos);
    EXPECT_EQ(answer.head.find("Connection"), std::string::npos);
    const std::size_t id = answer.head.find("\r\nX-Request-Id: ");
    ASSERT_NE(id, std::string::npos);
    EXPECT_EQ(answer.head.find("\r\n", id + 2), id + 16 + 20);
}

TEST_F(Plain, TheConnectionStaysOpenAndEveryRequestHasItsOwnId) {
    serve();
    RawClient client = connect();
    client.send(kGet);
    const RawAnswer first = client.read_answer();
    client.send(kGet);
    const RawAnswer second = client.read_answer();
    EXPECT_EQ(second.status, 200);
    EXPECT_NE(first.head.substr(first.head.find("X-Request-Id")),
              second.head.substr(second.head.find("X-Request-Id")));
    EXPECT_EQ(server_->figures().connections_total, 1);
}

}  // namespace
}  // namespace latchkey::http
