// Outgoing HTTP and HTTPS over libcurl, with a bound on time and size. It follows no redirect,
// honours no proxy or netrc variable, speaks no other scheme and never writes a credential into an
// error: whoever calls knows exactly which host gets what.
// One Client keeps its connections and belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latchkey::fetch {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method{"GET"};
    std::string url;
    Headers headers;
    std::optional<std::string> body;
};

struct HttpResponse {
    long status{0};
    Headers headers;  // names in lower case, in the order received
    std::string body;

    // The first field of that name (in lower case), or nothing.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Options {
    std::chrono::milliseconds timeout{30'000};  // for the whole exchange
    std::size_t response_bytes_max{std::size_t{16} * 1024 * 1024};
    std::string ca_file;      // PEM; empty: the system's
    std::string unix_socket;  // connect there, whatever host the URL names
    std::string user_agent{"latchkey/" LATCHKEY_VERSION};
};

class Client {
public:
    explicit Client(Options options = {});
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // Any status that arrived whole is an answer. Errors: kInvalidArgument for a URL or header
    // that cannot be sent ("bad_url", "bad_header"), else kUnavailable ("connect_failed",
    // "host_unknown", "tls_failed", "timed_out", "answer_too_large", "exchange_failed").
    Result<HttpResponse> send(const HttpRequest& request);

    // An answer that goes on: the body of a 2xx is handed over as it comes, for as long as the
    // server sends; an error of `use` ends it and is returned. The timeout is for connecting and
    // for how long the server may be silent. Any other status is an answer as of send().
    using UseBytes = std::function<Status(std::string_view bytes)>;
    Result<HttpResponse> follow(const HttpRequest& request, const UseBytes& use);

    struct Handle;

private:
    Result<HttpResponse> perform(const HttpRequest& request, const UseBytes* use);

    Options options_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace latchkey::fetch
