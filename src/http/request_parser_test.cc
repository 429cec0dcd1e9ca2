#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace latchkey::http {
namespace {

using State = RequestParser::State;

State feed(RequestParser& parser, std::string_view bytes, std::size_t piece) {
    State state = parser.advance();
    while (!bytes.empty() && state == State::kNeedMore) {
        const std::span<char> room = parser.room();
        const std::size_t size = std::min({piece, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        parser.received(size);
        state = parser.advance();
    }
    return state;
}

int refusal_of(std::string_view bytes, const Limits& limits = {}) {
    RequestParser parser{limits};
    const State state = feed(parser, bytes, bytes.size());
    return state == State::kRefused ? parser.refusal_status() : 0;
}

constexpr std::string_view kPost =
    "POST /p/q?r=s?t HTTP/1.1\r\nHost: example.org:8080\r\nX-Empty:\r\nX-Text:  a b \t\r\n"
    "Content-Length: 5\r\n\r\nhello";

TEST(RequestParser, ReadsTheSameRequestHoweverItArrives) {
    const Limits limits;
    for (std::size_t piece = 1; piece <= kPost.size(); ++piece) {
        RequestParser parser{limits};
        ASSERT_EQ(feed(parser, kPost, piece), State::kComplete) << piece;
        const Request& request = parser.request();
        EXPECT_EQ(request.method, Method::kPost);
        EXPECT_EQ(request.target, "/p/q?r=s?t");
        EXPECT_EQ(request.path, "/p/q");
        EXPECT_EQ(request.query, "r=s?t");
        EXPECT_EQ(request.host, "example.org:8080");
        EXPECT_EQ(request.fields.size(), 4U);
        EXPECT_EQ(request.find("x-empty"), "");
        EXPECT_EQ(request.find("x-text"), "a b");
        EXPECT_EQ(request.body, "hello");
        EXPECT_TRUE(parser.keep_alive());
    }
}

TEST(RequestParser, KeepsItsViewsRightWhenTheBufferGrows) {
    const Limits limits;
    const std::string large(9000, 'v');
    const std::string text =
        "GET /first HTTP/1.1\r\nHost: h\r\nA: b\r\nLarge: " + large + "\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{700}, text.size()}) {
        RequestParser parser{limits};
        ASSERT_EQ(feed(parser, text, piece), State::kComplete);
        EXPECT_EQ(parser.request().path, "/first");
        EXPECT_EQ(parser.request().host, "h");
        EXPECT_EQ(parser.request().find("A"), "b");
        EXPECT_EQ(parser.request().find("Large"), large);
    }
}

TEST(RequestParser, KeepsThePipelinedRestForNext) {
    const Limits limits;
    RequestParser parser{limits};
    const std::string two = std::string{kPost} + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(feed(parser, two, two.size()), State::kComplete);
    parser.next();
    ASSERT_EQ(parser.advance(), State::kComplete);
    EXPECT_EQ(parser.request().path, "/2");
    EXPECT_EQ(parser.request().body, "");
    parser.next();
    EXPECT_TRUE(parser.is_idle());
    EXPECT_EQ(parser.advance(), State::kNeedMore);
}

TEST(RequestParser, TakesABodyLargerThanItsBuffer) {
    const Limits limits;
    const std::string body(limits.body_bytes_max, 'b');
    const std::string text =
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    for (const std::size_t piece : {std::size_t{999}, text.size()}) {
        RequestParser parser{limits};
        ASSERT_EQ(feed(parser, text, piece), State::kComplete);
        EXPECT_EQ(parser.request().body, body);
        EXPECT_EQ(parser.request().host, "h");
    }
}

TEST(RequestParser, AsksToContinueOnceAndOnlyForABodyItWants) {
    const Limits limits;
    RequestParser parser{limits};
    constexpr std::string_view kHead =
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    EXPECT_EQ(feed(parser, kHead, kHead.size()), State::kContinue);
    EXPECT_EQ(parser.advance(), State::kNeedMore);
    EXPECT_EQ(feed(parser, "ok", 1), State::kComplete);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                         "Content-Length: 65537\r\n\r\n"),
              413);
    RequestParser sent{limits};
    const std::string whole = std::string{kHead} + "ok";
    EXPECT_EQ(feed(sent, whole, whole.size()), State::kComplete);
}

TEST(RequestParser, RefusesEachLimitWithItsOwnStatus) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(refusal_of("GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414);
    EXPECT_EQ(refusal_of("GET /" + std::string(40'000, 'a')), 414);
    EXPECT_EQ(refusal_of(start + "X: " + std::string(40'000, 'a')), 431);
    // Too large by one byte only, and whole at once.
    std::string exact = start + "X: ";
    exact += std::string(16'384 - exact.size() - 4, 'a') + "\r\n\r\n";
    EXPECT_EQ(refusal_of(exact), 0);
    EXPECT_EQ(refusal_of(start + "Y" + exact.substr(start.size())), 431);
    std::string many = start;
    for (int i = 0; i < 99; ++i)
        many += "X: y\r\n";
    EXPECT_EQ(refusal_of(many + "\r\n"), 0);
    EXPECT_EQ(refusal_of(many + "X: y\r\n\r\n"), 431);
    EXPECT_EQ(refusal_of(start + "Content-Length: 65536\r\n\r\n"), 0);
    EXPECT_EQ(refusal_of(start + "Content-Length: 65537\r\n\r\n"), 413);
    EXPECT_EQ(refusal_of(start + "Transfer-Encoding: chunked\r\n\r\n10001\r\n"), 413);
}

struct RefusedCase {
    std::string_view fields;
    int status;
};

TEST(RequestParser, RefusesWhatAProxyCouldReadDifferently) {
    for (const auto& [fields, status] : std::initializer_list<RefusedCase>{
             {"Host: h\r\nTransfer-Encoding: gzip\r\n", 501},
             {"Host: h\r\nTransfer-Encoding: gzip, chunked\r\n", 501},
             {"Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
             {"Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400},
             {"Host: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400},
             {"Host: h\r\nContent-Length: 1,1\r\n", 400},
             {"Host: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400},
             {"", 400},
             {"Host: h\r\nhost: h\r\n", 400},
             {"Host:\r\n", 400},
             {"Host: a@b\r\n", 400},
             {"Host: h\r\nAuthorization: a\r\nauthorization: a\r\n", 400},
             {"Host: h\r\nX: a\r\n b\r\n", 400},
             {"Host: h\r\nX:\r\n b\r\n", 400},
             {"Host: h\r\nX: \r\n \r\n", 400},
             {"Host: \xFF\r\n", 400},
             {"Host: h\r\nX: a\x01z\r\n", 400},
             {"Host: h\r\nX: a\rz\r\n", 400},
             {"Host: h\r\nX: a\nz: b\r\n", 400},
             {"Host: h\nX: y\r\n", 400},
             {"Host: h\r\nX: 12345678\n\r\n", 400},
             {std::string_view{"Host: h\r\nX: \0\r\n", 15}, 400},
             {"Host: h\r\nX: a\tz\r\n", 0},
             {"Host: h\r\nX\t: a\r\n", 400},
             {"Host : h\r\n", 400},
             {"Host: h\r\n: nameless\r\n", 400},
             {"Host: h\r\nNo-Colon\r\n", 400},
             {"Host: h\r\nConnection: a b\r\n", 400},
             {"Host: h\r\nConnection: , te,\r\n", 0},
             {"Host: h\r\nX: a\x7Fz\r\n", 400},
             {"Host: h\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", 415},
             {"Host: h\r\nTransfer-Encoding: chunked\r\nExpect: tea\r\n", 417},
             {"Host: h\r\nX: gr\xC3\xBC\xC3\x9F\r\nContent-Encoding: identity\r\n", 0},
             {"Host: h\r\nTransfer_Encoding: gzip\r\nContent_Length: 7\r\n", 0},
         }) {
        const std::string text = "POST / HTTP/1.1\r\n" + std::string{fields} + "\r\n";
        EXPECT_EQ(refusal_of(text), status) << fields;
    }
}

TEST(RequestParser, RefusesWhatIsSaidOfABodyOnlyWhereThereIsOne) {
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
    for (const auto& [field, status] : std::initializer_list<RefusedCase>{
             {"Content-Encoding: gzip\r\n", 415},
             {"Content-Encoding: gzip, identity\r\n", 415},
             {"Content-Encoding: identity\r\nContent-Encoding: br\r\n", 415},
             {"Content-Encoding: Identity\r\n", 0},
             {"Expect: tea\r\n", 417},
         }) {
        const std::string head = start + std::string{field};
        EXPECT_EQ(refusal_of(head + "Content-Length: 2\r\n\r\nok"), status) << field;
        EXPECT_EQ(refusal_of(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), status)
            << field;
        EXPECT_EQ(refusal_of(head + "Content-Length: 0\r\n\r\n"), 0) << field;
        EXPECT_EQ(refusal_of(head + "\r\n"), 0) << field;
    }
}

TEST(RequestParser, HandsOnBytesThatAreNoUtf8) {
    const Limits limits;
    RequestParser parser{limits};
    constexpr std::string_view kText =
        "GET / HTTP/1.1\r\nHost: h\r\nX-City: K\xF6ln\r\nX-Line: a\xC2\x85z\r\n\r\n";
    ASSERT_EQ(feed(parser, kText, kText.size()), State::kComplete);
    EXPECT_EQ(parser.request().find("X-City"), "K\xF6ln");
    EXPECT_EQ(parser.request().find("X-Line"), "a\xC2\x85z");
}

TEST(RequestParser, RefusesRequestLinesThatAreNoOriginForm) {
    const std::string rest = "\r\nHost: h\r\n\r\n";
    EXPECT_EQ(refusal_of("GET http://h/ HTTP/1.1" + rest), 400);
    EXPECT_EQ(refusal_of("OPTIONS * HTTP/1.1" + rest), 400);
    EXPECT_EQ(refusal_of("GET /a#b HTTP/1.1" + rest), 400);
    EXPECT_EQ(refusal_of("GET /\xC3\xBC HTTP/1.1" + rest), 400);
    EXPECT_EQ(refusal_of("TRACE / HTTP/1.1" + rest), 501);
    EXPECT_EQ(refusal_of("CONNECT h:1 HTTP/1.1" + rest), 501);
    EXPECT_EQ(refusal_of("GET / HTTP/2.0" + rest), 505);
    EXPECT_EQ(refusal_of("GET / HTTP/1.12" + rest), 400);
    EXPECT_EQ(refusal_of("GET / HTTX/1.1" + rest), 400);
    EXPECT_EQ(refusal_of("BREW / HTTP/1.1" + rest), 0);
}

TEST(RequestParser, Http10NeedsNoHostAndKeepsAliveOnlyWhenAsked) {
    const Limits limits;
    RequestParser plain{limits};
    constexpr std::string_view kPlain = "GET / HTTP/1.0\r\n\r\n";
    ASSERT_EQ(feed(plain, kPlain, kPlain.size()), State::kComplete);
    EXPECT_FALSE(plain.keep_alive());
    RequestParser kept{limits};
    constexpr std::string_view kKept = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    ASSERT_EQ(feed(kept, kKept, kKept.size()), State::kComplete);
    EXPECT_TRUE(kept.keep_alive());
    EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, EndsWithThisRequestWhenAnyFieldSaysClose) {
    const Limits limits;
    for (const std::string_view fields :
         {"Connection: close\r\n", "Connection: keep-alive, Close\r\n",
          "Connection: close\r\nConnection: keep-alive\r\n", "Proxy-Connection: close\r\n"}) {
        RequestParser parser{limits};
        const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
        ASSERT_EQ(feed(parser, text, 7), State::kComplete) << fields;
        EXPECT_FALSE(parser.keep_alive()) << fields;
    }
}

TEST(RequestParser, StaysRefusedWhateverComes) {
    const Limits limits;
    RequestParser parser{limits};
    EXPECT_EQ(feed(parser, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 99), State::kRefused);
    EXPECT_EQ(parser.advance(), State::kRefused);
    parser.discard();
    EXPECT_FALSE(parser.room().empty());
    EXPECT_EQ(parser.advance(), State::kRefused);
}

}  // namespace
}  // namespace latchkey::http
