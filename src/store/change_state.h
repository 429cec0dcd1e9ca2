// What became of the newest changes of this process, as the writer saw it: who watches reads it
// without asking the writer, who may be waiting for a disk. For readiness only; any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace latchkey::store {

enum class ChangeState : std::uint8_t {
    kTaken,       // the last group was committed, or nobody has changed anything yet
    kBusy,        // another program held the database locked; the next change tries again
    kOutOfSpace,  // until the writer finds room, which it looks for each second
    kFailed,      // the disk, or the database on it
};

class LastChange {
public:
    static void set(ChangeState state) { state_.store(state, std::memory_order_relaxed); }
    [[nodiscard]] static ChangeState state() { return state_.load(std::memory_order_relaxed); }

private:
    inline static std::atomic<ChangeState> state_{ChangeState::kTaken};
};

}  // namespace latchkey::store
