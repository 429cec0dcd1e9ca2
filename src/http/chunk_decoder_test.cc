#include "http/chunk_decoder.h"

#include <string>

#include <gtest/gtest.h>

namespace latchkey::http {
namespace {

using State = ChunkDecoder::State;

struct Outcome {
    State state{State::kNeedMore};
    std::string body;
    std::string rest;
};

Outcome decode(std::string_view input, std::size_t piece, std::size_t limit = 100) {
    ChunkDecoder decoder{limit};
    Outcome outcome;
    while (!input.empty() && outcome.state == State::kNeedMore) {
        std::string_view part = input.substr(0, piece);
        const std::size_t before = part.size();
        outcome.state = decoder.decode(part, outcome.body);
        input.remove_prefix(before - part.size());
    }
    outcome.rest = input;
    return outcome;
}

TEST(ChunkDecoder, JoinsChunksHoweverTheyArriveAndLeavesTheNextRequest) {
    constexpr std::string_view kText =
        "5\r\nhello\r\nA;x=\"y\";z\r\n 123456789\r\n000\r\nDropped: me\r\n\r\nGET /";
    for (std::size_t piece = 1; piece <= kText.size(); ++piece) {
        const Outcome outcome = decode(kText, piece);
        EXPECT_EQ(outcome.state, State::kDone) << piece;
        EXPECT_EQ(outcome.body, "hello 123456789") << piece;
        EXPECT_EQ(outcome.rest, "GET /") << piece;
    }
}

TEST(ChunkDecoder, RefusesWhatTwoReadersCouldReadDifferently) {
    for (const std::string_view text :
         {"5 \r\nhello\r\n0\r\n\r\n", "+5\r\nhello", "0x5\r\nhello", ";a\r\n", "\r\n", "5\nhello",
          "5;a\nb\r\nhello", "5\rhello", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
          "00000000000000001\r\na\r\n0\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX : y\r\n\r\n",
          "0\r\nX: a\nY: b\r\n\r\n", "0\r\n\rX", "0\r\nnocolon\r\n\r\n"}) {
        for (const std::size_t piece : {std::size_t{1}, text.size()}) {
            EXPECT_EQ(decode(text, piece).state, State::kMalformed) << text;
        }
    }
}

TEST(ChunkDecoder, StopsAtTheLimitBeforeItTakesTheBytes) {
    EXPECT_EQ(decode("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 99, 10).state, State::kDone);
    const Outcome outcome = decode("5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n", 99, 10);
    EXPECT_EQ(outcome.state, State::kTooBig);
    EXPECT_EQ(outcome.body, "hello");
    EXPECT_EQ(decode("FFFFFFFFFFFFFFFF\r\n", 99, 10).state, State::kTooBig);
}

TEST(ChunkDecoder, BoundsExtensionsAndTrailersTogether) {
    const std::string filler(3000, 'x');
    EXPECT_EQ(decode("1;" + filler + "\r\na\r\n0\r\n\r\n", 1).state, State::kDone);
    EXPECT_EQ(decode("1;" + filler + "\r\na\r\n0\r\nX: " + filler + "\r\n\r\n", 1).state,
              State::kMalformed);
}

}  // namespace
}  // namespace latchkey::http
