#include "http/stream.h"

#include <array>
#include <charconv>

#include "http/connection.h"

namespace latchkey::http {
namespace {

void append_chunk(std::string& out, std::string_view piece) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16);
    out.append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
    out.append("\r\n").append(piece).append("\r\n");
}

}  // namespace

StreamBuffer::Added StreamBuffer::wake() {
    if (is_posted_) return Added::kWaits;
    is_posted_ = true;
    return Added::kWakes;
}

StreamBuffer::Added StreamBuffer::add(std::string_view piece) {
    const std::scoped_lock lock{mutex_};
    if (is_closed_ || is_ended_ || is_cut_) return Added::kRefused;
    if (piece.empty()) return Added::kWaits;  // an empty chunk would say that this is the end
    // A single piece of any size goes to who has taken everything before it.
    if (!waiting_.empty() && waiting_.size() + piece.size() > bytes_max_) {
        is_cut_ = true;
        std::string{}.swap(waiting_);
        is_posted_ = true;
        return Added::kWakes;
    }
    is_chunked_ ? append_chunk(waiting_, piece) : void(waiting_.append(piece));
    return wake();
}

StreamBuffer::Added StreamBuffer::end() {
    const std::scoped_lock lock{mutex_};
    if (is_closed_ || is_ended_ || is_cut_) return Added::kRefused;
    is_ended_ = true;
    if (is_chunked_) waiting_ += "0\r\n\r\n";
    return wake();
}

void StreamBuffer::close() {
    {
        const std::scoped_lock lock{mutex_};
        if (is_closed_) return;
        is_closed_ = true;
        std::string{}.swap(waiting_);
    }
    if (watcher_.on_closed) watcher_.on_closed();
}

std::size_t StreamBuffer::backlog() const {
    const std::scoped_lock lock{mutex_};
    return waiting_.size() + in_flight_;
}

bool StreamBuffer::is_closed() const {
    const std::scoped_lock lock{mutex_};
    return is_closed_ || is_cut_;
}

bool StreamBuffer::is_cut() const {
    const std::scoped_lock lock{mutex_};
    return is_cut_;
}

bool StreamBuffer::take(std::string& out) {
    const std::scoped_lock lock{mutex_};
    is_posted_ = false;
    out += waiting_;
    in_flight_ = out.size();
    waiting_.clear();
    return is_ended_;
}

void StreamBuffer::drained() {
    {
        const std::scoped_lock lock{mutex_};
        if (is_closed_) return;
        in_flight_ = 0;
    }
    if (watcher_.on_drained) watcher_.on_drained();
}

Stream& Stream::operator=(Stream&& other) noexcept {
    if (this == &other) return *this;
    end();
    connection_ = std::move(other.connection_);
    buffer_ = std::move(other.buffer_);
    return *this;
}

Stream::~Stream() {
    end();
}

bool Stream::write(std::string_view piece) {
    if (!buffer_) return false;
    const auto added = buffer_->add(piece);
    if (added == StreamBuffer::Added::kWakes) connection_->post_wake(buffer_);
    return added != StreamBuffer::Added::kRefused && !buffer_->is_closed();
}

void Stream::end() {
    if (buffer_ && buffer_->end() == StreamBuffer::Added::kWakes) connection_->post_wake(buffer_);
}

std::size_t Stream::backlog() const {
    return buffer_ ? buffer_->backlog() : 0;
}

bool Stream::is_open() const {
    return buffer_ && !buffer_->is_closed();
}

}  // namespace latchkey::http
