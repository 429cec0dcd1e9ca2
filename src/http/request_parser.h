// Bytes to one Request at a time, without I/O: the caller reads into room(), says received(), and
// calls advance(). The head stays contiguous in one buffer of bounded size, and the request's views
// point into it until next(). Strict on purpose: whatever a proxy before us could read differently
// is refused, and after a refusal nothing of the connection is parsed again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/chunk_decoder.h"
#include "http/head.h"

namespace latchkey::http {

class RequestParser {
public:
    enum class State : std::uint8_t {
        kNeedMore,
        kContinue,  // once, when the client waits for "100 Continue" before it sends the body
        kComplete,
        kRefused,
    };

    explicit RequestParser(const Limits& limits);
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    // Where the next bytes go; never empty while advance() says kNeedMore.
    std::span<char> room();
    void received(std::size_t bytes) { size_ += bytes; }
    State advance();
    // Forgets the finished request; bytes that came behind it are kept.
    void next();

    // Nothing is parsed any more; the whole buffer is room for bytes that nobody wants.
    void discard();
    // For a refusal of the caller's own; advance() says kRefused from now on.
    State refuse(int status, std::string_view why);
    [[nodiscard]] int refusal_status() const { return head_.refusal_status; }
    [[nodiscard]] std::string_view refusal_reason() const { return head_.refusal_reason; }

    [[nodiscard]] Request& request() { return head_.request; }
    [[nodiscard]] const Request& request() const { return head_.request; }
    [[nodiscard]] bool is_idle() const { return size_ == 0; }  // nothing of a request is here
    [[nodiscard]] bool is_in_body() const { return stage_ == Stage::kBody; }
    [[nodiscard]] bool keep_alive() const { return head_.keep_alive; }
    [[nodiscard]] bool is_http_1_1() const { return head_.is_http_1_1; }

private:
    enum class Stage : std::uint8_t { kHead, kBody, kComplete, kRefused };

    State parse_head();
    State finish_head();
    State parse_body();
    State parse_chunks();
    State complete();
    void grow();
    [[nodiscard]] std::string_view unparsed() const {
        return {buffer_.get() + parsed_, size_ - parsed_};
    }

    const Limits& limits_;
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_{0};
    std::size_t size_{0};      // bytes received into the buffer
    std::size_t parsed_{0};    // of them, bytes that are understood
    std::size_t head_end_{0};  // body bytes behind it are moved out and their room used again
    Stage stage_{Stage::kHead};
    bool continue_due_{false};
    Head head_;
    std::string body_;
    ChunkDecoder chunks_;
};

}  // namespace latchkey::http
