#include "http/server.h"

#include <latch>
#include <mutex>
#include <string>
#include <thread>

#include "http/listen.h"
#include "http/test_server.h"

namespace latchkey::http {
namespace {

using Plain = ServerTest;

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";

bool says_close(const RawAnswer& answer) {
    return answer.head.find("\r\nConnection: close\r\n") != std::string::npos;
}

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

TEST_F(Plain, TheApplicationSeesTheRequestIdThatTheClientGets) {
    std::string seen;
    serve([&](Exchange& exchange) {
        seen = exchange.request().request_id;
        EXPECT_EQ(format_address(exchange.request().peer), "127.0.0.1");
        EXPECT_FALSE(exchange.request().is_tls || exchange.request().is_unix);
        exchange.answer({204, {}, {}, {}});
    });
    const RawAnswer answer = ask(kGet);
    EXPECT_EQ(seen.size(), 20U);
    EXPECT_NE(answer.head.find("X-Request-Id: " + seen + "\r\n"), std::string::npos);
}

TEST_F(Plain, AFlatAnswerOf204HasNeitherBodyNorLength) {
    serve();
    RawClient client = connect();
    client.send("GET /flat HTTP/1.1\r\nHost: h\r\n\r\n");
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 204);
    EXPECT_NE(answer.head.find("\r\nLatchkey-Kind: jwt\r\n"), std::string::npos);
    EXPECT_EQ(answer.head.find("Content-Length"), std::string::npos);
}

TEST_F(Plain, HeadGetsTheFieldsWithoutTheBody) {
    serve();
    RawClient client = connect();
    client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const RawAnswer answer = client.read_answer(true);
    EXPECT_NE(answer.head.find("\r\nContent-Length: 8\r\n"), std::string::npos);
    client.send(kGet);
    EXPECT_EQ(client.read_answer().body, "GET /a?b=c ");
}

TEST_F(Plain, CloseIsHonouredAndAnnounced) {
    serve();
    RawClient client = connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + std::string{kGet});
    EXPECT_TRUE(says_close(client.read_answer()));
    EXPECT_TRUE(client.is_ended());
    EXPECT_EQ(application_->handled, 1);
}

TEST_F(Plain, Http10ClosesUnlessItAsksToStay) {
    serve();
    RawClient client = connect();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(client.read_answer().head.find("\r\nConnection: keep-alive\r\n"), std::string::npos);
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(says_close(client.read_answer()));
    EXPECT_TRUE(client.is_ended());
}

TEST_F(Plain, PipelinedRequestsAreAnsweredInOrder) {
    serve();
    RawClient client = connect();
    std::string bytes;
    for (int i = 0; i < 500; ++i) {
        bytes +=
            "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
    }
    std::thread sender{[&] { client.send(bytes); }};
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(client.read_answer().body, "POST /" + std::to_string(i) + " ok");
    }
    sender.join();
}

TEST_F(Plain, ARequestSentByteByByteIsAnswered) {
    serve();
    RawClient client = connect();
    for (const char c : std::string_view{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                                         "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}) {
        client.send({&c, 1});
    }
    EXPECT_EQ(client.read_answer().body, "POST / abc");
}

TEST_F(Plain, AnAnswerLargerThanTheSocketsBuffersArrivesWhole) {
    const std::string large(8'000'000, 'x');
    serve([&](Exchange& exchange) { exchange.answer({200, "text/plain", large, {}}); });
    RawClient client = connect();
    client.send(std::string{kGet} + std::string{kGet});
    EXPECT_TRUE(client.read_answer().body == large);
    EXPECT_TRUE(client.read_answer().body == large);
}

TEST_F(Plain, ContinueIsSentBeforeTheBodyAndNotForOneTooLarge) {
    serve();
    RawClient client = connect();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 100);
    client.send("ok");
    EXPECT_EQ(client.read_answer().body, "POST / ok");
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 413);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(Plain, ARefusalReachesAClientThatIsStillSending) {
    serve();
    RawClient client = connect();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
    EXPECT_TRUE(client.send(std::string(200'000, 'x')));
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_TRUE(says_close(answer));
    EXPECT_EQ(answer.body, "the request's body is too large\n");
    EXPECT_EQ(server_->figures().refused_total, 1);
}

TEST_F(Plain, AFullBufferOfHeaderIsRefusedAndTheConnectionEnds) {
    serve();
    RawClient client = connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(60'000, 'a'));
    EXPECT_EQ(client.read_answer().status, 431);
    client.end_sending();
    EXPECT_TRUE(client.is_ended());
}

TEST_F(Plain, ARequestThatEndsTooEarlyIsRefusedAndSilenceIsNot) {
    serve();
    RawClient half = connect();
    half.send("GET / HT");
    half.end_sending();
    EXPECT_EQ(half.read_answer().status, 400);
    RawClient silent = connect();
    silent.end_sending();
    EXPECT_TRUE(silent.is_ended());
    EXPECT_EQ(application_->handled, 0);
}

TEST_F(Plain, AResponseFieldCannotSplitTheAnswer) {
    serve([](Exchange& exchange) {
        exchange.answer({200, "text/plain", "ok", {{"A", "b\r\nC: d"}, {"E", "f"}}});
    });
    const RawAnswer answer = ask(kGet);
    EXPECT_EQ(answer.head.find("C: d"), std::string::npos);
    EXPECT_NE(answer.head.find("\r\nE: f\r\n"), std::string::npos);
}

TEST_F(Plain, AnApplicationThatForgetsToAnswerIsA500AndASecondAnswerIsDropped) {
    serve([](Exchange& exchange) {
        if (exchange.request().path == "/twice") {
            exchange.answer({200, {}, "one", {}});
            exchange.answer({200, {}, "two", {}});
        }
    });
    EXPECT_EQ(ask(kGet).status, 500);
    RawClient client = connect();
    client.send("GET /twice HTTP/1.1\r\nHost: h\r\n\r\n" + std::string{kGet});
    EXPECT_EQ(client.read_answer().body, "one");
    EXPECT_EQ(client.read_answer().status, 500);
}

// Keeps deferred requests for another thread to answer.
struct Pending {
    void add(Deferred deferred) {
        const std::scoped_lock lock{mutex};
        all.push_back(std::move(deferred));
        arrived.count_down();
    }
    explicit Pending(std::ptrdiff_t wanted) : arrived(wanted) {}
    std::mutex mutex;
    std::vector<Deferred> all;
    std::latch arrived;
};

TEST_F(Plain, ADeferredRequestIsAnsweredFromAnotherThreadAndKeepsItsPlace) {
    Pending pending{1};
    serve([&](Exchange& exchange) {
        if (exchange.request().path == "/later") return pending.add(exchange.defer());
        exchange.answer({200, {}, "now", {}});
    });
    RawClient client = connect();
    client.send(std::string{kGet} +
                "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody" +
                std::string{kGet});
    EXPECT_EQ(client.read_answer().body, "now");
    pending.arrived.wait();
    EXPECT_EQ(pending.all[0].request().body, "body");
    std::move(pending.all[0]).answer({201, {}, "later", {}});
    EXPECT_EQ(client.read_answer().body, "later");
    EXPECT_EQ(client.read_answer().body, "now");
}

TEST_F(Plain, WhatComesWhileAnAnswerIsAwaitedIsReadAfterIt) {
    Pending pending{1};
    serve([&](Exchange& exchange) {
        if (exchange.request().path == "/later") return pending.add(exchange.defer());
        exchange.answer({200, {}, "now", {}});
    });
    RawClient client = connect();
    client.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    pending.arrived.wait();
    client.send(kGet);
    EXPECT_EQ(ask(kGet).body, "now");  // by then the reactor has seen both
    EXPECT_EQ(application_->handled, 2);
    std::move(pending.all[0]).answer({200, {}, "later", {}});
    EXPECT_EQ(client.read_answer().body, "later");
    EXPECT_EQ(client.read_answer().body, "now");
}

TEST_F(Plain, ADroppedDeferredRequestIsA500) {
    serve([](Exchange& exchange) { const Deferred dropped = exchange.defer(); });
    RawClient client = connect();
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 500);
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 500);
}

TEST_F(Plain, ADeferredRequestMayOutliveItsClientAndTheServer) {
    Pending pending{2};
    serve([&](Exchange& exchange) { pending.add(exchange.defer()); });
    {
        RawClient gone = connect();
        gone.send(kGet);
        RawClient other = connect();
        other.send(kGet);
        pending.arrived.wait();
    }
    std::move(pending.all[0]).answer({200, {}, "nobody hears this", {}});
    server_.reset();
    EXPECT_EQ(pending.all[1].request().path, "/a");
    pending.all.clear();
}

TEST_F(Plain, ABurstOfDeferredAnswersOverSeveralReactorsReachesEveryClient) {
    constexpr int kClients = 40;
    Pending pending{kClients};
    serve([&](Exchange& exchange) { pending.add(exchange.defer()); }, 2);
    std::vector<RawClient> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.push_back(connect());
        clients.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    pending.arrived.wait();
    for (Deferred& deferred : pending.all) {
        std::string path{deferred.request().path};
        std::move(deferred).answer({200, {}, std::move(path), {}});
    }
    for (int i = 0; i < kClients; ++i) {
        EXPECT_EQ(clients[static_cast<std::size_t>(i)].read_answer().body, "/" + std::to_string(i));
    }
}

TEST_F(Plain, StopAnswersWhatIsUnderWayAndClosesTheRest) {
    Pending pending{1};
    serve([&](Exchange& exchange) { pending.add(exchange.defer()); });
    RawClient idle = connect();
    RawClient busy = connect();
    busy.send(kGet);
    pending.arrived.wait();
    std::thread stopper{[&] { server_->stop(std::chrono::seconds{10}); }};
    EXPECT_TRUE(idle.is_ended());
    std::move(pending.all[0]).answer({200, {}, "done", {}});
    const RawAnswer answer = busy.read_answer();
    EXPECT_EQ(answer.body, "done");
    EXPECT_TRUE(says_close(answer));
    EXPECT_TRUE(busy.is_ended());
    { const RawClient closed = std::move(busy); }
    stopper.join();
    EXPECT_FALSE(RawClient{server_->port(0)}.is_connected());
    EXPECT_EQ(server_->figures().connections_open, 0);
}

// A reactor without a server around it.
class LoneReactor {
public:
    ~LoneReactor() {
        reactor->begin_stop();
        reactor->force_stop();
        thread_.join();
    }
    void run(Application& application) {
        Listener listener;
        listener.application = &application;
        auto listening = listen_on(listener, 1).value();
        if (send_bytes != 0) {
            ::setsockopt(listening.sockets[0].get(), SOL_SOCKET, SO_SNDBUF, &send_bytes,
                         sizeof send_bytes);
        }
        state->listeners.push_back(std::make_unique<ListenerState>(listener));
        reactor->add_acceptor(std::move(listening.sockets[0]), 0);
        port_ = listening.port;
        thread_ = std::thread{[this] { reactor->run(); }};
    }
    [[nodiscard]] RawClient connect() const { return RawClient{port_}; }

    int send_bytes{0};  // that the kernel takes before the client reads; 0: what it likes
    const std::shared_ptr<ServerState> state = make_state();
    const std::shared_ptr<Reactor> reactor = std::make_shared<Reactor>(state, 0);

private:
    static std::shared_ptr<ServerState> make_state() {
        auto made = std::make_shared<ServerState>();
        made->steady = [] { return Microseconds{0}; };
        made->running = 1;
        return made;
    }

    std::uint16_t port_{0};
    std::thread thread_;
};

// The reactor hears of the answer and of the stop in one turn: the answer is gathered, not sent.
TEST(Stopping, DoesNotTakeBackAnAnswerThatIsAboutToGoOut) {
    Pending pending{1};
    LoneReactor lone;
    TestApplication application([&](Exchange& exchange) {
        if (exchange.request().path == "/later") return pending.add(exchange.defer());
        std::move(pending.all[0]).answer({200, {}, "late", {}});
        lone.reactor->begin_stop();
        exchange.answer({200, {}, "now", {}});
    });
    lone.run(application);
    RawClient waiting = lone.connect();
    waiting.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    pending.arrived.wait();
    RawClient stopping = lone.connect();
    stopping.send(kGet);
    EXPECT_EQ(waiting.read_answer().body, "late");
    EXPECT_EQ(stopping.read_answer().body, "now");
}

TEST(LargeAnswers, ThatNobodyTakesAreBoundedInTheirSum) {
    const std::string large(12'000'000, 'x');
    LoneReactor lone;
    lone.state->unsent_bytes_max = 20'000'000;
    TestApplication application([&](Exchange& exchange) {
        const bool is_large = exchange.request().path == "/large";
        exchange.answer({200, {}, is_large ? large : "small", {}});
    });
    lone.run(application);
    constexpr std::string_view kLarge = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    RawClient first = lone.connect();
    first.send(kLarge);
    RawClient other = lone.connect();
    other.send(kGet);
    EXPECT_EQ(other.read_answer().body, "small");  // by then the reactor holds the first one's
    RawClient second = lone.connect();
    second.send(kLarge);
    other.send(kGet);
    EXPECT_EQ(other.read_answer().body, "small");  // and now the second one's, too
    EXPECT_LT(first.read_all().size(), large.size());
    EXPECT_EQ(lone.state->options.figures->closed_unsent_total, 1);
    EXPECT_TRUE(second.read_answer().body == large);  // who comes later does not pay
}

TEST(LargeAnswers, ThatWaitBehindSmallOnesNobodyTakesCountAsWell) {
    const std::string large(400'000, 'x');
    const std::string medium(60'000, 'x');
    LoneReactor lone;
    lone.state->unsent_bytes_max = 700'000;
    lone.send_bytes = 16'384;
    std::latch large_asked{1};
    TestApplication application([&](Exchange& exchange) {
        const std::string_view path = exchange.request().path;
        if (path == "/medium") return exchange.answer({200, {}, medium, {}});
        exchange.defer().answer({200, {}, path == "/large" ? large : "small", {}});
        if (path == "/large" && !large_asked.try_wait()) large_asked.count_down();
    });
    lone.run(application);
    std::string several;
    for (const std::string path : {"medium", "small", "medium", "large"})
        several += "GET /" + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
    RawClient first = lone.connect();
    const int few_bytes = 4096;
    ::setsockopt(first.descriptor(), SOL_SOCKET, SO_RCVBUF, &few_bytes, sizeof few_bytes);
    first.send(several);
    large_asked.wait();
    RawClient other = lone.connect();
    other.send(kGet);
    EXPECT_EQ(other.read_answer().body, "small");  // posted behind the first one's
    RawClient second = lone.connect();
    second.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    other.send(kGet);
    EXPECT_EQ(other.read_answer().body, "small");  // and now behind the second one's
    EXPECT_LT(first.read_all().size(), large.size());
    EXPECT_TRUE(second.read_answer().body == large);
}

TEST_F(Plain, StopWithoutGraceEndsARequestThatNobodyAnswers) {
    Pending pending{1};
    serve([&](Exchange& exchange) { pending.add(exchange.defer()); });
    RawClient client = connect();
    client.send(kGet);
    pending.arrived.wait();
    server_->stop(Microseconds{0});
    EXPECT_TRUE(client.is_ended());
}

TEST_F(Plain, EveryReactorStartsOnceAndIsToldOfEachSecond) {
    std::atomic<int> starts{0};
    std::atomic<int> seconds{0};
    options_.on_start = [&](std::size_t reactor) { starts += 1 + 10 * static_cast<int>(reactor); };
    options_.every_second = [&](std::size_t /*reactor*/) { ++seconds; };
    serve({}, 2);
    pass(1);
    const int before = seconds;
    pass(1);
    EXPECT_EQ(starts, 12);
    EXPECT_GE(seconds - before, 2);
}

}  // namespace
}  // namespace latchkey::http
