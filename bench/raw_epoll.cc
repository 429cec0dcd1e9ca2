// The ceiling: one thread of bare epoll that answers 204 to whatever ends in an empty line. Parses
// nothing. Usage: bench_raw_epoll PORT
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "X-Request-Id: 00000000000000000000\r\n\r\n";
constexpr int kEventsMax = 256;

int listen_on(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE: the sockets interface is made of these casts.
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(socket, generic, sizeof address) != 0 || ::listen(socket, 1024) != 0) return -1;
    return socket;
}

void watch(int epoll, int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

void answer(int socket) {
    std::array<char, 8192> bytes{};
    const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
        ::close(socket);
        return;
    }
    const std::string_view request{bytes.data(), static_cast<std::size_t>(got)};
    if (!request.ends_with("\r\n\r\n")) return;
    if (::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
    const int listener = listen_on(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
    if (listener < 0) {
        std::perror("listen");
        return 1;
    }
    const int epoll = ::epoll_create1(0);
    watch(epoll, listener);
    std::array<epoll_event, kEventsMax> events{};
    for (;;) {
        const int ready = ::epoll_wait(epoll, events.data(), kEventsMax, -1);
        for (int i = 0; i < ready; ++i) {
            const int socket = events[static_cast<std::size_t>(i)].data.fd;
            if (socket != listener) {
                answer(socket);
                continue;
            }
            const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (accepted >= 0) watch(epoll, accepted);
        }
    }
}
