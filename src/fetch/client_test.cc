#include "fetch/client.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/testing.h"
#include "fetch/url.h"

namespace latchkey::fetch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HttpRequest get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
}

TEST(Fetch, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
    OneShotServer server(
        "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLink: <x>; rel=\"next\"\r\n"
        "\r\nok");
    Client client;
    HttpRequest request = get(server.url() + "/v1/things?a=b");
    request.method = "PATCH";
    request.headers = {{"Authorization", "Bearer abc"}, {"X-Empty", ""}};
    request.body = "{}";
    const auto response = client.send(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->body, "ok");
    EXPECT_EQ(response->header("link"), "<x>; rel=\"next\"");
    const std::string seen = server.request();
    EXPECT_THAT(seen, HasSubstr("PATCH /v1/things?a=b HTTP/1.1\r\n"));
    EXPECT_THAT(seen, HasSubstr("Authorization: Bearer abc\r\n"));
    EXPECT_THAT(seen, HasSubstr("\r\n\r\n{}"));
    EXPECT_THAT(seen, Not(HasSubstr("Expect")));
}

TEST(Fetch, ARedirectIsAnAnswerAndIsNeverFollowed) {
    OneShotServer server(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
        "Content-Length: 0\r\n\r\n");
    Client client;
    const auto response = client.send(get(server.url() + "/"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 302);
    EXPECT_EQ(response->header("location"), "http://127.0.0.1:1/");
}

TEST(Fetch, AnAnswerAboveTheBoundIsRefused) {
    OneShotServer server("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789A");
    Options options;
    options.response_bytes_max = 10;
    Client client(options);
    const auto response = client.send(get(server.url() + "/"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().reason, "answer_too_large");
}

TEST(Fetch, AServerThatStaysSilentTimesOut) {
    OneShotServer server("");
    Options options;
    options.timeout = std::chrono::milliseconds(50);
    Client client(options);
    const auto response = client.send(get(server.url() + "/secret-path"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(response.error().reason, "timed_out");
    EXPECT_THAT(response.error().message, Not(HasSubstr("secret-path")));
}

TEST(Fetch, ARefusedConnectionNamesTheHostAndNotTheCredential) {
    Client client;
    HttpRequest request = get("http://127.0.0.1:1/x?token=hidden");
    request.headers = {{"Authorization", "Bearer hidden"}};
    const auto response = client.send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().reason, "connect_failed");
    EXPECT_THAT(response.error().message, HasSubstr("http://127.0.0.1:1"));
    EXPECT_THAT(response.error().message, Not(HasSubstr("hidden")));
}

TEST(Fetch, HeadersThatWouldBreakTheirLineAreRefused) {
    Client client;
    HttpRequest request = get("http://127.0.0.1:1/");
    request.headers = {{"X-A", "b\r\nX-C: d"}};
    const auto response = client.send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().reason, "bad_header");
}

TEST(Fetch, TheEnvironmentsProxyIsNotUsed) {
    ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    OneShotServer server("HTTP/1.1 204 No Content\r\n\r\n");
    Client client;
    const auto response = client.send(get(server.url() + "/"));
    unsetenv("http_proxy");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 204);
}

TEST(Url, RefusesWhatTwoProgramsReadDifferently) {
    for (const char* text :
         {"", "ftp://a/", "file:///etc/passwd", "http://user@a/", "http://a:b@c/", "http://a/#x",
          "http://a/../b", "http://a/%2e%2e/b", "http://a/.%2E", "http://a/\\b", "http://a/ b",
          "a/b", "http:///x", "http://a/%zz"}) {
        EXPECT_FALSE(parse_url(text)) << text;
    }
}

TEST(Url, KnowsItsOriginAndLoopback) {
    const auto url = parse_url("HTTPS://Api.Example:443/v1?x=1");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->origin(), "https://api.example");
    EXPECT_EQ(url->path, "/v1");
    EXPECT_EQ(url->query, "x=1");
    EXPECT_FALSE(url->is_loopback());
    EXPECT_TRUE(parse_url("http://127.0.0.1:8080")->is_loopback());
    EXPECT_TRUE(parse_url("http://[::1]:8080/")->is_loopback());
    EXPECT_FALSE(parse_url("http://localhost.example/")->is_loopback());
}

TEST(Url, ABaseCoversItsOwnSegmentsOnly) {
    const auto base = parse_url("https://a.example/v1/");
    ASSERT_TRUE(base);
    struct Row {
        const char* url;
        bool below;
    };
    for (const Row& row :
         {Row{"https://a.example/v1", true}, Row{"https://a.example/v1/x", true},
          Row{"https://a.example/v10", false}, Row{"http://a.example/v1", false},
          Row{"https://a.example:8443/v1", false}, Row{"https://b.example/v1", false}}) {
        EXPECT_EQ(is_below(*parse_url(row.url), *base), row.below) << row.url;
    }
}

}  // namespace
}  // namespace latchkey::fetch
