// The I/O of a connection over a plain socket or a TLS stream. Handlers hold a bare pointer: the
// reactor keeps the connection while an operation is pending.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include "http/connection.h"

namespace latchkey::http {

template <typename Stream>
class StreamConnection final : public Connection {
public:
    static constexpr bool kIsTls = !std::is_same_v<Stream, Socket>;

    template <typename... Arguments>
    StreamConnection(std::shared_ptr<Reactor> reactor, Application& application, const Peer& peer,
                     Arguments&&... arguments)
        : Connection(std::move(reactor), application, peer),
          stream_(std::forward<Arguments>(arguments)...) {}

    void start() override {
        if constexpr (kIsTls) {
            begin_operation();
            stream_.async_handshake(Stream::server, [this](const AsioError& error) {
                end_operation();
                if (is_open()) error ? close() : on_ready();
                reap();
            });
        } else {
            on_ready();
        }
    }

private:
    Socket& socket() {
        if constexpr (kIsTls) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }

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
        std::size_t written = 0;
        if constexpr (!kIsTls) {
            AsioError error;
            written = stream_.write_some(asio::buffer(sending_), error);
            if (written == sending_.size()) return true;
            if (error && error != asio::error::would_block) {
                close();
                return false;
            }
        }
        begin_operation();
        asio::async_write(stream_,
                          asio::buffer(sending_.data() + written, sending_.size() - written),
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
        if constexpr (kIsTls) {
            if (!is_reading_) {
                begin_operation();
                stream_.async_shutdown([this](const AsioError& /*error*/) {
                    end_operation();
                    end_sending();
                    reap();
                });
                return;
            }
        }
        end_sending();
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

    Stream stream_;
};

}  // namespace latchkey::http
