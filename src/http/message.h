// What http/ hands to the rest and gets back. Knows no token.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace latchkey::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

struct Field {
    std::string_view name;   // as sent; compare without case
    std::string_view value;  // without surrounding white space
};

// IPv4 and IPv6 in one form (IPv4 as ::ffff:a.b.c.d); all zero for a Unix socket.
using Address = std::array<std::uint8_t, 16>;
std::string format_address(const Address& address);  // "127.0.0.1", "2001:db8::1"

// One request. Views point into the connection's buffer and live until it is answered. By the time
// the application sees it: the request line is origin-form, there is exactly one Host (HTTP/1.1),
// at most one Authorization, no folded line, no control character in a field value, and the body is
// complete, unencoded and within the limit. Field values are bytes: RFC 9110 §5.5 allows any from
// 0x80 on, so whoever reads one as text checks it.
struct Request {
    Method method{Method::kOther};
    std::string_view method_text;
    std::string_view target;  // path and query as sent
    std::string_view path;    // before the first '?', not decoded
    std::string_view query;   // after it, or empty
    std::span<const Field> fields;
    std::string_view body;
    std::string_view host;
    Address peer{};
    bool is_tls{false};
    bool is_unix{false};  // came through a Unix socket whose peer has our own user id, or root
    std::string_view request_id;  // ours, unique; also sent as X-Request-Id

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;  // the first
    [[nodiscard]] std::size_t count(std::string_view name) const;
};

// A whole answer. Date, Content-Length, Connection and X-Request-Id are added by the connection;
// a HEAD request gets the fields without the body; 204 and 304 never have a body.
struct Response {
    int status{200};
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> fields;
};

std::string_view reason_phrase(int status);
bool equal_without_case(std::string_view a, std::string_view b);

}  // namespace latchkey::http
