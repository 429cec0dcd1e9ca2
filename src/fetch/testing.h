// A tiny HTTP server for tests: raw sockets on a free loopback port, one canned answer for each
// connection, and the request it saw.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/result.h"

namespace latchkey::fetch {

// Answers the n-th connection with the n-th text; an empty text means silence until the client
// hangs up. Requests are read to the end of the body that Content-Length declares.
class CannedServer {
public:
    explicit CannedServer(std::vector<std::string> answers)
        : CannedServer([&answers](const std::string& /*url*/) { return std::move(answers); }) {}
    // For answers that name the server.
    using AnswersFor = std::function<std::vector<std::string>(const std::string& url)>;
    explicit CannedServer(const AnswersFor& answers_for) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        CHECK(::bind(listener_, generic, length) == 0);
        CHECK(::listen(listener_, 8) == 0);
        CHECK(::getsockname(listener_, generic, &length) == 0);
        port_ = ntohs(address.sin_port);
        answers_ = answers_for(url());
        thread_ = std::thread([this] { serve(); });
    }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;
    ~CannedServer() { stop(); }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    // Stops the server; the requests in the order they came.
    std::vector<std::string> requests() {
        stop();
        return requests_;
    }

private:
    void stop() {
        if (!thread_.joinable()) return;
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    void serve() {
        for (const std::string& answer : answers_) {
            const int peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0) return;
            requests_.push_back(read_request(peer));
            if (answer.empty()) {
                char byte = 0;
                while (::recv(peer, &byte, 1, 0) > 0) {
                }
            } else {
                std::string text = answer;
                text.insert(text.find("\r\n") + 2, "Connection: close\r\n");
                CHECK(::send(peer, text.data(), text.size(), MSG_NOSIGNAL) >= 0);
            }
            ::close(peer);
        }
    }
    static std::string read_request(int peer) {
        std::string text;
        char buffer[4096];
        while (!is_complete(text)) {
            const ssize_t got = ::recv(peer, buffer, sizeof buffer, 0);
            if (got <= 0) break;
            text.append(buffer, static_cast<std::size_t>(got));
        }
        return text;
    }
    static bool is_complete(const std::string& text) {
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        const std::size_t field = text.find("Content-Length: ");
        if (field == std::string::npos || field > end) return true;
        return text.size() >= end + 4 + std::stoul(text.substr(field + 16));
    }

    std::vector<std::string> answers_;
    std::vector<std::string> requests_;
    int listener_{-1};
    unsigned port_{0};
    std::thread thread_;
};

class OneShotServer {
public:
    explicit OneShotServer(std::string answer) : server_({std::move(answer)}) {}
    [[nodiscard]] std::string url() const { return server_.url(); }
    std::string request() {
        const auto seen = server_.requests();
        return seen.empty() ? std::string{} : seen.front();
    }

private:
    CannedServer server_;
};

}  // namespace latchkey::fetch
