// Usage: when a token was last used, from where, by what, and how often, recorded in memory at
// check time and taken in batches by whoever writes them down. A check never waits for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/id.h"

namespace latchkey::verify {

struct Usage {
    TokenId token;
    Timestamp last_used_at;
    Address last_address{};
    std::string last_agent;  // at most 120 bytes, printable
    std::int64_t uses{0};
    std::int64_t denials{0};
};

// One recorder a reactor, so that two cores never write one line. record() is for its own thread;
// take() for any: the batch since the last take. Bounded: above `tokens_max` distinct tokens
// between two takes it counts only what it already knows (and says how many were left out).
class UsageRecorder {
public:
    explicit UsageRecorder(std::size_t tokens_max = 65'536);
    ~UsageRecorder();
    void record(const TokenId& token, Timestamp now, const Address& address, std::string_view agent,
                bool was_allowed);
    std::vector<Usage> take();
    [[nodiscard]] std::uint64_t left_out() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace latchkey::verify
