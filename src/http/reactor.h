// One thread, one io_context, one acceptor per listener, and the connections it accepted. Nothing
// is shared with other reactors but counters. Its one timer sweeps deadlines each second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "base/file.h"
#include "http/asio_types.h"
#include "http/connection.h"
#include "http/ready_set.h"
#include "http/server.h"
#include "http/tls.h"

namespace latchkey::http {

using SteadyClock = std::function<Microseconds()>;

// What a reactor needs to know of one listener. The TLS context is replaced by reload_tls.
class ListenerState {
public:
    explicit ListenerState(Listener listener) : listener_(std::move(listener)) {}
    [[nodiscard]] const Listener& facts() const { return listener_; }
    [[nodiscard]] TlsContext tls() const {
        const std::scoped_lock lock{mutex_};
        return tls_;
    }
    void set_tls(TlsContext context) {
        const std::scoped_lock lock{mutex_};
        tls_ = std::move(context);
    }

private:
    const Listener listener_;
    mutable std::mutex mutex_;
    TlsContext tls_;
};

// Shared by the server and its reactors; outlives both, because a Deferred may outlive the server.
struct ServerState {
    ServerOptions options;
    SteadyClock steady;
    std::atomic<Microseconds> next_report{Microseconds::min()};  // of connections closed for others
    std::size_t unsent_bytes_max{268'435'456};                   // of each reactor
    std::vector<std::unique_ptr<ListenerState>> listeners;
    std::mutex mutex;  // for `running`
    std::condition_variable finished;
    std::size_t running{0};
};

// What another thread has for a connection: an answer (none: a 500), with a stream its head, and
// with a stream and no head the news that pieces wait.
struct Posted {
    std::shared_ptr<Connection> connection;
    std::optional<Response> response;
    std::shared_ptr<StreamBuffer> stream;
};

class Reactor : public std::enable_shared_from_this<Reactor> {
public:
    Reactor(std::shared_ptr<ServerState> state, std::size_t index);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    // Before run(): takes a listening socket over.
    void add_acceptor(FileDescriptor socket, std::size_t listener);
    void run();  // the thread's body; returns when stopping and no connection is left

    // From any thread.
    void post(Posted posted);
    void begin_stop();
    void force_stop();
    void sweep_soon(std::function<void()> when_done);
    [[nodiscard]] bool is_stopping() const { return is_stopping_.load(std::memory_order_relaxed); }

    // For its connections, on its thread.
    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] const Limits& limits() const { return state_->options.limits; }
    [[nodiscard]] ReadySet& ready_set() { return ready_set_; }
    [[nodiscard]] ServerFigures& figures() { return *state_->options.figures; }
    [[nodiscard]] Microseconds now() const { return now_; }  // up to a second old
    // "Date: …\r\nX-Request-Id: ", renewed each second.
    [[nodiscard]] std::string_view date_line() const { return date_line_; }
    void write_request_id(std::string& id);  // into its 20 characters
    // Of a large answer that its client does not take at once. When there is too much of that,
    // those who have waited longest are closed.
    void hold(std::size_t bytes);
    void let_go(std::size_t bytes) { unsent_bytes_ -= bytes; }
    // It waits for its client from now on. Called for each answer, so it does nothing for a second
    // once it was called: the order of the list is as coarse as now().
    void note_idle(Connection& connection) {
        auto& list = connection.has_asked ? asked_ : silent_;
        if (connection.idle_since != now_ || connection.idle_list != &list) {
            put_last(connection, list);
        }
    }
    void send_soon(Connection& connection);  // calls send_gathered after what is ready now
    void drop(Connection& connection);       // the connection is gone afterwards

private:
    struct Acceptor {
        Descriptor socket;
        std::size_t listener;
        bool is_paused{false};
    };

    void arm_timer();
    void sweep();
    void await_connections(Acceptor& acceptor);
    void accept_waiting(Acceptor& acceptor);
    static constexpr Microseconds kRestOfWhoAsked = std::chrono::seconds{5};

    void put_last(Connection& connection, std::list<Connection*>& list);
    static void take_out(Connection& connection);
    bool make_room();
    bool close_first_idle(std::list<Connection*>& list, Microseconds since_at_latest);
    void report_closed();
    void adopt(FileDescriptor socket, const ListenerState& listener, const Peer& peer);
    void deliver_posted();
    void finish_if_done();
    void send_gathered();
    void for_each_connection(const std::function<void(Connection&)>& action);

    const std::shared_ptr<ServerState> state_;
    const std::size_t index_;
    asio::io_context io_;
    asio::executor_work_guard<Executor> work_;
    Timer timer_;
    ReadySet ready_set_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::vector<std::shared_ptr<Connection>> connections_;
    // Each by idle_since. Some are busy again: whoever looks for an idle one takes those out, and
    // they come back when they are idle.
    std::list<Connection*> silent_;  // who never asked anything
    std::list<Connection*> asked_;
    std::vector<Connection*> gathered_;  // each holds an operation, so it stays
    std::vector<Connection*> sending_;
    Microseconds now_{};
    std::string date_line_;
    std::string id_prefix_;
    std::uint64_t id_counter_{0};
    std::size_t unsent_bytes_{0};
    std::atomic<bool> is_stopping_{false};
    bool is_finishing_{false};

    std::mutex mailbox_mutex_;  // for the two below
    std::vector<Posted> mailbox_;
    bool is_mailbox_closed_{false};
};

std::shared_ptr<Connection> make_tls_connection(std::shared_ptr<Reactor> reactor, Socket socket,
                                                const TlsContext& context, Application& application,
                                                const Peer& peer);

}  // namespace latchkey::http
