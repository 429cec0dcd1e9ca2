// The plain sockets of one reactor, in an epoll set of their own within Asio's. Level-triggered, so
// that a socket which was read is only waited for: Asio's edge-triggered set needs a second recv
// after each request to learn that nothing is there. For the reactor's thread only.
#pragma once

#include <cstdint>
#include <functional>

#include "http/asio_types.h"

namespace latchkey::http {

class ReadySet {
public:
    class Member {
    public:
        // EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. May end and destroy this member, but no other one.
        virtual void on_events(std::uint32_t events) = 0;

    protected:
        ~Member() = default;
    };

    // `on_told` follows each round of events, when all members that were ready have been told.
    ReadySet(asio::io_context& io, std::function<void()> on_told);

    void start();
    void stop();  // nobody is told anything any more
    // From `before` to `after`, both of EPOLLIN and EPOLLOUT; zero: not in the set. False: the
    // kernel has no room for it. A socket leaves the set before it is closed.
    [[nodiscard]] bool change(int socket, Member& member, std::uint32_t before,
                              std::uint32_t after);

    // True while members are told; on_told is still to come.
    [[nodiscard]] bool is_telling() const { return is_telling_; }

private:
    [[nodiscard]] bool deliver();  // false: nothing was ready

    Descriptor epoll_;
    const std::function<void()> on_told_;
    bool is_telling_{false};
};

}  // namespace latchkey::http
