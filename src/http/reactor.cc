#include "http/reactor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/result.h"

namespace latchkey::http {
namespace {

constexpr int kAcceptedAtOnceMax = 64;
constexpr std::size_t kIdPrefixBytes = 4;  // eight hex digits; the counter has the other twelve

std::string random_prefix() {
    std::string bytes(kIdPrefixBytes, '\0');
    // Only against confusion of two runs or reactors, not against guessing.
    if (::getrandom(bytes.data(), bytes.size(), 0) < 0) log::warning("getrandom failed");
    return hex_encode(bytes);
}

Address address_of(const sockaddr_storage& storage) {
    Address address{};
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        address[10] = address[11] = 0xFF;
        std::memcpy(address.data() + 12, &v4.sin_addr, 4);
    } else if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        std::memcpy(address.data(), &v6.sin6_addr, address.size());
    }
    return address;
}

// The file's mode already keeps others out; this holds even where a directory was moved or the
// mode changed behind our back.
bool is_own_peer(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 &&
           (credentials.uid == ::geteuid() || credentials.uid == 0);
}

bool is_out_of_resources(int number) {
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

}  // namespace

Reactor::Reactor(std::shared_ptr<ServerState> state, std::size_t index)
    : state_(std::move(state)),
      index_(index),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_.get_executor()),
      ready_set_(io_, [this] { send_gathered(); }),
      now_(state_->steady()),
      id_prefix_(random_prefix()) {}

Reactor::~Reactor() = default;

void Reactor::add_acceptor(FileDescriptor socket, std::size_t listener) {
    acceptors_.push_back(std::make_unique<Acceptor>(
        Acceptor{Descriptor{io_.get_executor(), socket.release()}, listener}));
}

void Reactor::run() {
    if (state_->options.on_start) state_->options.on_start(index_);
    sweep();
    arm_timer();
    ready_set_.start();
    for (const auto& acceptor : acceptors_)
        await_connections(*acceptor);
    io_.run();
    std::vector<Posted> dropped;
    {
        const std::scoped_lock lock{mailbox_mutex_};
        is_mailbox_closed_ = true;
        dropped.swap(mailbox_);
    }
    for (const Posted& each : dropped) {
        if (each.stream) each.stream->close();
    }
    dropped.clear();
    const std::scoped_lock lock{state_->mutex};
    --state_->running;
    state_->finished.notify_all();
}

void Reactor::arm_timer() {
    timer_.expires_after(std::chrono::seconds{1});
    timer_.async_wait([this](const AsioError& error) {
        if (error || is_finishing_) return;
        sweep();
        if (!is_finishing_) arm_timer();
    });
}

void Reactor::sweep() {
    now_ = state_->steady();
    date_line_ = "Date: " + format_http_date(SystemClock{}.now()) + "\r\nX-Request-Id: ";
    for_each_connection([this](Connection& connection) {
        connection.check_deadline(now_);
        // Passed over for bytes that made no request: half a TLS record.
        if (connection.idle_list == nullptr && connection.is_idle()) note_idle(connection);
    });
    for (const auto& acceptor : acceptors_) {
        if (std::exchange(acceptor->is_paused, false)) await_connections(*acceptor);
    }
    if (state_->options.every_second) state_->options.every_second(index_);
    finish_if_done();
}

// Backwards, because an action may end its own connection, and then the last takes its place.
void Reactor::for_each_connection(const std::function<void(Connection&)>& action) {
    for (std::size_t i = connections_.size(); i-- > 0;) {
        Connection& connection = *connections_[i];
        action(connection);
        connection.reap();
    }
}

void Reactor::write_request_id(std::string& id) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::copy(id_prefix_.begin(), id_prefix_.end(), id.begin());
    std::uint64_t counter = ++id_counter_;
    for (std::size_t i = id.size(); i-- > id_prefix_.size();) {
        id[i] = kDigits[counter & 0xFU];
        counter >>= 4U;
    }
}

void Reactor::await_connections(Acceptor& acceptor) {
    acceptor.socket.async_wait(Descriptor::wait_read, [this, &acceptor](const AsioError& error) {
        if (error || !acceptor.socket.is_open()) return;
        accept_waiting(acceptor);
        if (!acceptor.is_paused) await_connections(acceptor);
    });
}

void Reactor::accept_waiting(Acceptor& acceptor) {
    const ListenerState& listener = *state_->listeners[acceptor.listener];
    const bool is_unix = !listener.facts().unix_path.empty();
    for (int i = 0; i < kAcceptedAtOnceMax; ++i) {
        sockaddr_storage storage{};
        socklen_t length = sizeof storage;
        // NOLINTNEXTLINE: the sockets interface is made of these casts.
        auto* generic = reinterpret_cast<sockaddr*>(&storage);
        FileDescriptor socket{::accept4(acceptor.socket.native_handle(), generic, &length,
                                        SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (!socket) {
            if (errno == EAGAIN) return;
            if (is_out_of_resources(errno)) {
                // The connection stays in the queue and would wake us for ever: wait for the sweep.
                acceptor.is_paused = true;
                return log::warning("connections wait: out of file descriptors or memory");
            }
            continue;  // the client is gone again
        }
        if (is_unix && !is_own_peer(socket.get())) continue;
        adopt(std::move(socket), listener,
              Peer{address_of(storage), listener.facts().tls.has_value(), is_unix});
    }
}

void Reactor::adopt(FileDescriptor socket, const ListenerState& listener, const Peer& peer) {
    ServerFigures& figures = this->figures();
    ++figures.connections_total;
    const auto connections_max = static_cast<std::int64_t>(limits().connections_max);
    // Whoever runs the server gets through to it also when strangers have taken every place.
    const bool is_full = ++figures.connections_open > connections_max && !peer.is_unix;
    if (is_full && !make_room()) {
        --figures.connections_open;
        ++figures.refused_total;
        constexpr std::string_view kFull =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n";
        if (!peer.is_tls) {
            // Best effort: a client we have no room for is not worth waiting for.
            (void)::send(socket.get(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            ::shutdown(socket.get(), SHUT_WR);
        }
        return;
    }
    Application& application = *listener.facts().application;
    std::shared_ptr<Connection> connection;
    if (peer.is_tls) {
        AsioError error;
        Socket stream{io_.get_executor()};
        stream.assign(asio::generic::stream_protocol{AF_INET, 0}, socket.get(), error);
        if (error) {
            --figures.connections_open;
            return;
        }
        (void)socket.release();
        stream.non_blocking(true, error);
        connection = make_tls_connection(shared_from_this(), std::move(stream), listener.tls(),
                                         application, peer);
    } else {
        connection =
            make_plain_connection(shared_from_this(), std::move(socket), application, peer);
    }
    connection->place = connections_.size();
    connections_.push_back(connection);
    note_idle(*connection);
    connection->start();
    connection->reap();
}

void Reactor::put_last(Connection& connection, std::list<Connection*>& list) {
    if (connection.idle_list == nullptr) {
        connection.idle_place = list.insert(list.end(), &connection);
    } else {
        list.splice(list.end(), *connection.idle_list, connection.idle_place);
    }
    connection.idle_list = &list;
    connection.idle_since = now_;
}

void Reactor::take_out(Connection& connection) {
    if (connection.idle_list == nullptr) return;
    connection.idle_list->erase(connection.idle_place);
    connection.idle_list = nullptr;
}

// Whoever opens many connections and says nothing would otherwise keep all others out. Those go
// first; who asked before, a gateway say, is only asked for its place when it has rested for some
// seconds: else a flood of newcomers would close the connections that work. False: there is none.
bool Reactor::make_room() {
    return close_first_idle(silent_, now_) || close_first_idle(asked_, now_ - kRestOfWhoAsked);
}

// Each that is passed over here was put in once since, so that a flood does not look at all of them
// again and again.
bool Reactor::close_first_idle(std::list<Connection*>& list, Microseconds since_at_latest) {
    while (!list.empty() && list.front()->idle_since <= since_at_latest) {
        Connection& first = *list.front();
        take_out(first);
        if (!first.is_idle()) continue;
        ++figures().closed_idle_total;
        report_closed();
        first.close();
        first.reap();
        return true;
    }
    return false;
}

void Reactor::report_closed() {
    Microseconds next = state_->next_report.load();
    const Microseconds following = now_ + std::chrono::minutes{1};
    if (now_ < next || !state_->next_report.compare_exchange_strong(next, following)) return;
    log::warning("connections are closed to make room for others; so many since the start",
                 {{"idle", std::to_string(figures().closed_idle_total.load())},
                  {"unsent", std::to_string(figures().closed_unsent_total.load())}});
}

// Not the newcomer: a few clients that do not read would keep large answers from all others.
void Reactor::hold(std::size_t bytes) {
    unsent_bytes_ += bytes;
    const auto is_first = [](const auto& a, const auto& b) {
        return a->unsent_until() < b->unsent_until();
    };
    while (unsent_bytes_ > state_->unsent_bytes_max) {
        const auto longest = *std::min_element(connections_.begin(), connections_.end(), is_first);
        CHECK(longest->unsent_until() != Microseconds::max());
        ++figures().closed_unsent_total;
        report_closed();
        longest->close();
        asio::post(io_, [longest] { longest->reap(); });
    }
}

void Reactor::send_soon(Connection& connection) {
    gathered_.push_back(&connection);
    if (gathered_.size() > 1 || ready_set_.is_telling()) return;
    asio::post(io_, [this] { send_gathered(); });
}

void Reactor::send_gathered() {
    sending_.swap(gathered_);
    for (Connection* const each : sending_) {
        each->send_gathered();
    }
    sending_.clear();
}

void Reactor::drop(Connection& connection) {
    const std::size_t place = connection.place;
    if (place >= connections_.size() || connections_[place].get() != &connection) return;
    const std::shared_ptr<Connection> last_sight = std::move(connections_[place]);
    if (place + 1 != connections_.size()) {
        connections_[place] = std::move(connections_.back());
        connections_[place]->place = place;
    }
    connections_.pop_back();
    take_out(connection);
    --figures().connections_open;
    finish_if_done();
}

void Reactor::post(Posted posted) {
    std::shared_ptr<StreamBuffer> refused;
    {
        const std::scoped_lock lock{mailbox_mutex_};
        if (!is_mailbox_closed_) {
            mailbox_.push_back(std::move(posted));
            // A burst of answers wakes the reactor once.
            if (mailbox_.size() == 1) asio::post(io_, [this] { deliver_posted(); });
            return;
        }
        refused = std::move(posted.stream);
    }
    if (refused) refused->close();
}

void Reactor::deliver_posted() {
    std::vector<Posted> posted;
    {
        const std::scoped_lock lock{mailbox_mutex_};
        posted.swap(mailbox_);
    }
    for (Posted& each : posted) {
        if (!each.stream) {
            each.connection->finish_deferred(each.response);
        } else if (each.response) {
            each.connection->start_stream(*each.response, std::move(each.stream));
        } else {
            each.connection->send_stream();
        }
        each.connection->reap();
    }
}

void Reactor::begin_stop() {
    asio::post(io_, [this] {
        // Connections that the kernel already completed for us are served, not reset.
        for (const auto& acceptor : acceptors_)
            accept_waiting(*acceptor);
        is_stopping_ = true;
        for (const auto& acceptor : acceptors_) {
            AsioError ignored;
            acceptor->socket.close(ignored);
            acceptor->is_paused = false;
        }
        for_each_connection([](Connection& connection) { connection.stop_gracefully(); });
        finish_if_done();
    });
}

void Reactor::force_stop() {
    asio::post(io_, [this] {
        for_each_connection([](Connection& connection) { connection.close(); });
        finish_if_done();
    });
}

void Reactor::sweep_soon(std::function<void()> when_done) {
    asio::post(io_, [this, when_done = std::move(when_done)] {
        sweep();
        when_done();
    });
}

void Reactor::finish_if_done() {
    if (!is_stopping() || !connections_.empty() || is_finishing_) return;
    is_finishing_ = true;
    timer_.cancel();
    ready_set_.stop();
    work_.reset();
}

}  // namespace latchkey::http
