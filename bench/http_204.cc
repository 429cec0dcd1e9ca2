// Our server with an application that answers 204 and nothing else: the cost of http/ alone, to
// set beside nginx's `return 204` and bench_raw_epoll. Usage: bench_http_204 PORT
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "http/server.h"

namespace {

class NoContent final : public latchkey::http::Application {
public:
    void handle(latchkey::http::Exchange& exchange) noexcept override {
        exchange.answer_flat("HTTP/1.1 204 No Content\r\n", {});
    }
};

}  // namespace

int main(int argc, char** argv) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);

    NoContent application;
    latchkey::http::ServerOptions options;
    options.listeners.emplace_back();
    options.listeners.back().port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
    options.listeners.back().application = &application;
    auto server = latchkey::http::Server::create(std::move(options));
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().message.c_str());
        return 1;
    }
    (*server)->start();
    int signal = 0;
    sigwait(&wanted, &signal);
    (*server)->stop(latchkey::Microseconds{100'000});
    return 0;
}
