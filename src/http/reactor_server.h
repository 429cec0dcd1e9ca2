// The Server behind the interface, with the two handles that its tests need.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "http/reactor.h"
#include "http/server.h"

namespace latchkey::http {

class ReactorServer final : public Server {
public:
    static Result<std::unique_ptr<ReactorServer>> create(ServerOptions options, SteadyClock steady);
    ~ReactorServer() override;

    void start() override;
    [[nodiscard]] std::uint16_t port(std::size_t listener) const override;
    Status reload_tls() override;
    void stop(Microseconds grace) override;
    [[nodiscard]] const ServerFigures& figures() const override;

    // Does at once, on every reactor, what each does once a second; returns when done.
    void sweep_now();

private:
    explicit ReactorServer(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

    const std::shared_ptr<ServerState> state_;
    std::vector<std::shared_ptr<Reactor>> reactors_;
    std::vector<std::thread> threads_;
    std::vector<std::uint16_t> ports_;
};

}  // namespace latchkey::http
