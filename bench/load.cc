// A small load generator: one thread, epoll, keep-alive, one request at a time on each connection.
// Lighter than the servers it measures, so that they are what is full.
//   bench_load --port P [--connections 64] [--seconds 5] [--requests N] [--request-file FILE]
//              [--token-file FILE] [--slow-us N]
// The request file holds raw requests, each separated by a NUL byte, or else each ending in an
// empty line. With a token file, each request's "{token}" becomes a line of it, far from the last
// one, from a place that differs in each run. Prints one line of JSON; with --slow-us, each request
// that took longer is in it as [sent, answered], in nanoseconds of CLOCK_MONOTONIC.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Settings {
    std::size_t connections{64};
    double seconds{5};
    std::uint64_t requests{UINT64_MAX};
    std::uint16_t port{0};
    std::int64_t slow_nanoseconds{INT64_MAX};
    std::vector<std::string> texts;
    std::vector<std::string> tokens;
};

struct Client {
    int socket{-1};
    std::int64_t sent_at{0};
    std::string input;
};

struct Figures {
    std::uint64_t requests{0};
    std::uint64_t non_2xx{0};
    std::uint64_t failures{0};
    std::vector<std::uint32_t> nanoseconds;
    std::vector<std::pair<std::int64_t, std::int64_t>> slow;
};

std::int64_t now_nanoseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::vector<std::string> read_requests(const char* path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const bool has_nul = text.find('\0') != std::string::npos;
    const std::string_view separator = has_nul ? std::string_view{"\0", 1} : "\r\n\r\n";
    const std::size_t kept = has_nul ? 0 : separator.size();
    std::vector<std::string> requests;
    std::size_t from = 0;
    for (;;) {
        const std::size_t at = text.find(separator, from);
        if (at == std::string::npos) break;
        requests.push_back(text.substr(from, at + kept - from));
        from = at + separator.size();
    }
    if (has_nul && from < text.size()) requests.push_back(text.substr(from));
    return requests;
}

std::vector<std::string> read_lines(const char* path) {
    std::ifstream file{path};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

bool read_settings(int argc, char** argv, Settings& settings) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--connections") settings.connections = std::strtoul(value, nullptr, 10);
        if (name == "--seconds") settings.seconds = std::atof(value);
        if (name == "--requests") settings.requests = std::strtoull(value, nullptr, 10);
        if (name == "--port") settings.port = static_cast<std::uint16_t>(std::atoi(value));
        if (name == "--slow-us") settings.slow_nanoseconds = std::atoll(value) * 1000;
        if (name == "--request-file") settings.texts = read_requests(value);
        if (name == "--token-file") settings.tokens = read_lines(value);
    }
    if (settings.texts.empty()) {
        settings.texts.emplace_back(
            "GET /check HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n"
            "Authorization: Bearer lkp_0123456789abcdefghijklmnopqrstuvwxyz\r\n\r\n");
    }
    return argc % 2 == 1 && settings.port != 0 && settings.connections != 0;
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE: the sockets interface is made of these casts.
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket, generic, sizeof address) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

// How long the first answer of `input` is; 0 while it is not whole.
std::size_t answer_size(const std::string& input) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    std::size_t length = 0;
    const std::size_t at = input.find("ontent-Length: ");
    if (at < end) length = std::strtoul(input.c_str() + at + 15, nullptr, 10);
    return input.size() >= end + 4 + length ? end + 4 + length : 0;
}

class Load {
public:
    explicit Load(const Settings& settings) : settings_(settings), epoll_(::epoll_create1(0)) {
        clients_.resize(settings.connections);
        figures_.nanoseconds.reserve(8'000'000);
        for (std::size_t i = 0; i < clients_.size(); ++i)
            open(i);
    }

    Figures run() {
        const std::int64_t start = now_nanoseconds();
        const auto end = start + static_cast<std::int64_t>(settings_.seconds * 1e9);
        for (Client& client : clients_)
            send_next(client);
        std::array<epoll_event, 256> events{};
        std::int64_t now = start;
        while (now < end && figures_.requests < settings_.requests) {
            const int ready = ::epoll_wait(epoll_, events.data(), 256, 100);
            now = now_nanoseconds();
            for (int i = 0; i < ready; ++i) {
                receive(events[static_cast<std::size_t>(i)].data.u64, now);
            }
        }
        elapsed_ = static_cast<double>(now - start) / 1e9;
        return figures_;
    }
    [[nodiscard]] double elapsed() const { return elapsed_; }

private:
    void open(std::size_t index) {
        Client& client = clients_[index];
        client.socket = connect_to(settings_.port);
        client.input.clear();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket, &event);
    }

    void send_next(Client& client) {
        const std::string_view text = next_text();
        client.sent_at = now_nanoseconds();
        if (::send(client.socket, text.data(), text.size(), MSG_NOSIGNAL) < 0) ++figures_.failures;
    }

    std::string_view next_text() {
        constexpr std::string_view kMark = "{token}";
        constexpr std::size_t kStride = 611'953;  // prime: all tokens, neighbours far apart
        const std::string& text = settings_.texts[next_++ % settings_.texts.size()];
        if (settings_.tokens.empty()) return text;
        const std::size_t at = text.find(kMark);
        if (at == std::string::npos) return text;
        token_ = (token_ + kStride) % settings_.tokens.size();
        filled_.assign(text, 0, at);
        filled_.append(settings_.tokens[token_]).append(text, at + kMark.size());
        return filled_;
    }

    void receive(std::size_t index, std::int64_t now) {
        Client& client = clients_[index];
        std::array<char, 16'384> bytes;
        const ssize_t got = ::recv(client.socket, bytes.data(), bytes.size(), 0);
        if (got <= 0) {
            ++figures_.failures;
            ::close(client.socket);
            open(index);
            return send_next(client);
        }
        client.input.append(bytes.data(), static_cast<std::size_t>(got));
        const std::size_t size = answer_size(client.input);
        if (size == 0) return;
        ++figures_.requests;
        if (client.input[9] != '2') ++figures_.non_2xx;
        figures_.nanoseconds.push_back(static_cast<std::uint32_t>(now - client.sent_at));
        if (now - client.sent_at > settings_.slow_nanoseconds) {
            figures_.slow.emplace_back(client.sent_at, now);
        }
        client.input.erase(0, size);
        send_next(client);
    }

    const Settings& settings_;
    int epoll_;
    std::vector<Client> clients_;
    Figures figures_;
    std::size_t next_{0};
    std::size_t token_{static_cast<std::size_t>(now_nanoseconds() / 1000)};
    std::string filled_;
    double elapsed_{0};
};

double percentile_microseconds(std::vector<std::uint32_t>& values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)] / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    if (!read_settings(argc, argv, settings)) {
        std::fputs(
            "usage: bench_load --port P [--connections N] [--seconds S] [--requests N]"
            " [--request-file FILE] [--token-file FILE] [--slow-us N]\n",
            stderr);
        return 2;
    }
    Load load{settings};
    Figures figures = load.run();
    std::printf(
        "{\"requests\":%llu,\"seconds\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
        "\"p9999_us\":%.1f,\"max_us\":%.1f,\"non_2xx\":%llu,\"failures\":%llu,\"slow\":[",
        static_cast<unsigned long long>(figures.requests), load.elapsed(),
        percentile_microseconds(figures.nanoseconds, 0.50),
        percentile_microseconds(figures.nanoseconds, 0.99),
        percentile_microseconds(figures.nanoseconds, 0.9999),
        percentile_microseconds(figures.nanoseconds, 1.0),
        static_cast<unsigned long long>(figures.non_2xx),
        static_cast<unsigned long long>(figures.failures));
    for (std::size_t i = 0; i < figures.slow.size(); ++i) {
        std::printf("%s[%lld,%lld]", i == 0 ? "" : ",",
                    static_cast<long long>(figures.slow[i].first),
                    static_cast<long long>(figures.slow[i].second));
    }
    std::puts("]}");
    return 0;
}
