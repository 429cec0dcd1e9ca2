// Epochs: how the replica's one writer learns that no reader can still hold what it replaced.
// A reader writes the current epoch into its own cache line on entering and zero on leaving;
// something retired in epoch n is freed once every reader inside entered after n. Readers never
// wait; a reader that never leaves delays freeing, nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

namespace latchkey::verify {

class Epochs {
public:
    static constexpr std::size_t kReadersMax = 256;

    Epochs() = default;
    Epochs(const Epochs&) = delete;
    Epochs& operator=(const Epochs&) = delete;

    // --- readers; claim and release from any thread ----------------------------------------------
    std::size_t claim();  // more than kReadersMax at once is a CHECK
    void release(std::size_t slot);
    // The store and all loads of what may be retired are sequentially consistent: a reader that the
    // writer saw outside can only find what was published after.
    void enter(std::size_t slot) { slots_[slot].epoch.store(now_.load()); }
    void leave(std::size_t slot) { slots_[slot].epoch.store(0, std::memory_order_release); }

    // --- the writer ------------------------------------------------------------------------------
    // Call after the replacement is published; `free` runs in a later advance(), on this thread.
    void retire(std::function<void()> free);
    void advance();
    void drain();  // frees all; when no reader can come any more, before what `free` touches dies
    [[nodiscard]] std::size_t retired() const { return retired_.size(); }

private:
    struct alignas(64) Slot {
        std::atomic<std::uint64_t> epoch{0};  // zero: outside
        std::atomic<bool> is_taken{false};
    };
    struct Retired {
        std::uint64_t epoch;
        std::function<void()> free;
    };

    std::array<Slot, kReadersMax> slots_;
    std::atomic<std::uint64_t> now_{1};
    std::deque<Retired> retired_;
};

}  // namespace latchkey::verify
