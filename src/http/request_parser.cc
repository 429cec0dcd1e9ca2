#include "http/request_parser.h"

#include <algorithm>
#include <cstring>

namespace latchkey::http {
namespace {

constexpr std::size_t kBufferBytesFirst = 4096;
constexpr std::size_t kBodyWindowBytes = 4096;
constexpr std::size_t kBodyBytesKept = 16'384;  // more is given back between requests

}  // namespace

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), chunks_(limits.body_bytes_max) {}

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
    const HeadState state = read_head(unparsed(), limits_, head_, parsed_);
    const bool is_unfinished = state == HeadState::kNeedMore && size_ >= limits_.header_bytes_max;
    if (is_unfinished || parsed_ > limits_.header_bytes_max) {
        return head_.has_request_line ? refuse(431, "the request's header is too large")
                                      : refuse(414, "the request line is too long");
    }
    if (state == HeadState::kNeedMore) return State::kNeedMore;
    if (state == HeadState::kRefused) return refuse(head_.refusal_status, head_.refusal_reason);
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
}

}  // namespace latchkey::http
