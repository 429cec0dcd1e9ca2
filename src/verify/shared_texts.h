// SharedTexts: short texts that many entries have in common, such as the name of a client's
// program. Each is kept once while somebody holds it. For one thread.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace latchkey::verify {

class SharedTexts {
public:
    static constexpr std::size_t kBytesMax = 120;
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    // At most kBytesMax bytes. Whoever holds it gives it back with release(), or by clear().
    // kNone: it would be one more than `most`.
    std::uint32_t hold(std::string_view text, std::size_t most = kNone);
    void release(std::uint32_t index);
    [[nodiscard]] std::string_view view(std::uint32_t index) const {
        return {slots_[index].text.data(), slots_[index].bytes};
    }
    // Different texts, and what a clash of hashes made us keep twice.
    [[nodiscard]] std::size_t size() const { return size_; }
    void clear();

private:
    struct Slot {
        std::uint32_t next{kNone};      // in its bucket, or among the free
        std::uint32_t previous{kNone};  // in its bucket
        std::uint32_t bucket{0};
        std::uint32_t holders{0};
        std::uint8_t bytes{0};
        std::array<char, kBytesMax> text{};
    };

    [[nodiscard]] std::uint32_t bucket_of(std::string_view text) const;
    [[nodiscard]] std::uint32_t find(std::uint32_t bucket, std::string_view text) const;
    std::uint32_t add(std::uint32_t bucket, std::string_view text);
    void grow();
    void link(std::uint32_t bucket, std::uint32_t index);

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> buckets_;
    std::uint32_t free_{kNone};
    std::size_t size_{0};
};

}  // namespace latchkey::verify
