#include "http/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "http/character.h"
#include "http/reactor.h"

namespace latchkey::http {
namespace {

// Pipelined answers are gathered up to here before they are written.
constexpr std::size_t kOutputBytesGathered = 65'536;
constexpr std::size_t kOutputBytesKept = 65'536;  // a larger buffer is given back when idle
constexpr int kLingerSeconds = 2;
constexpr std::size_t kDrainBytesMax = 262'144;
constexpr std::size_t kRequestIdBytes = 20;

void append_number(std::string& out, std::size_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
}

int status_of(std::string_view head) {
    int status = 500;
    if (head.size() >= 12) std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

bool is_safe_field(std::string_view name, std::string_view value) {
    return !name.empty() && std::all_of(name.begin(), name.end(), is_token_character) &&
           std::none_of(value.begin(), value.end(), is_control);
}

}  // namespace

Connection::Connection(std::shared_ptr<Reactor> reactor, Application& application, const Peer& peer)
    : reactor_(std::move(reactor)),
      parser_(reactor_->limits()),
      application_(application),
      peer_(peer),
      request_id_(kRequestIdBytes, '0') {
    set_phase(Phase::kOpening, reactor_->limits().header_seconds);
}

Connection::~Connection() = default;

void Connection::set_phase(Phase phase, int seconds) {
    phase_ = phase;
    // The reactor's time is up to a second old, hence the second on top.
    deadline_ = reactor_->now() + std::chrono::seconds{seconds + 1};
}

void Connection::set_idle() {
    set_phase(Phase::kIdle, reactor_->limits().idle_seconds);
    reactor_->note_idle(*this);
}

bool Connection::is_idle() {
    const bool is_waiting = phase_ == Phase::kIdle
                                ? parser_.is_idle() && !is_writing_ && output_.empty()
                                : phase_ == Phase::kOpening && !has_begun();
    return is_waiting && !has_input();
}

void Connection::on_ready() {
    set_idle();
    is_reading_ = true;
    read_some();
}

void Connection::on_read(const AsioError& error, std::size_t bytes) {
    is_reading_ = false;
    if (!is_open()) return;
    if (phase_ == Phase::kLingering || phase_ == Phase::kStreaming) return drain(error, bytes);
    if (error) {
        // A client that ends its direction in the middle of a request may still hear why.
        if (error != asio::error::eof || parser_.is_idle()) return close();
        return refuse(400, "the request ends too early");
    }
    parser_.received(bytes);
    run();
}

// Of somebody who has nothing more to say: only that he goes is news.
void Connection::drain(const AsioError& error, std::size_t bytes) {
    drained_bytes_ += bytes;
    if (error || drained_bytes_ > kDrainBytesMax) return close();
    is_reading_ = true;
    read_some();
}

void Connection::run() {
    for (;;) {
        if (output_.size() > kOutputBytesGathered && !flush()) return;
        switch (parser_.advance()) {
            case RequestParser::State::kNeedMore: return await_input();
            case RequestParser::State::kContinue: output_ += "HTTP/1.1 100 Continue\r\n\r\n"; break;
            case RequestParser::State::kRefused:
                return refuse(parser_.refusal_status(), parser_.refusal_reason());
            case RequestParser::State::kComplete:
                if (!dispatch()) return;
                break;
        }
    }
}

void Connection::await_input() {
    const Limits& limits = reactor_->limits();
    if (parser_.is_in_body()) {
        if (phase_ != Phase::kBody) set_phase(Phase::kBody, limits.body_seconds);
    } else if (parser_.is_idle()) {
        if (output_.capacity() > kOutputBytesKept && output_.empty()) std::string{}.swap(output_);
        if (phase_ != Phase::kIdle || !output_.empty()) set_idle();
    } else if (phase_ != Phase::kHeader) {
        set_phase(Phase::kHeader, limits.header_seconds);
    }
    if (output_.empty() || is_writing_) return send_and_read();
    begin_operation();
    reactor_->send_soon(*this);
}

// The answers of all requests that came in together go out together: the reactor calls this when
// it has looked at the last of them. A peer that is woken by the first finds the others there.
void Connection::send_gathered() {
    end_operation();
    if (is_open() && phase_ != Phase::kLingering) send_and_read();
    reap();
}

void Connection::send_and_read() {
    if (!flush()) return;
    if (phase_ == Phase::kIdle && reactor_->is_stopping()) return linger();
    if (is_reading_) return;
    is_reading_ = true;
    read_some();
}

// True when the next request may be looked at.
bool Connection::dispatch() {
    has_asked = true;
    phase_ = Phase::kHandling;
    deadline_ = Microseconds::max();
    reactor_->write_request_id(request_id_);
    Request& request = parser_.request();
    request.request_id = request_id_;
    request.peer = peer_.address;
    request.is_tls = peer_.is_tls;
    request.is_unix = peer_.is_unix;
    is_answered_ = false;
    is_deferred_ = false;
    Exchange exchange{*this};
    application_.handle(exchange);
    if (is_deferred_) {
        flush();  // earlier answers do not wait for this one
        return false;
    }
    if (!is_answered_) append_response(application_.refusal(500, "nobody answered", request_id_));
    if (flush_or_linger()) return false;
    parser_.next();
    set_idle();
    return true;
}

void Connection::finish_deferred(const std::optional<Response>& response) {
    if (!is_open() || phase_ != Phase::kHandling) return;
    append_response(response ? *response
                             : application_.refusal(500, "the request was dropped", request_id_));
    if (flush_or_linger()) return;
    parser_.next();
    set_idle();
    run();
}

void Connection::refuse(int status, std::string_view why) {
    ++reactor_->figures().refused_total;
    parser_.refuse(status, why);
    reactor_->write_request_id(request_id_);
    append_response(application_.refusal(status, why, request_id_));
    close_after_ = true;
    flush_or_linger();
}

// True when this connection reads no further request.
bool Connection::flush_or_linger() {
    if (!close_after_) return false;
    phase_ = Phase::kHandling;
    deadline_ = Microseconds::max();
    if (flush()) linger();
    return true;
}

// True when nothing is left to write. False: on_written goes on, or the connection is closed.
bool Connection::flush() {
    if (is_writing_) {
        hold_unsent();
        return false;
    }
    if (output_.empty()) return true;
    output_.swap(sending_);
    is_writing_ = true;
    write_deadline_ = reactor_->now() + std::chrono::seconds{reactor_->limits().write_seconds + 1};
    if (!write_sending()) {
        hold_unsent();
        return false;
    }
    is_writing_ = false;
    sending_.clear();
    output_.swap(sending_);  // so that one buffer stays warm
    return true;
}

// Many clients that ask for large answers and do not take them would fill the memory.
void Connection::hold_unsent() {
    const std::size_t bytes = sending_.size() + output_.size();
    if (!is_open() || bytes <= kOutputBytesGathered) return;
    let_unsent_go();
    unsent_bytes_ = bytes;
    reactor_->hold(bytes);
}

void Connection::let_unsent_go() {
    reactor_->let_go(std::exchange(unsent_bytes_, 0));
}

void Connection::on_written(const AsioError& error) {
    is_writing_ = false;
    let_unsent_go();
    sending_.clear();
    if (sending_.capacity() > kOutputBytesKept) sending_.shrink_to_fit();
    if (!is_open()) return;
    if (error) return close();
    if (phase_ == Phase::kStreaming) return send_stream();
    if (!flush()) return;
    if (close_after_) return linger();
    if (phase_ == Phase::kHandling) return;
    run();
}

void Connection::linger() {
    if (!is_open() || phase_ == Phase::kLingering) return;
    set_phase(Phase::kLingering, kLingerSeconds);
    release_stream();
    parser_.discard();
    begin_lingering();
}

void Connection::close() {
    if (!is_open()) return;
    phase_ = Phase::kClosed;
    let_unsent_go();
    release_stream();
    close_stream();
}

void Connection::reap() {
    if (phase_ == Phase::kClosed && operations_ == 0) reactor_->drop(*this);
}

void Connection::check_deadline(Microseconds now) {
    if (!is_open()) return;  // its cancelled operation has not reported yet
    const bool is_write_late = is_writing_ && write_deadline_ <= now;
    if (!is_write_late && deadline_ > now) return;
    const bool is_expected = phase_ == Phase::kIdle || phase_ == Phase::kLingering;
    if (is_write_late || !is_expected) ++reactor_->figures().timeouts_total;
    if (!is_write_late && !is_writing_) {
        if (phase_ == Phase::kHeader) return refuse(408, "the request's header took too long");
        if (phase_ == Phase::kBody) return refuse(408, "the request's body took too long");
    }
    close();
}

void Connection::stop_gracefully() {
    if (phase_ == Phase::kOpening) return close();
    if (phase_ == Phase::kStreaming) {
        stream_->end();
        return send_stream();
    }
    // What already arrived is answered; its answer then says Connection: close. An answer that
    // waits for send_gathered goes out.
    if (phase_ == Phase::kIdle && !is_writing_ && output_.empty() && !has_input()) close();
}

void Connection::answer_flat(std::string_view head, std::string_view body) {
    if (is_answered_ || is_deferred_) return;
    is_answered_ = true;
    const int status = status_of(head);
    output_.append(head);
    append_head_end(status, body.size(), !parser_.keep_alive() || reactor_->is_stopping());
    if (has_body(status) && parser_.request().method != Method::kHead) output_.append(body);
}

void Connection::append_head_end(int status, std::size_t body_bytes, bool is_closing) {
    output_.append(reactor_->date_line());  // ends in "X-Request-Id: "
    output_.append(request_id_);
    if (has_body(status)) {
        output_.append("\r\nContent-Length: ");
        append_number(output_, body_bytes);
    }
    if (is_closing || close_after_) {
        close_after_ = true;
        output_.append("\r\nConnection: close\r\n\r\n");
    } else if (!parser_.is_http_1_1()) {
        output_.append("\r\nConnection: keep-alive\r\n\r\n");
    } else {
        output_.append("\r\n\r\n");
    }
}

void Connection::answer(const Response& response) {
    // A second answer would be taken for the answer to the client's next request.
    if (is_answered_ || is_deferred_) return;
    is_answered_ = true;
    append_response(response);
}

void Connection::append_response(const Response& response) {
    append_head(response);
    append_head_end(response.status, response.body.size(),
                    !parser_.keep_alive() || reactor_->is_stopping());
    if (has_body(response.status) && parser_.request().method != Method::kHead) {
        output_ += response.body;
    }
}

void Connection::append_head(const Response& response) {
    output_ += "HTTP/1.1 ";
    append_number(output_, static_cast<std::size_t>(response.status));
    output_ += ' ';
    output_ += reason_phrase(response.status);
    output_ += "\r\n";
    const auto append_field = [this](std::string_view name, std::string_view value) {
        // Response splitting: a value with a line end in it would let its author write an answer.
        if (!is_safe_field(name, value)) return log::error("a response field was not sendable");
        output_.append(name).append(": ").append(value).append("\r\n");
    };
    if (!response.content_type.empty()) append_field("Content-Type", response.content_type);
    for (const auto& [name, value] : response.fields)
        append_field(name, value);
}

Deferred Connection::defer() {
    is_deferred_ = true;
    return Deferred{shared_from_this()};
}

void Connection::post_answer(std::optional<Response> response) {
    reactor_->post({shared_from_this(), std::move(response), nullptr});
}

std::shared_ptr<StreamBuffer> Connection::make_stream(StreamWatcher watcher) const {
    return std::make_shared<StreamBuffer>(parser_.is_http_1_1(),
                                          reactor_->limits().stream_bytes_max, std::move(watcher));
}

void Connection::post_stream(Response head, std::shared_ptr<StreamBuffer> stream) {
    reactor_->post({shared_from_this(), std::move(head), std::move(stream)});
}

void Connection::post_wake(std::shared_ptr<StreamBuffer> stream) {
    reactor_->post({shared_from_this(), std::nullopt, std::move(stream)});
}

void Connection::start_stream(const Response& head, std::shared_ptr<StreamBuffer> stream) {
    if (!is_open() || phase_ != Phase::kHandling) return stream->close();
    append_head(head);
    output_.append(reactor_->date_line()).append(request_id_);
    if (parser_.is_http_1_1()) output_ += "\r\nTransfer-Encoding: chunked";
    output_ += "\r\nConnection: close\r\n\r\n";
    close_after_ = true;
    if (parser_.request().method == Method::kHead) {
        stream->close();
        flush_or_linger();
        return;
    }
    phase_ = Phase::kStreaming;
    deadline_ = Microseconds::max();
    stream_ = std::move(stream);
    ++reactor_->figures().streams_open;
    parser_.discard();
    is_reading_ = true;
    read_some();
    if (reactor_->is_stopping()) stream_->end();
    send_stream();
}

void Connection::send_stream() {
    if (!is_open() || phase_ != Phase::kStreaming) return;
    if (stream_->is_cut()) {
        ++reactor_->figures().streams_cut_total;
        return close();
    }
    if (is_writing_) return;
    const bool is_last = stream_->take(output_);
    if (!flush()) return;
    if (is_last) return linger();
    stream_->drained();
}

void Connection::release_stream() {
    if (!stream_) return;
    --reactor_->figures().streams_open;
    std::exchange(stream_, nullptr)->close();
}

}  // namespace latchkey::http
