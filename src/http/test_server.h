// What the tests of the server share: an application that answers by path, and a running server
// whose time is a FakeClock's.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "http/raw_client.h"
#include "http/reactor_server.h"

namespace latchkey::http {

class TestApplication : public Application {
public:
    using Handler = std::function<void(Exchange&)>;
    explicit TestApplication(Handler handler = {}) : handler_(std::move(handler)) {}

    void handle(Exchange& exchange) noexcept override {
        ++handled;
        if (exchange.request().path == "/canary") ++canaries;
        if (handler_) return handler_(exchange);
        const Request& request = exchange.request();
        if (request.path == "/flat") {
            return exchange.answer_flat("HTTP/1.1 204 No Content\r\nLatchkey-Kind: jwt\r\n", {});
        }
        if (request.method == Method::kOther) return exchange.answer({405, "text/plain", "", {}});
        std::string text{request.method_text};
        text.append(" ").append(request.target).append(" ").append(request.body);
        exchange.answer({200, "text/plain", text, {{"Latchkey-Test", "yes"}}});
    }

    std::atomic<int> handled{0};
    std::atomic<int> canaries{0};

private:
    Handler handler_;
};

class ServerTest : public ::testing::Test {
protected:
    // Starts a server for `application_` on a free port of the loopback address.
    void serve(TestApplication::Handler handler = {}, std::size_t reactors = 1) {
        application_ = std::make_unique<TestApplication>(std::move(handler));
        if (options_.listeners.empty()) options_.listeners.emplace_back();
        for (Listener& listener : options_.listeners)
            listener.application = application_.get();
        options_.reactors = reactors;
        auto created = ReactorServer::create(options_, [this] { return clock_.steady(); });
        ASSERT_TRUE(created) << created.error().message;
        server_ = std::move(created).value();
        server_->start();
    }
    void TearDown() override { server_.reset(); }

    // Lets so much time pass and every reactor notice it.
    void pass(int seconds) {
        clock_.advance(std::chrono::seconds{seconds});
        server_->sweep_now();
        // What the first one cancelled has ended when the second comes to its turn.
        server_->sweep_now();
    }
    RawClient connect() { return RawClient{server_->port(0)}; }
    RawAnswer ask(std::string_view bytes) {
        RawClient client = connect();
        client.send(bytes);
        return client.read_answer();
    }

    FakeClock clock_;
    ServerOptions options_;
    std::unique_ptr<TestApplication> application_;
    std::unique_ptr<ReactorServer> server_;
};

}  // namespace latchkey::http
