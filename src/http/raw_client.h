// A client for tests: sends bytes exactly as given over a real socket and reads what comes back.
// Every wait is bounded, so that a server that hangs is a failed test and not a hung one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

namespace latchkey::http {

struct RawAnswer {
    int status{0};  // 0: the connection ended first
    std::string head;
    std::string body;
};

class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        const int on = 1;
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connect_to(&address, sizeof address);
    }
    explicit RawClient(const std::string& unix_path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, unix_path.data(), unix_path.size());
        connect_to(&address, sizeof address);
    }

    [[nodiscard]] bool is_connected() const { return is_connected_; }
    [[nodiscard]] int descriptor() const { return socket_.get(); }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }

    // The next answer by its own Content-Length; `is_head` answers have no body.
    RawAnswer read_answer(bool is_head = false) {
        RawAnswer answer;
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!read_more()) return answer;
        }
        answer.head = buffer_.substr(0, end + 2);
        buffer_.erase(0, end + 4);
        answer.status = std::atoi(answer.head.c_str() + 9);
        std::size_t length = 0;
        const std::size_t at = answer.head.find("\r\nContent-Length: ");
        if (at != std::string::npos && !is_head) {
            length = static_cast<std::size_t>(std::atoll(answer.head.c_str() + at + 18));
        }
        while (buffer_.size() < length) {
            if (!read_more()) break;
        }
        answer.body = buffer_.substr(0, length);
        buffer_.erase(0, length);
        return answer;
    }

    // The next chunk of a chunked answer whose head was read; empty at its end.
    std::string read_chunk() {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
            if (!read_more()) return {};
        }
        const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
        while (buffer_.size() < end + 2 + size + 2) {
            if (!read_more()) return {};
        }
        std::string chunk = buffer_.substr(end + 2, size);
        buffer_.erase(0, end + 2 + size + 2);
        return chunk;
    }

    // True when the server ends the connection and nothing more was sent.
    bool is_ended() {
        while (read_more()) {
        }
        return was_ended_ && buffer_.empty();
    }
    // Everything up to the end of the connection.
    std::string read_all() {
        while (read_more()) {
        }
        return buffer_;
    }
    [[nodiscard]] bool was_ended() const { return was_ended_; }

private:
    template <typename Sockaddr>
    void connect_to(const Sockaddr* address, socklen_t length) {
        // NOLINTNEXTLINE: the sockets interface is made of these casts.
        const auto* generic = reinterpret_cast<const sockaddr*>(address);
        is_connected_ = ::connect(socket_.get(), generic, length) == 0;
    }
    bool read_more() {
        constexpr int kPatienceMilliseconds = 10'000;
        pollfd wanted{socket_.get(), POLLIN, 0};
        if (::poll(&wanted, 1, kPatienceMilliseconds) <= 0) return false;
        char bytes[16'384];
        const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
        if (got <= 0) {
            was_ended_ = true;
            return false;
        }
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }

    FileDescriptor socket_;
    std::string buffer_;
    bool is_connected_{false};
    bool was_ended_{false};
};

}  // namespace latchkey::http
