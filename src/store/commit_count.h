// How many groups of mutations this process has committed: beside the log's revision it says how
// many mutations share one sync of the disk. For metrics only; any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace latchkey::store {

class CommitCount {
public:
    static void add() { commits_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] static std::uint64_t total() { return commits_.load(std::memory_order_relaxed); }

private:
    inline static std::atomic<std::uint64_t> commits_{0};
};

}  // namespace latchkey::store
