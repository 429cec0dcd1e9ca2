// The HTTP/1.1 server: reactors (one io_context and one SO_REUSEPORT acceptor each), strict
// parsing, limits and deadlines on every connection, TLS, graceful stop. An Application answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"
#include "http/stream.h"

namespace latchkey::http {

// A request whose answer comes later, from any thread, exactly once. Keeps the connection and its
// request alive. Dropped without an answer, it answers 500 by itself.
class Deferred {
public:
    Deferred() = default;
    explicit Deferred(std::shared_ptr<Connection> connection);
    Deferred(Deferred&&) noexcept = default;
    Deferred& operator=(Deferred&&) noexcept;
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;
    ~Deferred();

    [[nodiscard]] const Request& request() const;
    void answer(Response response) &&;
    // Sends the head (its body is not looked at), and the rest as it is written; the connection
    // closes behind it. Where nobody listens any more, the stream is closed from the start.
    Stream stream(Response head, StreamWatcher watcher = {}) &&;

private:
    std::shared_ptr<Connection> connection_;
};

// One request at the moment it is handed to the application, on the reactor's own thread.
// Exactly one of answer, answer_flat and defer is called.
class Exchange {
public:
    explicit Exchange(Connection& connection) : connection_(connection) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] const Request& request() const;
    [[nodiscard]] std::size_t reactor() const;  // which reactor, from 0; for per-thread state
    [[nodiscard]] bool is_stopping() const;
    void answer(const Response& response);
    // The hot path: `head` is "HTTP/1.1 200 OK\r\nName: value\r\n…" without the last empty line.
    // Both are copied into the connection's output buffer; allocates nothing once that has grown.
    void answer_flat(std::string_view head, std::string_view body);
    Deferred defer();

private:
    Connection& connection_;
};

class Application {
public:
    Application() = default;
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;
    virtual ~Application() = default;
    // Called on a reactor thread; must not block and must not throw.
    virtual void handle(Exchange& exchange) noexcept = 0;
    // An answer the connection makes itself (400, 408, 413, 431, 501, 503 …). Lets the application
    // give it its own shape (problem+json); the default is a plain text line.
    [[nodiscard]] virtual Response refusal(int status, std::string_view why,
                                           std::string_view request_id) const;
};

struct Limits {
    std::size_t header_bytes_max{16'384};
    std::size_t fields_max{100};
    std::size_t body_bytes_max{65'536};
    int header_seconds{10};  // from the first byte of a request to the end of its header
    int body_seconds{20};
    int idle_seconds{75};                     // between requests
    int write_seconds{20};                    // for the peer to take an answer
    std::size_t stream_bytes_max{1'048'576};  // that may wait for the client of a stream
    std::size_t connections_max{10'000};
};

struct TlsFiles {
    std::string certificate;  // PEM chain
    std::string key;          // PEM
};

struct Listener {
    std::string address{"127.0.0.1"};  // numeric
    std::uint16_t port{0};             // 0: any; ask Server::port
    std::string unix_path;             // instead of address and port; made 0600
    std::optional<TlsFiles> tls;
    Application* application{nullptr};  // outlives the server
};

// Counters, readable from any thread.
struct ServerFigures {
    std::atomic<std::int64_t> connections_open{0};
    std::atomic<std::int64_t> connections_total{0};
    std::atomic<std::int64_t> refused_total{0};  // answered by the connection itself
    std::atomic<std::int64_t> timeouts_total{0};
    std::atomic<std::int64_t> closed_idle_total{0};    // to make room for new connections
    std::atomic<std::int64_t> closed_unsent_total{0};  // to make room for others' answers
    std::atomic<std::int64_t> streams_open{0};
    std::atomic<std::int64_t> streams_cut_total{0};  // their clients read too slowly
};

struct ServerOptions {
    std::vector<Listener> listeners;
    std::size_t reactors{1};
    Limits limits;
    // Where the server counts; whoever shows the figures may keep them longer than the server.
    std::shared_ptr<ServerFigures> figures = std::make_shared<ServerFigures>();
    // Called on every reactor about once a second, for caches that follow the clock.
    std::function<void(std::size_t reactor)> every_second;
    // Called on a reactor's thread when it starts.
    std::function<void(std::size_t reactor)> on_start;
};

class Server {
public:
    // Binds and listens, so that port() is known; answers nothing until start(). An address in use
    // is kConflict and names it; a certificate that cannot be used is kInvalidArgument.
    static Result<std::unique_ptr<Server>> create(ServerOptions options);
    virtual ~Server() = default;
    virtual void start() = 0;
    [[nodiscard]] virtual std::uint16_t port(std::size_t listener) const = 0;
    // New connections use the new certificate; on an error nothing changes.
    virtual Status reload_tls() = 0;
    // Stops accepting, answers what is under way with Connection: close, closes idle connections,
    // and returns when all are done or `grace` is over.
    virtual void stop(Microseconds grace) = 0;
    [[nodiscard]] virtual const ServerFigures& figures() const = 0;
};

}  // namespace latchkey::http
