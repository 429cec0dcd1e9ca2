#include "http/chunk_decoder.h"

#include <algorithm>

#include "http/character.h"

namespace latchkey::http {
namespace {

constexpr int kSizeDigitsMax = 16;
// Nobody needs extensions; without a bound they are a body that costs us and counts for nothing.
constexpr std::size_t kOverheadBytesMax = 4096;

}  // namespace

ChunkDecoder::State ChunkDecoder::decode(std::string_view& input, std::string& body) {
    while (!input.empty()) {
        if (step_ == Step::kData) {
            const std::size_t bytes =
                static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
            body.append(input.substr(0, bytes));
            input.remove_prefix(bytes);
            remaining_ -= bytes;
            if (remaining_ == 0) step_ = Step::kDataCr;
            continue;
        }
        step_ = take(input.front());
        if (step_ == Step::kBad) return State::kMalformed;
        input.remove_prefix(1);
        if (step_ == Step::kDone) return State::kDone;
        if (step_ == Step::kData && remaining_ > body_bytes_max_ - body.size()) {
            return State::kTooBig;
        }
    }
    return State::kNeedMore;
}

ChunkDecoder::Step ChunkDecoder::take(char c) {
    switch (step_) {
        case Step::kSizeFirst:
            remaining_ = 0;
            digits_ = 0;
            return hex_value(c) >= 0 ? take_size(c) : Step::kBad;
        case Step::kSize: return take_size(c);
        case Step::kExtension: return take_extension(c);
        case Step::kSizeLf:
            if (c != '\n') return Step::kBad;
            return remaining_ == 0 ? Step::kTrailerFirst : Step::kData;
        case Step::kDataCr: return c == '\r' ? Step::kDataLf : Step::kBad;
        case Step::kDataLf: return c == '\n' ? Step::kSizeFirst : Step::kBad;
        case Step::kTrailerFirst:
        case Step::kTrailerName:
        case Step::kTrailerValue: return take_trailer(c);
        case Step::kTrailerLf: return c == '\n' ? Step::kTrailerFirst : Step::kBad;
        case Step::kEndLf: return c == '\n' ? Step::kDone : Step::kBad;
        case Step::kData:
        case Step::kDone:
        case Step::kBad: break;
    }
    return Step::kBad;
}

ChunkDecoder::Step ChunkDecoder::take_size(char c) {
    if (c == '\r') return Step::kSizeLf;
    if (c == ';') return take_extension(c);
    const int value = hex_value(c);
    if (value < 0 || ++digits_ > kSizeDigitsMax) return Step::kBad;
    remaining_ = remaining_ << 4U | static_cast<std::uint64_t>(value);
    return Step::kSize;
}

ChunkDecoder::Step ChunkDecoder::take_extension(char c) {
    if (c == '\r') return Step::kSizeLf;
    // A bare LF here is the classic way to make two parsers see two different bodies.
    if (is_control(c) || ++overhead_bytes_ > kOverheadBytesMax) return Step::kBad;
    return Step::kExtension;
}

ChunkDecoder::Step ChunkDecoder::take_trailer(char c) {
    if (++overhead_bytes_ > kOverheadBytesMax) return Step::kBad;
    if (step_ == Step::kTrailerValue) {
        if (c == '\r') return Step::kTrailerLf;
        return is_control(c) ? Step::kBad : Step::kTrailerValue;
    }
    if (step_ == Step::kTrailerFirst && c == '\r') return Step::kEndLf;
    if (step_ == Step::kTrailerName && c == ':') return Step::kTrailerValue;
    return is_token_character(c) ? Step::kTrailerName : Step::kBad;
}

}  // namespace latchkey::http
