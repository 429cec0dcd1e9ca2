#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include "http/connection.h"
#include "http/reactor.h"

namespace latchkey::http {
namespace {

// Handlers hold a bare pointer: the reactor keeps the connection while an operation is pending.
class TlsConnection final : public Connection {
public:
    TlsConnection(std::shared_ptr<Reactor> reactor, Socket socket, const TlsContext& context,
                  Application& application, const Peer& peer)
        : Connection(std::move(reactor), application, peer), stream_(std::move(socket), *context) {}

    void start() override {
        begin_operation();
        stream_.async_handshake(Stream::server, [this](const AsioError& error) {
            end_operation();
            if (is_open()) error ? close() : on_ready();
            reap();
        });
    }

private:
    using Stream = asio::ssl::stream<Socket>;

    Socket& socket() { return stream_.next_layer(); }

    template <typename From>
    void read_from(From& from) {
        begin_operation();
        const std::span<char> room = parser_.room();
        from.async_read_some(asio::buffer(room.data(), room.size()),
                             [this](const AsioError& error, std::size_t bytes) {
                                 end_operation();
                                 on_read(error, bytes);
                                 reap();
                             });
    }

    void read_some() override {
        // While lingering, only the raw bytes are drained: TLS has already ended.
        if (is_lingering()) return read_from(socket());
        read_from(stream_);
    }

    bool write_sending() override {
        begin_operation();
        asio::async_write(stream_, asio::buffer(sending_),
                          [this](const AsioError& error, std::size_t /*bytes*/) {
                              end_operation();
                              on_written(error);
                              reap();
                          });
        return false;
    }

    // Closing at once would reset the connection while the client still sends, and the reset can
    // overtake our answer (RFC 9112 §9.6): end our direction, and read on for a while.
    void begin_lingering() override {
        if (is_reading_) return end_sending();
        begin_operation();
        stream_.async_shutdown([this](const AsioError& /*error*/) {
            end_operation();
            end_sending();
            reap();
        });
    }

    void end_sending() {
        if (!is_open()) return;
        AsioError error;
        socket().shutdown(Socket::shutdown_send, error);
        if (error) return close();
        if (is_reading_) return;
        is_reading_ = true;
        read_some();
    }

    void close_stream() override {
        AsioError ignored;
        socket().close(ignored);
    }

    bool has_input() override {
        char byte = 0;
        return ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }

    bool has_begun() override {
        return BIO_number_read(SSL_get_rbio(stream_.native_handle())) != 0;
    }

    Stream stream_;
};

}  // namespace

std::shared_ptr<Connection> make_tls_connection(std::shared_ptr<Reactor> reactor, Socket socket,
                                                const TlsContext& context, Application& application,
                                                const Peer& peer) {
    return std::make_shared<TlsConnection>(std::move(reactor), std::move(socket), context,
                                           application, peer);
}

}  // namespace latchkey::http
