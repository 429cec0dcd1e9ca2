#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>

#include "http/character.h"

namespace latchkey::http {
namespace {

namespace beast = boost::beast;
using BeastText = beast::string_view;
using BeastField = beast::http::field;
using BeastError = beast::http::error;

constexpr std::size_t kBufferBytesFirst = 4096;
constexpr std::size_t kBodyWindowBytes = 4096;
constexpr std::size_t kTargetBytesMax = 8192;
constexpr std::size_t kBodyBytesKept = 16'384;  // more is given back between requests

std::string_view to_std(BeastText text) {
    return {text.data(), text.size()};
}

Method method_of(beast::http::verb verb) {
    if (verb == beast::http::verb::get) return Method::kGet;
    if (verb == beast::http::verb::head) return Method::kHead;
    if (verb == beast::http::verb::post) return Method::kPost;
    if (verb == beast::http::verb::put) return Method::kPut;
    if (verb == beast::http::verb::patch) return Method::kPatch;
    if (verb == beast::http::verb::delete_) return Method::kDelete;
    if (verb == beast::http::verb::options) return Method::kOptions;
    return Method::kOther;
}

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// A value in another place than right behind its name was folded over lines (obs-fold), whether
// the parser joined it elsewhere or skipped an empty first line.
bool is_folded(std::string_view name, std::string_view value) {
    const char* p = name.data() + name.size() + 1;
    while (p != value.data()) {
        if (*p != ' ' && *p != '\t') return true;
        ++p;
    }
    return false;
}

// "GET /x HTTP/2.0" is a version we do not speak; anything else there is no HTTP at all.
bool names_other_version(std::string_view line) {
    line = line.substr(0, line.find("\r\n"));
    if (line.size() < 8 || std::count(line.begin(), line.end(), ' ') != 2) return false;
    const std::string_view version = line.substr(line.size() - 8);
    return version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
           is_digit(version[7]);
}

}  // namespace

// Line and field syntax are Beast's, the strictest parser measured; what it lets pass is refused in
// the callbacks. It is told to skip bodies: those are ours, for limits and for the chunk grammar.
class RequestParser::HeadParser final : public beast::http::basic_parser<true> {
public:
    HeadParser(Head& head, const Limits& limits) : head_(head), limits_(limits) {
        skip(true);
        header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    }

private:
    void refuse(int status, std::string_view why, beast::error_code& error) {
        head_.refusal_status = status;
        head_.refusal_reason = why;
        error = BeastError::bad_field;
    }

    void on_request_impl(beast::http::verb verb, BeastText method, BeastText target, int version,
                         beast::error_code& error) override {
        head_.has_request_line = true;
        head_.is_http_1_1 = version == 11;
        Request& request = head_.request;
        request.method = method_of(verb);
        request.method_text = to_std(method);
        request.target = to_std(target);
        if (verb == beast::http::verb::trace || verb == beast::http::verb::connect) {
            return refuse(501, "this method is not offered here", error);
        }
        if (target.size() > kTargetBytesMax) return refuse(414, "the target is too long", error);
        // Absolute form would bring a second host, and a fragment never belongs on the wire.
        if (request.target.front() != '/' || request.target.find('#') != std::string_view::npos ||
            !is_ascii(request.target)) {
            return refuse(400, "the target must be an absolute path", error);
        }
        const std::size_t mark = request.target.find('?');
        request.path = request.target.substr(0, mark);
        if (mark != std::string_view::npos) request.query = request.target.substr(mark + 1);
    }

    void on_field_impl(BeastField field, BeastText beast_name, BeastText beast_value,
                       beast::error_code& error) override {
        const std::string_view name = to_std(beast_name);
        const std::string_view value = to_std(beast_value);
        if (is_folded(name, value)) return refuse(400, "a field is folded over lines", error);
        if (head_.fields.size() >= limits_.fields_max) {
            return refuse(431, "the request has too many fields", error);
        }
        head_.fields.push_back({name, value});
        judge(field, value, error);
    }

    void judge(BeastField field, std::string_view value, beast::error_code& error) {
        if (field == BeastField::host) return judge_host(value, error);
        if (field == BeastField::authorization) {
            if (head_.has_authorization) return refuse(400, "Authorization is repeated", error);
            head_.has_authorization = true;
        } else if (field == BeastField::content_length) {
            judge_content_length(value, error);
        } else if (field == BeastField::transfer_encoding) {
            judge_transfer_encoding(value, error);
        } else if (field == BeastField::content_encoding) {
            if (!equal_without_case(value, "identity")) head_.has_encoded_body = true;
        } else if (field == BeastField::expect) {
            if (!equal_without_case(value, "100-continue")) head_.expects_other = true;
            head_.expects_continue = head_.is_http_1_1;  // RFC 9110 §10.1.1: not in HTTP/1.0
        }
    }

    void judge_host(std::string_view value, beast::error_code& error) {
        if (++head_.hosts > 1) return refuse(400, "Host is repeated", error);
        if (value.empty() || !std::all_of(value.begin(), value.end(), is_host_character)) {
            return refuse(400, "Host is malformed", error);
        }
        head_.request.host = value;
    }

    // RFC 9112 §6.3 lets a recipient join equal repeats; a proxy may not, so we refuse them all.
    void judge_content_length(std::string_view value, beast::error_code& error) {
        if (head_.has_content_length || head_.is_chunked || value.size() > 19 || value.empty() ||
            !std::all_of(value.begin(), value.end(), http::is_digit)) {
            return refuse(400, "Content-Length is malformed or repeated", error);
        }
        head_.has_content_length = true;
        for (const char c : value) {
            head_.content_length = head_.content_length * 10 + static_cast<unsigned>(c - '0');
        }
    }

    void judge_transfer_encoding(std::string_view value, beast::error_code& error) {
        if (!head_.is_http_1_1 || head_.is_chunked || head_.has_content_length) {
            return refuse(400, "Transfer-Encoding cannot stand here", error);
        }
        if (!equal_without_case(value, "chunked")) {
            return refuse(501, "this transfer encoding is not known here", error);
        }
        head_.is_chunked = true;
    }

    void on_header_impl(beast::error_code& error) override {
        error = {};
        head_.keep_alive = keep_alive();
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                           beast::error_code& error) override {
        error = {};
    }
    std::size_t on_body_impl(BeastText body, beast::error_code& error) override {
        error = {};
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t /*size*/, BeastText /*extensions*/,
                              beast::error_code& error) override {
        error = {};
    }
    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, BeastText body,
                                   beast::error_code& error) override {
        error = {};
        return body.size();
    }
    void on_finish_impl(beast::error_code& error) override { error = {}; }
    void on_response_impl(int /*status*/, BeastText /*reason*/, int /*version*/,
                          beast::error_code& error) override {
        error = BeastError::bad_method;  // a request parser never sees one
    }

    Head& head_;
    const Limits& limits_;
};

struct RequestParser::Machine {
    std::optional<HeadParser> parser;  // Beast's parser reads one head and cannot be reset
};

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), chunks_(limits.body_bytes_max), machine_(std::make_unique<Machine>()) {
    machine_->parser.emplace(head_, limits_);
}

RequestParser::~RequestParser() = default;

std::span<char> RequestParser::room() {
    if (size_ == capacity_) grow();
    return {buffer_.get() + size_, capacity_ - size_};
}

void RequestParser::grow() {
    const std::size_t most = limits_.header_bytes_max + kBodyWindowBytes;
    const std::size_t capacity = std::min(most, capacity_ == 0 ? kBufferBytesFirst : capacity_ * 2);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), buffer_.get(), size_);
    const auto move_view = [&](std::string_view& view) {
        if (view.data() != nullptr)
            view = {larger.get() + (view.data() - buffer_.get()), view.size()};
    };
    Request& request = head_.request;
    for (std::string_view* view :
         {&request.method_text, &request.target, &request.path, &request.query, &request.host}) {
        move_view(*view);
    }
    for (Field& field : head_.fields) {
        move_view(field.name);
        move_view(field.value);
    }
    buffer_ = std::move(larger);
    capacity_ = capacity;
}

RequestParser::State RequestParser::refuse(int status, std::string_view why) {
    if (head_.refusal_status == 0) {
        head_.refusal_status = status;
        head_.refusal_reason = why;
    }
    stage_ = Stage::kRefused;
    head_.keep_alive = false;
    return State::kRefused;
}

RequestParser::State RequestParser::advance() {
    switch (stage_) {
        case Stage::kHead: return parse_head();
        case Stage::kBody: return parse_body();
        case Stage::kComplete: return State::kComplete;
        case Stage::kRefused: break;
    }
    return State::kRefused;
}

RequestParser::State RequestParser::parse_head() {
    if (parsed_ == size_) return State::kNeedMore;
    beast::error_code error;
    const std::string_view input = unparsed();
    parsed_ += machine_->parser->put(boost::asio::const_buffer(input.data(), input.size()), error);
    const bool is_too_big = size_ >= limits_.header_bytes_max && error == BeastError::need_more;
    if (is_too_big || error == BeastError::header_limit || parsed_ > limits_.header_bytes_max) {
        return head_.has_request_line ? refuse(431, "the request's header is too large")
                                      : refuse(414, "the request line is too long");
    }
    if (error == BeastError::need_more) return State::kNeedMore;
    if (error == BeastError::bad_version && names_other_version({buffer_.get(), size_})) {
        return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    }
    if (error) return refuse(400, "the request is malformed");
    return finish_head();
}

RequestParser::State RequestParser::finish_head() {
    if (head_.hosts == 0 && head_.is_http_1_1) return refuse(400, "Host is missing");
    if (head_.content_length > limits_.body_bytes_max) {
        return refuse(413, "the request's body is too large");
    }
    head_.request.fields = head_.fields;
    head_end_ = parsed_;
    // A gateway that asks about a request repeats its fields without its body: what is said of a
    // body counts only where there is one.
    if (head_.content_length == 0 && !head_.is_chunked) return complete();
    if (head_.has_encoded_body) return refuse(415, "encoded request bodies are not accepted");
    if (head_.expects_other) return refuse(417, "this expectation cannot be met");
    stage_ = Stage::kBody;
    continue_due_ = head_.expects_continue && parsed_ == size_;
    return parse_body();
}

RequestParser::State RequestParser::parse_body() {
    if (continue_due_) {
        continue_due_ = false;
        return State::kContinue;
    }
    if (head_.is_chunked) return parse_chunks();
    const std::string_view input = unparsed();
    const auto wanted = static_cast<std::size_t>(head_.content_length) - body_.size();
    if (body_.empty() && input.size() >= wanted) {
        head_.request.body = input.substr(0, wanted);
        parsed_ += wanted;
        return complete();
    }
    const std::size_t taken = std::min(wanted, input.size());
    body_.append(input.substr(0, taken));
    parsed_ += taken;
    if (taken == wanted) {
        head_.request.body = body_;
        return complete();
    }
    size_ = parsed_ = head_end_;
    return State::kNeedMore;
}

RequestParser::State RequestParser::parse_chunks() {
    std::string_view input = unparsed();
    const ChunkDecoder::State state = chunks_.decode(input, body_);
    parsed_ = size_ - input.size();
    switch (state) {
        case ChunkDecoder::State::kNeedMore: size_ = parsed_ = head_end_; return State::kNeedMore;
        case ChunkDecoder::State::kMalformed: return refuse(400, "the chunked body is malformed");
        case ChunkDecoder::State::kTooBig: return refuse(413, "the request's body is too large");
        case ChunkDecoder::State::kDone: break;
    }
    head_.request.body = body_;
    return complete();
}

RequestParser::State RequestParser::complete() {
    stage_ = Stage::kComplete;
    return State::kComplete;
}

void RequestParser::discard() {
    stage_ = Stage::kRefused;
    size_ = parsed_ = 0;
}

void RequestParser::next() {
    const std::size_t rest = size_ - parsed_;
    if (rest != 0) std::memmove(buffer_.get(), buffer_.get() + parsed_, rest);
    size_ = rest;
    parsed_ = 0;
    head_end_ = 0;
    stage_ = Stage::kHead;
    continue_due_ = false;
    std::vector<Field> fields = std::move(head_.fields);
    fields.clear();
    head_ = Head{};
    head_.fields = std::move(fields);
    body_.clear();
    if (body_.capacity() > kBodyBytesKept) body_.shrink_to_fit();
    chunks_ = ChunkDecoder{limits_.body_bytes_max};
    machine_->parser.emplace(head_, limits_);
}

}  // namespace latchkey::http
