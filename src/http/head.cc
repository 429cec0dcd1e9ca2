#include "http/head.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "http/character.h"

namespace latchkey::http {
namespace {

constexpr std::size_t kTargetBytesMax = 8192;

constexpr std::array<bool, 256> table_of(bool (*is_allowed)(char)) {
    std::array<bool, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = is_allowed(static_cast<char>(i));
    }
    return table;
}

constexpr auto kIsToken = table_of(is_token_character);
constexpr auto kIsText = table_of([](char c) { return !is_control(c); });
constexpr auto kIsHost = table_of(is_host_character);
constexpr auto kIsTarget = table_of([](char c) { return c > ' ' && c < 0x7F; });

std::size_t length_of(std::string_view text, const std::array<bool, 256>& allowed) {
    std::size_t length = 0;
    while (length < text.size() && allowed[static_cast<unsigned char>(text[length])]) {
        ++length;
    }
    return length;
}

// What `line` begins with of these characters; it goes on behind them.
std::string_view take_run(std::string_view& line, const std::array<bool, 256>& allowed) {
    const std::string_view run = line.substr(0, length_of(line, allowed));
    line.remove_prefix(run.size());
    return run;
}

bool take_character(std::string_view& line, char c) {
    if (line.empty() || line.front() != c) return false;
    line.remove_prefix(1);
    return true;
}

// Up to the first control character. Eight bytes at a time: values are most of a head.
std::size_t length_of_text(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kHighs = kOnes * 0x80;
    std::size_t length = 0;
    while (length < text.size()) {
        std::uint64_t bytes = 0;
        if (text.size() - length >= sizeof bytes) {
            std::memcpy(&bytes, text.data() + length, sizeof bytes);
            const std::uint64_t deleted = bytes ^ (kOnes * 0x7F);
            // The high bit of a byte below 0x20, or of one that is 0x7F, is set in these.
            const std::uint64_t low = (bytes - kOnes * 0x20) & ~bytes;
            const std::uint64_t zero = (deleted - kOnes) & ~deleted;
            if (((low | zero) & kHighs) == 0) {
                length += sizeof bytes;
                continue;
            }
        }
        if (!kIsText[static_cast<unsigned char>(text[length])]) break;
        ++length;
    }
    return length;
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

Method method_of(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Method>, 7> kMethods{{
        {"GET", Method::kGet},
        {"HEAD", Method::kHead},
        {"POST", Method::kPost},
        {"PUT", Method::kPut},
        {"PATCH", Method::kPatch},
        {"DELETE", Method::kDelete},
        {"OPTIONS", Method::kOptions},
    }};
    for (const auto& [name, method] : kMethods) {
        if (text == name) return method;
    }
    return Method::kOther;
}

// Each function is false when the request is refused.
class HeadReader {
public:
    HeadReader(Head& head, const Limits& limits) : head_(head), limits_(limits) {}

    // method SP origin-form SP HTTP-version (RFC 9112 §3), each space one.
    bool read_request_line(std::string_view line) {
        const std::string_view method = take_run(line, kIsToken);
        if (method.empty() || !take_character(line, ' ')) return malformed();
        const std::string_view target = take_run(line, kIsTarget);
        if (target.empty() || !take_character(line, ' ')) return malformed();
        Request& request = head_.request;
        request.method = method_of(method);
        request.method_text = method;
        request.target = target;
        return read_version(line) && judge_request();
    }

    // field-name ":" OWS field-value OWS (RFC 9112 §5).
    bool read_field(std::string_view line) {
        if (is_blank(line.front())) return refuse(400, "a field is folded over lines");
        const std::string_view name = take_run(line, kIsToken);
        if (name.empty() || !take_character(line, ':')) return malformed();
        const std::string_view value = trimmed(line);
        if (head_.fields.size() >= limits_.fields_max) {
            return refuse(431, "the request has too many fields");
        }
        head_.fields.push_back({name, value});
        return judge_field(name, value);
    }

    bool malformed() { return refuse(400, "the request is malformed"); }

private:
    bool refuse(int status, std::string_view why) {
        head_.refusal_status = status;
        head_.refusal_reason = why;
        return false;
    }

    // Another version is one that we do not speak; anything else there is no HTTP at all.
    bool read_version(std::string_view text) {
        const bool is_version = text.size() == 8 && text.starts_with("HTTP/") &&
                                is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
        if (!is_version) return malformed();
        head_.is_http_1_1 = text.ends_with("1.1");
        if (!head_.is_http_1_1 && !text.ends_with("1.0")) {
            return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
        }
        head_.has_request_line = true;
        head_.keep_alive = head_.is_http_1_1;
        return true;
    }

    bool judge_request() {
        Request& request = head_.request;
        if (request.method_text == "TRACE" || request.method_text == "CONNECT") {
            return refuse(501, "this method is not offered here");
        }
        if (request.target.size() > kTargetBytesMax) return refuse(414, "the target is too long");
        // Absolute form would bring a second host, and a fragment never belongs on the wire.
        if (request.target.front() != '/' || request.target.find('#') != std::string_view::npos) {
            return refuse(400, "the target must be an absolute path");
        }
        const std::size_t mark = request.target.find('?');
        request.path = request.target.substr(0, mark);
        if (mark != std::string_view::npos) request.query = request.target.substr(mark + 1);
        return true;
    }

    bool judge_field(std::string_view name, std::string_view value) {
        const auto is = [name](std::string_view known) { return equal_without_case(name, known); };
        switch (name.size()) {
            case 4: return !is("Host") || judge_host(value);
            case 6: return !is("Expect") || judge_expect(value);
            case 10: return !is("Connection") || judge_connection(value);
            case 13: return !is("Authorization") || judge_authorization();
            case 14: return !is("Content-Length") || judge_content_length(value);
            case 16:
                if (is("Proxy-Connection")) return judge_connection(value);
                if (is("Content-Encoding") && !equal_without_case(value, "identity")) {
                    head_.has_encoded_body = true;
                }
                return true;
            case 17: return !is("Transfer-Encoding") || judge_transfer_encoding(value);
            default: return true;
        }
    }

    bool judge_host(std::string_view value) {
        if (++head_.hosts > 1) return refuse(400, "Host is repeated");
        if (value.empty() || length_of(value, kIsHost) != value.size()) {
            return refuse(400, "Host is malformed");
        }
        head_.request.host = value;
        return true;
    }

    bool judge_authorization() {
        if (head_.has_authorization) return refuse(400, "Authorization is repeated");
        head_.has_authorization = true;
        return true;
    }

    // RFC 9110 §10.1.1: not in HTTP/1.0.
    bool judge_expect(std::string_view value) {
        if (!equal_without_case(value, "100-continue")) head_.expects_other = true;
        head_.expects_continue = head_.is_http_1_1;
        return true;
    }

    // A list of tokens (RFC 9110 §5.6.1, §7.6.1). Whoever says close anywhere means it.
    bool judge_connection(std::string_view value) {
        while (true) {
            const std::size_t comma = value.find(',');
            const std::string_view option = trimmed(value.substr(0, comma));
            if (length_of(option, kIsToken) != option.size()) {
                return refuse(400, "Connection is malformed");
            }
            if (equal_without_case(option, "close")) head_.says_close = true;
            if (equal_without_case(option, "keep-alive")) head_.keep_alive = true;
            if (comma == std::string_view::npos) break;
            value.remove_prefix(comma + 1);
        }
        if (head_.says_close) head_.keep_alive = false;
        return true;
    }

    // RFC 9112 §6.3 lets a recipient join equal repeats; a proxy may not, so we refuse them all.
    bool judge_content_length(std::string_view value) {
        if (head_.has_content_length || head_.is_chunked || value.size() > 19 || value.empty() ||
            !std::all_of(value.begin(), value.end(), http::is_digit)) {
            return refuse(400, "Content-Length is malformed or repeated");
        }
        head_.has_content_length = true;
        for (const char c : value) {
            head_.content_length = head_.content_length * 10 + static_cast<unsigned>(c - '0');
        }
        return true;
    }

    bool judge_transfer_encoding(std::string_view value) {
        if (!head_.is_http_1_1 || head_.is_chunked || head_.has_content_length) {
            return refuse(400, "Transfer-Encoding cannot stand here");
        }
        if (!equal_without_case(value, "chunked")) {
            return refuse(501, "this transfer encoding is not known here");
        }
        head_.is_chunked = true;
        return true;
    }

    Head& head_;
    const Limits& limits_;
};

}  // namespace

HeadState read_head(std::string_view input, const Limits& limits, Head& head, std::size_t& taken) {
    constexpr std::string_view kLineEnd = "\r\n";
    HeadReader reader{head, limits};
    while (true) {
        // Whoever sends a long line byte by byte does not have it read from its start each time.
        const std::size_t known = std::exchange(head.line_bytes, 0);
        const std::string_view line = input.substr(0, known + length_of_text(input.substr(known)));
        const std::string_view end = input.substr(line.size(), kLineEnd.size());
        // No control character stands in a line, and a line feed alone, or a carriage return alone,
        // ends lines for some and not for others.
        if (end != kLineEnd) {
            head.line_bytes = line.size();
            if (kLineEnd.starts_with(end)) return HeadState::kNeedMore;
            reader.malformed();
            return HeadState::kRefused;
        }
        taken += line.size() + end.size();
        input.remove_prefix(line.size() + end.size());
        if (line.empty() && head.has_request_line) return HeadState::kWhole;
        const bool is_good =
            head.has_request_line ? reader.read_field(line) : reader.read_request_line(line);
        if (!is_good) return HeadState::kRefused;
    }
}

}  // namespace latchkey::http
