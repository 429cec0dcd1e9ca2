// What is answered before any handler runs: refusals of the connection, fields that are no text,
// query parameters that a route does not know.
#include "api/application.h"

#include "api/error_pages.h"
#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::Reply;

class ApplicationTest : public testing::ApiTest {
protected:
    Reply send(const std::string& bytes) {
        http::RawClient socket(server_->port(0));
        socket.send(bytes);
        const auto answer = socket.read_answer();
        return {answer.status, "\r\n" + answer.head, answer.body};
    }
};

struct Refused {
    std::string bytes;
    int status;
    std::string code;
};

TEST_F(ApplicationTest, EveryRefusalOfTheConnectionHasACodeAPageAndARequestId) {
    const std::string start = "GET /v1/users/me HTTP/1.1\r\nHost: h\r\n";
    for (const auto& each : std::vector<Refused>{
             {"GET  / HTTP/1.1\r\n\r\n", 400, "bad_request"},
             {start + "Content-Length: 65537\r\n\r\n", 413, "too_large"},
             {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414,
              "uri_too_long"},
             {start + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", 415,
              "unsupported_media_type"},
             {start + "Expect: tea\r\nContent-Length: 2\r\n\r\nxx", 417, "expectation_failed"},
             {start + "X: " + std::string(17'000, 'a') + "\r\n\r\n", 431, "header_too_large"},
             {start + "Transfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"},
             {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "version_not_supported"},
         }) {
        const auto reply = send(each.bytes);
        EXPECT_EQ(reply.status, each.status) << each.code;
        EXPECT_EQ(reply.field("Content-Type"), "application/problem+json") << each.code;
        EXPECT_EQ(reply.text("code"), each.code) << reply.body;
        EXPECT_TRUE(reply.text("type").ends_with("/errors/" + each.code)) << reply.body;
        EXPECT_EQ(reply.text("requestId"), reply.field("X-Request-Id")) << each.code;
        EXPECT_FALSE(reply.text("requestId").empty()) << each.code;
        EXPECT_TRUE(render_error_page(each.code)) << each.code;
    }
    EXPECT_TRUE(render_error_page("timeout"));
}

TEST_F(ApplicationTest, AFieldThatIsNoUtf8IsRefusedButNotByTheCheck) {
    const auto mine = testing::bearer(session(alice_));
    const auto field = mine.front().first + ": " + mine.front().second + "\r\n";
    const std::string rest = " HTTP/1.1\r\nHost: h\r\nX-City: K\xF6ln\r\n" + field + "\r\n";
    const auto reply = send("GET /v1/users/me" + rest);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.text("code"), "bad_request");
    EXPECT_NE(reply.text("detail").find("X-City"), std::string::npos);

    const auto gateway = testing::bearer(token(as_alice_, "billing", {}).text.expose());
    const auto checked =
        send("GET /check/api/billing HTTP/1.1\r\nHost: h\r\nX-City: K\xF6ln\r\nExpect: tea\r\n" +
             gateway.front().first + ": " + gateway.front().second +
             "\r\nContent-Encoding: gzip\r\n\r\n");
    EXPECT_EQ(checked.status, 200) << checked.body;
}

TEST_F(ApplicationTest, ACredentialInOtherBytesIsAnUnknownCredential) {
    const auto reply =
        send("GET /v1/users/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \xFF\r\n\r\n");
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.text("code"), "invalid_token");
}

TEST_F(ApplicationTest, EveryRouteRefusesAParameterThatItDoesNotKnow) {
    const auto mine = testing::bearer(session(admin_));
    std::size_t asked = 0;
    for (const auto& route : routes()) {
        const bool is_asked = route.path.starts_with("/v1/") &&
                              route.method == http::Method::kGet &&
                              route.permission.kind() != Permission::Kind::kAnyCredential;
        if (!is_asked) continue;
        ++asked;
        const auto reply = ask("GET", std::string(route.path) + "?ownr=all", mine);
        // A path with a braced segment stays well-formed: the id is then just an unknown one.
        EXPECT_EQ(reply.status, 400) << route.path << reply.body;
        EXPECT_EQ(reply.text("code"), "bad_query") << route.path;
    }
    EXPECT_GT(asked, 10U);
    EXPECT_EQ(ask("POST", "/v1/apis?dry-run=1", mine, "{}").text("code"), "bad_query");
    EXPECT_EQ(ask("GET", "/v1/users/me?x=1").status, 401);  // nobody is told about parameters
    EXPECT_EQ(ask("GET", "/login?next=/").status, 200);
}

}  // namespace
}  // namespace latchkey::api
