#include "http/server.h"

#include <latch>
#include <utility>

#include <unistd.h>

#include "base/turns.h"
#include "http/connection.h"
#include "http/listen.h"
#include "http/reactor_server.h"

namespace latchkey::http {

Deferred::Deferred(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

Deferred& Deferred::operator=(Deferred&& other) noexcept {
    if (this == &other) return *this;
    if (connection_) connection_->post_answer(std::nullopt);
    connection_ = std::move(other.connection_);
    return *this;
}

Deferred::~Deferred() {
    if (connection_) connection_->post_answer(std::nullopt);
}

const Request& Deferred::request() const {
    return connection_->request();
}

void Deferred::answer(Response response) && {
    std::exchange(connection_, nullptr)->post_answer(std::move(response));
}

Stream Deferred::stream(Response head, StreamWatcher watcher) && {
    auto connection = std::exchange(connection_, nullptr);
    auto buffer = connection->make_stream(std::move(watcher));
    connection->post_stream(std::move(head), buffer);
    return Stream{std::move(connection), std::move(buffer)};
}

const Request& Exchange::request() const {
    return connection_.request();
}
std::size_t Exchange::reactor() const {
    return connection_.reactor().index();
}
bool Exchange::is_stopping() const {
    return connection_.reactor().is_stopping();
}
void Exchange::answer(const Response& response) {
    connection_.answer(response);
}
void Exchange::answer_flat(std::string_view head, std::string_view body) {
    connection_.answer_flat(head, body);
}
Deferred Exchange::defer() {
    return connection_.defer();
}

Response Application::refusal(int status, std::string_view why,
                              std::string_view /*request_id*/) const {
    return {status, "text/plain; charset=utf-8", std::string{why} + "\n", {}};
}

Result<std::unique_ptr<Server>> Server::create(ServerOptions options) {
    auto server =
        TRY(ReactorServer::create(std::move(options), [] { return SystemClock{}.steady(); }));
    return std::unique_ptr<Server>{std::move(server)};
}

Result<std::unique_ptr<ReactorServer>> ReactorServer::create(ServerOptions options,
                                                             SteadyClock steady) {
    auto state = std::make_shared<ServerState>();
    state->options = std::move(options);
    auto& connections_max = state->options.limits.connections_max;
    connections_max = make_room_for_connections(connections_max);
    state->steady = std::move(steady);
    std::unique_ptr<ReactorServer> server{new ReactorServer{state}};
    for (std::size_t i = 0; i < state->options.reactors; ++i) {
        server->reactors_.push_back(std::make_shared<Reactor>(state, i));
    }
    for (const Listener& listener : state->options.listeners) {
        auto listener_state = std::make_unique<ListenerState>(listener);
        if (listener.tls) {
            TlsContext context = TRY(make_tls_context(*listener.tls));
            listener_state->set_tls(std::move(context));
        }
        ListeningSockets opened = TRY(listen_on(listener, server->reactors_.size()));
        server->ports_.push_back(opened.port);
        for (std::size_t i = 0; i < opened.sockets.size(); ++i) {
            server->reactors_[i]->add_acceptor(std::move(opened.sockets[i]),
                                               state->listeners.size());
        }
        state->listeners.push_back(std::move(listener_state));
    }
    return server;
}

ReactorServer::~ReactorServer() {
    stop(Microseconds{0});
    for (const auto& listener : state_->listeners) {
        const std::string& path = listener->facts().unix_path;
        if (!path.empty()) ::unlink(path.c_str());
    }
}

void ReactorServer::start() {
    {
        const std::scoped_lock lock{state_->mutex};
        state_->running = reactors_.size();
    }
    for (const auto& reactor : reactors_) {
        threads_.emplace_back([reactor] {
            ask_for_short_turns();
            reactor->run();
        });
    }
}

std::uint16_t ReactorServer::port(std::size_t listener) const {
    return ports_.at(listener);
}

Status ReactorServer::reload_tls() {
    std::vector<TlsContext> contexts;
    for (const auto& listener : state_->listeners) {
        TlsContext context;
        if (listener->facts().tls) context = TRY(make_tls_context(*listener->facts().tls));
        contexts.push_back(std::move(context));
    }
    for (std::size_t i = 0; i < contexts.size(); ++i) {
        state_->listeners[i]->set_tls(std::move(contexts[i]));
    }
    return {};
}

void ReactorServer::stop(Microseconds grace) {
    if (threads_.empty()) return;
    for (const auto& reactor : reactors_)
        reactor->begin_stop();
    {
        std::unique_lock lock{state_->mutex};
        state_->finished.wait_for(lock, grace, [this] { return state_->running == 0; });
    }
    for (const auto& reactor : reactors_)
        reactor->force_stop();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

const ServerFigures& ReactorServer::figures() const {
    return *state_->options.figures;
}

void ReactorServer::sweep_now() {
    std::latch done{static_cast<std::ptrdiff_t>(reactors_.size())};
    for (const auto& reactor : reactors_)
        reactor->sweep_soon([&done] { done.count_down(); });
    done.wait();
}

}  // namespace latchkey::http
