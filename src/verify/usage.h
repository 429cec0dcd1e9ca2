// Usage: when a token was last used, from where, by what, for which scopes, how often, and why it
// was denied, recorded in memory at check time and taken in batches by whoever writes them down. A
// check never waits for it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/id.h"
#include "verify/judge.h"

namespace latchkey::verify {

// One question about a token, answered. Views live as long as the call.
struct Use {
    const TokenId& token;
    std::uint32_t generation{1};  // of the secret that was presented
    Timestamp now;
    const Address& address;
    std::string_view agent;
    Verdict verdict{Verdict::kActive};
    // Of an active use: what was asked for. kNoScopeNamed alone when the question named none.
    std::span<const std::string_view> scopes{};
    bool is_being_replaced{false};  // a rotated secret: who still calls with it is kept
};

// The caller judged the scopes by itself, or did not care: nobody can say which were needed.
inline constexpr std::string_view kNoScopeNamed{};
// What is recorded of a question that named these.
std::span<const std::string_view> scopes_asked(std::span<const std::string_view> named);
// Stands for scopes that were too many to tell apart: it must count as every scope there is.
inline constexpr std::string_view kManyScopes = "*";

// Of one day in UTC: whole days since 1970.
std::int64_t day_of(Timestamp time);

struct ScopeUse {
    std::string scope;
    std::int64_t uses{0};
    Timestamp last_used_at;
};
struct DenialUse {
    Verdict verdict{Verdict::kUnknown};
    std::int64_t count{0};
    Timestamp last_at;
};
struct CallerUse {
    Address address{};
    std::string agent;
    std::int64_t uses{0};
    Timestamp last_used_at;
};

// Of one generation of a token's secrets, on one day.
struct Usage {
    TokenId token;
    std::uint32_t generation{1};
    std::int64_t day{0};
    Timestamp last_used_at;
    Address last_address{};
    std::string last_agent;  // at most 120 bytes, printable
    std::int64_t uses{0};
    std::int64_t denials{0};
    std::vector<DenialUse> denied;  // the same by verdict
    std::vector<ScopeUse> scopes;
    std::vector<CallerUse> callers;  // at most kCallersMax, of a secret that is being replaced
};

inline constexpr std::size_t kCallersMax = 20;

// One recorder a reactor, so that two cores never write one line. record() is for its own thread;
// taking for any. Tokens are spread over parts, which are taken one by one: to take one costs
// little, and what is not taken yet goes on gathering. Bounded: above `tokens_max` distinct tokens
// it counts only what it already knows (and says how many uses were left out).
class UsageRecorder {
public:
    static constexpr std::size_t kParts = 32;

    explicit UsageRecorder(std::size_t tokens_max = 1'048'576);
    ~UsageRecorder();
    void record(const Use& use);
    // A scope that a use already recorded turned out to need.
    void record_scope(const TokenId& token, std::uint32_t generation, Timestamp now,
                      std::string_view scope);
    // What the part whose turn it is has gathered since it was taken last.
    std::vector<Usage> take_part();
    std::vector<Usage> take_part_of(const TokenId& token);
    std::vector<Usage> take();  // all parts
    [[nodiscard]] std::uint64_t left_out() const;

private:
    struct State;

    std::vector<Usage> take_part(std::size_t part);

    std::unique_ptr<State> state_;
};

}  // namespace latchkey::verify
