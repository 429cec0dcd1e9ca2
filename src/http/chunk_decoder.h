// The chunked transfer coding (RFC 9112 §7.1), byte by byte, so that it does not matter how the
// bytes arrive. Stricter than the grammar: no white space around a size, at most 16 digits, short
// extensions. Extensions and trailers are checked and dropped: a trailer never becomes a field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace latchkey::http {

class ChunkDecoder {
public:
    enum class State : std::uint8_t { kNeedMore, kDone, kMalformed, kTooBig };

    explicit ChunkDecoder(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

    // Appends what it decodes to `body` and takes what it used off the front of `input`. After
    // kDone the rest of `input` belongs to the next request; after an error nothing may be read.
    State decode(std::string_view& input, std::string& body);

private:
    enum class Step : std::uint8_t {
        kSizeFirst,
        kSize,
        kExtension,
        kSizeLf,
        kData,
        kDataCr,
        kDataLf,
        kTrailerFirst,
        kTrailerName,
        kTrailerValue,
        kTrailerLf,
        kEndLf,
        kDone,
        kBad,
    };
    Step take(char c);
    Step take_size(char c);
    Step take_extension(char c);
    Step take_trailer(char c);

    std::size_t body_bytes_max_;
    std::uint64_t remaining_{0};
    int digits_{0};
    std::size_t overhead_bytes_{0};  // of extensions and trailers, over the whole body
    Step step_{Step::kSizeFirst};
};

}  // namespace latchkey::http
