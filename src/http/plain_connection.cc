#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/reactor.h"
#include "http/ready_set.h"

namespace latchkey::http {
namespace {

AsioError last_error() {
    return {errno, boost::system::system_category()};
}

// libc's recv and send are places where a thread may be cancelled, which costs each call two atomic
// writes in a process with threads. Nobody cancels ours, so they go to the kernel directly.
// Negative: errno says why.
ssize_t receive(int socket, std::span<char> room) {
    return ::syscall(SYS_recvfrom, socket, room.data(), room.size(), MSG_DONTWAIT, nullptr,
                     nullptr);
}

ssize_t send(int socket, std::string_view bytes) {
    return ::syscall(SYS_sendto, socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                     nullptr, 0);
}

// Without Asio's sockets: one recv and one send a request, and nothing else.
class PlainConnection final : public Connection, private ReadySet::Member {
public:
    PlainConnection(std::shared_ptr<Reactor> reactor, FileDescriptor socket,
                    Application& application, const Peer& peer)
        : Connection(std::move(reactor), application, peer), socket_(std::move(socket)) {}

    void start() override { on_ready(); }

private:
    [[nodiscard]] std::uint32_t wanted() const {
        return (is_reading_ ? std::uint32_t{EPOLLIN} : 0U) |
               (is_write_waiting_ ? std::uint32_t{EPOLLOUT} : 0U);
    }

    bool watch(std::uint32_t events) {
        if (watched_ == events) return true;
        const bool is_done = reactor_->ready_set().change(socket_.get(), *this, watched_, events);
        watched_ = is_done ? events : 0;
        return is_done;
    }

    void on_events(std::uint32_t events) override {
        // What nobody waits for stays in the set until it comes: mostly it is waited for again by
        // then. Errors are always reported, and would wake us for ever.
        const std::uint32_t expected = wanted();
        if (expected == 0 || (events & ~expected & (EPOLLIN | EPOLLOUT)) != 0) {
            if (!watch(expected)) close();
        }
        const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
        if (is_write_waiting_ && (is_broken || (events & EPOLLOUT) != 0)) write_more();
        if (is_open() && is_reading_ && (is_broken || (events & EPOLLIN) != 0)) read_now();
        reap();
    }

    void read_some() override {
        if ((watched_ & EPOLLIN) == 0 && !watch(wanted())) close();
    }

    void read_now() {
        const std::span<char> room = parser_.room();
        const ssize_t got = receive(socket_.get(), room);
        if (got > 0) return on_read({}, static_cast<std::size_t>(got));
        if (got == 0) return on_read(asio::error::eof, 0);
        if (errno != EAGAIN && errno != EINTR) on_read(last_error(), 0);
    }

    // False: errno says why.
    bool write_rest() {
        while (written_ < sending_.size()) {
            const ssize_t sent = send(socket_.get(), std::string_view{sending_}.substr(written_));
            if (sent >= 0) {
                written_ += static_cast<std::size_t>(sent);
            } else if (errno != EINTR) {
                return false;
            }
        }
        return true;
    }

    bool write_sending() override {
        written_ = 0;
        if (write_rest()) return true;
        is_write_waiting_ = errno == EAGAIN;
        if (!is_write_waiting_ || !watch(wanted())) close();
        return false;
    }

    void write_more() {
        AsioError error;
        if (!write_rest()) {
            if (errno == EAGAIN) return;
            error = last_error();
        }
        is_write_waiting_ = false;
        on_written(error);
    }

    // Closing at once would reset the connection while the client still sends, and the reset can
    // overtake our answer (RFC 9112 §9.6): end our direction, and read on for a while.
    void begin_lingering() override {
        if (::shutdown(socket_.get(), SHUT_WR) != 0) return close();
        if (is_reading_) return;
        is_reading_ = true;
        read_some();
    }

    void close_stream() override {
        watch(0);
        is_write_waiting_ = false;
        socket_ = FileDescriptor{};
    }

    bool has_input() override {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }

    FileDescriptor socket_;
    std::uint32_t watched_{0};
    std::size_t written_{0};  // of sending_
    bool is_write_waiting_{false};
};

}  // namespace

std::shared_ptr<Connection> make_plain_connection(std::shared_ptr<Reactor> reactor,
                                                  FileDescriptor socket, Application& application,
                                                  const Peer& peer) {
    return std::make_shared<PlainConnection>(std::move(reactor), std::move(socket), application,
                                             peer);
}

}  // namespace latchkey::http
