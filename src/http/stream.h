// An answer that goes on: the head now, and pieces for as long as somebody writes and the client
// reads. No thread waits for it. Made by Deferred::stream.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace latchkey::http {

class Connection;  // internal

// What the writer wants to hear. Called on the reactor's thread: quick, and never into the Stream.
struct StreamWatcher {
    std::function<void()> on_drained;  // everything written so far is on its way
    std::function<void()> on_closed;   // once: the client is gone or too slow, or the server stops
};

// Between the threads that write and the connection that sends. Holds no more than its bound.
class StreamBuffer {
public:
    enum class Added { kWaits, kWakes, kRefused };

    StreamBuffer(bool is_chunked, std::size_t bytes_max, StreamWatcher watcher)
        : is_chunked_(is_chunked), bytes_max_(bytes_max), watcher_(std::move(watcher)) {}

    // From any thread.
    Added add(std::string_view piece);
    Added end();
    void close();
    [[nodiscard]] std::size_t backlog() const;
    [[nodiscard]] bool is_closed() const;

    // For the connection. True when nothing comes after what was taken.
    bool take(std::string& out);
    [[nodiscard]] bool is_cut() const;  // the client let too much wait
    void drained();

private:
    Added wake();

    const bool is_chunked_;
    const std::size_t bytes_max_;
    const StreamWatcher watcher_;
    mutable std::mutex mutex_;
    std::string waiting_;
    std::size_t in_flight_{0};
    bool is_posted_{false};  // the connection was told and has not come yet
    bool is_ended_{false};
    bool is_cut_{false};
    bool is_closed_{false};
};

// The writing side; movable, for one owner. Ends the answer when it goes.
class Stream {
public:
    Stream() = default;
    Stream(std::shared_ptr<Connection> connection, std::shared_ptr<StreamBuffer> buffer)
        : connection_(std::move(connection)), buffer_(std::move(buffer)) {}
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&& other) noexcept;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    // False: it is over. A client that does not read is one too: what would wait beyond
    // Limits::stream_bytes_max cuts it off. Any thread.
    bool write(std::string_view piece);
    void end();
    // Bytes that were written and that the client's socket has not taken.
    [[nodiscard]] std::size_t backlog() const;
    [[nodiscard]] bool is_open() const;

private:
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<StreamBuffer> buffer_;
};

}  // namespace latchkey::http
