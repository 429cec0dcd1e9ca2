#include "cli/loopback.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/errors.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kConnectionsMax = 32;
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kTick = std::chrono::milliseconds(500);

struct Listener {
    int descriptor;
    std::uint16_t port;
};

std::optional<Listener> listen_on(sockaddr* address, socklen_t length) {
    const int descriptor =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return std::nullopt;
    sockaddr_storage bound{};
    socklen_t bound_length = sizeof bound;
    // NOLINTBEGIN: sockets are so.
    auto* bound_address = reinterpret_cast<sockaddr*>(&bound);
    const bool is_open = bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0 &&
                         getsockname(descriptor, bound_address, &bound_length) == 0;
    if (!is_open) {
        close(descriptor);
        return std::nullopt;
    }
    const std::uint16_t port = address->sa_family == AF_INET
                                   ? reinterpret_cast<const sockaddr_in*>(&bound)->sin_port
                                   : reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port;
    // NOLINTEND
    return Listener{descriptor, ntohs(port)};
}

// The whole of it, or as much as the browser takes in time.
void send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        pollfd writable{descriptor, POLLOUT, 0};
        const bool may_go_on = sent < 0 && errno == EAGAIN && poll(&writable, 1, 2000) > 0;
        if (!may_go_on) return;
    }
}

void answer_and_close(int descriptor, CallbackPage page, PageLanguage language) {
    send_all(descriptor, callback_answer(page, language));
    shutdown(descriptor, SHUT_WR);
    close(descriptor);
}

}  // namespace

Result<Loopback> Loopback::open() {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTBEGIN: sockets are so.
    if (const auto made = listen_on(reinterpret_cast<sockaddr*>(&four), sizeof four)) {
        return Loopback(made->descriptor, fmt::format("127.0.0.1:{}", made->port));
    }
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    if (const auto made = listen_on(reinterpret_cast<sockaddr*>(&six), sizeof six)) {
        return Loopback(made->descriptor, fmt::format("[::1]:{}", made->port));
    }
    // NOLINTEND
    return failure("no port of this machine could be opened for the browser",
                   "latchkey login, without --web, needs none");
}

Loopback::Loopback(Loopback&& other) noexcept
    : listener_(std::exchange(other.listener_, -1)),
      authority_(std::move(other.authority_)),
      connections_(std::move(other.connections_)),
      waiting_(std::exchange(other.waiting_, -1)),
      language_(other.language_) {
    other.connections_.clear();
}

Loopback::~Loopback() {
    for (const auto& connection : connections_)
        close(connection.descriptor);
    if (waiting_ >= 0) close(waiting_);
    if (listener_ >= 0) close(listener_);
}

void Loopback::accept_one() {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return;
    if (connections_.size() == kConnectionsMax) {
        // Who said nothing for the longest: a person's browser asks as soon as it is there.
        close(connections_.front().descriptor);
        connections_.erase(connections_.begin());
    }
    connections_.push_back({descriptor, {}, std::chrono::steady_clock::now() + kPatience});
}

bool Loopback::read_from(Connection& connection, std::string_view state,
                         std::optional<Callback>& answer) {
    std::array<char, kCallbackBytesMax + 1> bytes{};
    const auto count = recv(connection.descriptor, bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (count <= 0) {
        close(connection.descriptor);
        return true;
    }
    connection.head.append(bytes.data(), static_cast<std::size_t>(count));
    const auto end = connection.head.find("\r\n\r\n");
    if (end == std::string::npos && connection.head.size() <= kCallbackBytesMax) return false;
    Heard heard;
    if (end != std::string::npos && end <= kCallbackBytesMax) {
        heard = hear(std::string_view(connection.head).substr(0, end), {authority_, state});
    }
    if (!heard.callback) {
        answer_and_close(connection.descriptor, heard.page, heard.language);
        return true;
    }
    answer = std::move(heard.callback);
    waiting_ = connection.descriptor;
    language_ = heard.language;
    return true;
}

Result<std::optional<Callback>> Loopback::wait(std::string_view state, std::chrono::seconds time,
                                               const std::function<void()>& tick) {
    using Steady = std::chrono::steady_clock;
    const auto until = Steady::now() + time;
    auto next_tick = Steady::now();
    std::optional<Callback> answer;
    while (Steady::now() < until) {
        std::vector<pollfd> watched{{listener_, POLLIN, 0}};
        for (const auto& connection : connections_)
            watched.push_back({connection.descriptor, POLLIN, 0});
        const int ready = poll(watched.data(), watched.size(), static_cast<int>(kTick.count()));
        if (ready < 0 && errno != EINTR) return failure("waiting for the browser failed");
        const auto now = Steady::now();
        for (std::size_t i = connections_.size(); i-- > 0 && !answer;) {
            auto& connection = connections_[i];
            bool is_over = watched[i + 1].revents != 0 && read_from(connection, state, answer);
            if (!is_over && connection.until < now) {
                close(connection.descriptor);
                is_over = true;
            }
            if (is_over) connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (answer) return answer;
        if (watched[0].revents != 0) accept_one();
        if (now < next_tick) continue;
        next_tick = now + kTick;
        tick();
    }
    return answer;
}

void Loopback::reply(CallbackPage page) {
    if (waiting_ < 0) return;
    answer_and_close(std::exchange(waiting_, -1), page, language_);
}

}  // namespace latchkey::cli
