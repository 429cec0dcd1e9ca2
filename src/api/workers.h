// A small pool for work that blocks: reads, waiting for the writer, password hashing. Bounded: what
// finds the queue full is refused at once, so that overload never grows memory or starves checks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace latchkey::api {

class Workers {
public:
    Workers(std::size_t threads, std::size_t queue_max);
    ~Workers();  // finishes what waits
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    bool submit(std::function<void()> work);  // false: the queue is full
    [[nodiscard]] std::size_t waiting() const;

private:
    void run();

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    std::size_t queue_max_;
    bool is_stopping_{false};
    std::vector<std::thread> threads_;
};

}  // namespace latchkey::api
