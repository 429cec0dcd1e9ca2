// Chunks: an array that grows without moving, so that readers hold plain references while the one
// writer appends. Slots are handed out densely and reused; whether a reader may still look at a
// freed one is the caller's business (see epochs.h).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/large_array.h"
#include "base/result.h"

namespace latchkey::verify {

template <typename T, unsigned kBits, std::size_t kChunksMax>
class Chunks {
public:
    Chunks() : chunks_(std::make_unique<Directory>()) {}
    Chunks(const Chunks&) = delete;
    Chunks& operator=(const Chunks&) = delete;

    T& operator[](std::uint32_t slot) {
        return (*chunks_)[slot >> kBits].load(std::memory_order_acquire)[slot & kMask];
    }
    const T& operator[](std::uint32_t slot) const {
        return (*chunks_)[slot >> kBits].load(std::memory_order_acquire)[slot & kMask];
    }

    // The writer's. A new slot is value-initialised, a reused one holds what it held.
    std::uint32_t allocate() {
        if (!free_.empty()) {
            const std::uint32_t slot = free_.back();
            free_.pop_back();
            return slot;
        }
        const std::uint32_t slot = size_.load(std::memory_order_relaxed);
        auto& chunk = chunks_->at(slot >> kBits);
        if (chunk.load() == nullptr) {
            chunk.store(owned_.emplace_back(kSlots).get());
            bytes_ += LargeArray<T>::bytes_of(kSlots);
        }
        size_.store(slot + 1);
        return slot;
    }
    void free(std::uint32_t slot) { free_.push_back(slot); }

    [[nodiscard]] std::uint32_t size() const { return size_.load(); }  // slots ever used
    [[nodiscard]] std::size_t bytes() const { return bytes_.load() + sizeof(Directory); }

private:
    static constexpr std::size_t kSlots = std::size_t{1} << kBits;
    static constexpr std::uint32_t kMask = (std::uint32_t{1} << kBits) - 1;
    using Directory = std::array<std::atomic<T*>, kChunksMax>;

    std::unique_ptr<Directory> chunks_;
    std::vector<LargeArray<T>> owned_;  // the same, the writer's
    std::atomic<std::uint32_t> size_{0};
    std::atomic<std::size_t> bytes_{0};
    std::vector<std::uint32_t> free_;
};

}  // namespace latchkey::verify
