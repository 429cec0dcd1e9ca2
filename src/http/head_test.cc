#include "http/head.h"

#include <string>

#include <gtest/gtest.h>

#include "http/character.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kStart = "GET / HTTP/1.1\r\nHost: h\r\nX: ";

HeadState read(std::string_view text, Head& head) {
    std::size_t taken = 0;
    return read_head(text, Limits{}, head, taken);
}

// Values are looked at eight bytes at a time; the neighbours are where a borrow would go wrong.
TEST(Head, FindsAControlCharacterAtAnyPlaceBesideAnyNeighbour) {
    for (const char neighbour : {'\t', ' ', '!', '~', '\x80', '\xA0', '\xFF'}) {
        for (int byte = 0; byte < 256; ++byte) {
            for (std::size_t place = 0; place < 18; ++place) {
                const char c = static_cast<char>(byte);
                std::string value(24, neighbour);
                value[place] = c;
                Head head;
                const HeadState state = read(std::string{kStart} + value + "\r\n\r\n", head);
                EXPECT_EQ(state == HeadState::kRefused, is_control(c)) << byte << " at " << place;
            }
        }
    }
}

TEST(Head, LooksAtEachByteOfALongLineOnce) {
    const Limits limits;
    const std::string seen = "GET /" + std::string(1000, 'a');
    Head head;
    std::size_t taken = 0;
    EXPECT_EQ(read_head(seen, limits, head, taken), HeadState::kNeedMore);
    // Had it looked again, it would see this.
    const std::string other = "GET /" + std::string(999, 'a') + "\x01" + "b";
    EXPECT_EQ(read_head(other, limits, head, taken), HeadState::kNeedMore);
    EXPECT_EQ(taken, 0U);
}

TEST(Head, WaitsForTheLineFeedAndRefusesAnythingElseBehindACarriageReturn) {
    Head waiting;
    EXPECT_EQ(read("GET / HTTP/1.1\r", waiting), HeadState::kNeedMore);
    EXPECT_EQ(read("GET / HTTP/1.1\r\n\r", waiting), HeadState::kNeedMore);
    for (const std::string_view text : {"GET / HTTP/1.1\r\r\n", "GET / HTTP/1.1\n", "\r\n"}) {
        Head head;
        EXPECT_EQ(read(text, head), HeadState::kRefused);
        EXPECT_EQ(head.refusal_status, 400);
        EXPECT_EQ(head.refusal_reason, "the request is malformed");
    }
}

}  // namespace
}  // namespace latchkey::http
