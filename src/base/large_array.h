// LargeArray: value-initialised elements on large pages where the kernel has them (from 2 MB on).
// What is looked up at random in hundreds of megabytes waits for address translation as long as for
// the memory itself, and in a virtual machine longer. Does not grow.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include <sys/mman.h>

namespace latchkey {

template <typename T>
class LargeArray {
public:
    LargeArray() = default;
    explicit LargeArray(std::size_t size) : elements_(allocate(size), Free{size}) {
        std::uninitialized_value_construct_n(elements_.get(), size);
    }

    T& operator[](std::size_t index) { return elements_.get()[index]; }
    const T& operator[](std::size_t index) const { return elements_.get()[index]; }
    [[nodiscard]] T* get() const { return elements_.get(); }
    static constexpr std::size_t bytes_of(std::size_t size) {
        const std::size_t bytes = size * sizeof(T);
        return bytes < kLargePage ? bytes : (bytes + kLargePage - 1) / kLargePage * kLargePage;
    }

private:
    static_assert(std::is_trivially_destructible_v<T>);
    static constexpr std::size_t kLargePage = std::size_t{2} << 20;
    static constexpr std::size_t kLine = 64;

    static std::align_val_t alignment_of(std::size_t size) {
        return std::align_val_t{bytes_of(size) < kLargePage ? kLine : kLargePage};
    }
    static T* allocate(std::size_t size) {
        const std::size_t bytes = bytes_of(size);
        void* const memory = ::operator new(bytes, alignment_of(size));
        // Only a wish: without large pages everything works, a little slower.
        if (bytes >= kLargePage) madvise(memory, bytes, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }
    struct Free {
        std::size_t size{0};
        void operator()(T* elements) const {
            ::operator delete(elements, bytes_of(size), alignment_of(size));
        }
    };

    std::unique_ptr<T, Free> elements_;
};

}  // namespace latchkey
