// One client: reads requests, hands them to the application one at a time, writes answers in order.
// Everything runs on its reactor's thread but what is named post_. The reactor owns it and drops it
// when it is closed and no operation is pending; a Deferred may keep it longer, and then only its
// memory.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "http/asio_types.h"
#include "http/message.h"
#include "http/request_parser.h"
#include "http/server.h"

namespace latchkey::http {

class Reactor;

// What accepting a connection found out about its peer.
struct Peer {
    Address address{};
    bool is_tls{false};
    bool is_unix{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<Reactor> reactor, Application& application, const Peer& peer);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection();

    // For Exchange and Deferred.
    [[nodiscard]] const Request& request() const { return parser_.request(); }
    [[nodiscard]] const Reactor& reactor() const { return *reactor_; }
    void answer(const Response& response);
    void answer_flat(std::string_view head, std::string_view body);
    Deferred defer();
    void post_answer(std::optional<Response> response);  // from any thread; nothing: a 500
    [[nodiscard]] std::shared_ptr<StreamBuffer> make_stream(StreamWatcher watcher) const;
    void post_stream(Response head, std::shared_ptr<StreamBuffer> stream);
    void post_wake(std::shared_ptr<StreamBuffer> stream);

    // For the reactor. After each of them it calls reap().
    virtual void start() = 0;
    void finish_deferred(const std::optional<Response>& response);
    void start_stream(const Response& head, std::shared_ptr<StreamBuffer> stream);
    void send_stream();
    void send_gathered();
    void check_deadline(Microseconds now);
    void stop_gracefully();
    void close();
    // When it is closed at the latest unless its client takes what the reactor holds; max: nothing.
    [[nodiscard]] Microseconds unsent_until() const {
        return unsent_bytes_ != 0 ? write_deadline_ : Microseconds::max();
    }
    // Nothing of a request is here, nothing is to be written, and nobody waits for an answer.
    [[nodiscard]] bool is_idle();
    // Gives the connection back if it is finished; `this` may be gone afterwards.
    void reap();

    // The reactor's: where it is in its lists; none: nobody looks for it among the idle.
    std::size_t place{0};
    std::list<Connection*>* idle_list{nullptr};
    std::list<Connection*>::iterator idle_place;
    Microseconds idle_since{};
    bool has_asked{false};  // a whole request came

protected:
    // The stream's side: each starts one operation or reports at once.
    virtual void read_some() = 0;        // into parser_.room() → on_read
    virtual bool write_sending() = 0;    // true: all written; false: on_written comes, or closed
    virtual void begin_lingering() = 0;  // end our direction, then drain → on_drained
    virtual void close_stream() = 0;
    [[nodiscard]] virtual bool has_input() = 0;
    // While the stream is opening: anything came from the client.
    [[nodiscard]] virtual bool has_begun() { return true; }

    void on_ready();  // the stream can carry requests
    void on_read(const AsioError& error, std::size_t bytes);
    void on_written(const AsioError& error);
    void begin_operation() { ++operations_; }
    void end_operation() { --operations_; }
    void linger();
    [[nodiscard]] bool is_open() const { return phase_ != Phase::kClosed; }
    [[nodiscard]] bool is_lingering() const { return phase_ == Phase::kLingering; }

    const std::shared_ptr<Reactor> reactor_;  // before the stream, which needs its io_context
    RequestParser parser_;
    std::string sending_;  // being written; never touched while an operation is pending
    bool is_reading_{false};

private:
    enum class Phase : std::uint8_t {
        kOpening,
        kIdle,
        kHeader,
        kBody,
        kHandling,
        kStreaming,
        kLingering,
        kClosed,
    };

    void run();
    void await_input();
    bool dispatch();
    void refuse(int status, std::string_view why);
    bool flush();
    void hold_unsent();
    void let_unsent_go();
    void send_and_read();
    bool flush_or_linger();
    void append_head_end(int status, std::size_t body_bytes, bool is_closing);
    void append_response(const Response& response);
    void append_head(const Response& response);
    void drain(const AsioError& error, std::size_t bytes);
    void release_stream();
    void set_idle();
    void set_phase(Phase phase, int seconds);

    Application& application_;
    const Peer peer_;
    Phase phase_{Phase::kOpening};
    bool is_writing_{false};
    bool is_answered_{false};
    bool is_deferred_{false};
    bool close_after_{false};
    int operations_{0};
    std::size_t drained_bytes_{0};
    std::size_t unsent_bytes_{0};  // that the reactor knows of
    Microseconds deadline_{Microseconds::max()};
    Microseconds write_deadline_{Microseconds::max()};
    std::string output_;  // answers not yet handed to the stream
    std::string request_id_;
    std::shared_ptr<StreamBuffer> stream_;  // while streaming
};

std::shared_ptr<Connection> make_plain_connection(std::shared_ptr<Reactor> reactor,
                                                  FileDescriptor socket, Application& application,
                                                  const Peer& peer);

}  // namespace latchkey::http
