#include "verify/usage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <utility>

#include "verify/usage_batch.h"

namespace latchkey::verify {
namespace {

constexpr std::size_t kSideMax = 1'024;

// Holds the flag for one record or for one swap of pointers.
class Held {
public:
    explicit Held(std::atomic_flag& flag)
        : flag_(flag), is_held_(!flag.test_and_set(std::memory_order_acquire)) {}
    ~Held() {
        if (is_held_) flag_.clear(std::memory_order_release);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    [[nodiscard]] bool is_held() const { return is_held_; }

private:
    std::atomic_flag& flag_;
    bool is_held_;
};

void wait_for(std::atomic_flag& flag) {
    while (flag.test_and_set(std::memory_order_acquire)) {
    }
}

// By other bits of the hash than those by which a part finds its place.
std::size_t part_of(const TokenId& token) {
    static_assert(UsageRecorder::kParts == 32, "five bits of a hash");
    return IdHash<TokenTag>{}(token) >> 59;
}

// Keeps its memory, but after a rush gives it back.
void empty(UsageBatch& batch) {
    if (batch.is_far_too_large()) {
        batch = UsageBatch();
    } else {
        batch.clear();
    }
}

}  // namespace

std::int64_t day_of(Timestamp time) {
    constexpr std::int64_t kDay = 86'400;
    return time.seconds() / kDay;
}

std::span<const std::string_view> scopes_asked(std::span<const std::string_view> named) {
    static constexpr std::array<std::string_view, 1> kNone{kNoScopeNamed};
    return named.empty() ? std::span<const std::string_view>(kNone) : named;
}

struct UsageRecorder::State {
    explicit State(std::size_t most) : tokens_max(most) {}

    template <typename Add>
    void add(const TokenId& token, Add&& add_to);

    const std::size_t tokens_max;
    std::atomic_flag is_held = ATOMIC_FLAG_INIT;  // for `parts` and `tokens`
    std::array<UsageBatch, kParts> parts;
    std::size_t tokens{0};  // in all parts
    // Who takes holds one flag at a time, so that a use that meets it at one goes to the other and
    // never waits, not even for a thread that lost its core just then.
    std::atomic_flag is_side_held = ATOMIC_FLAG_INIT;  // for `side`
    UsageBatch side;
    std::atomic<std::uint64_t> left_out{0};
    // The taking thread's own.
    std::atomic_flag is_taking = ATOMIC_FLAG_INIT;
    UsageBatch spare;
    UsageBatch spare_side;
    std::atomic<std::size_t> turn{0};
};

template <typename Add>
void UsageRecorder::State::add(const TokenId& token, Add&& add_to) {
    while (true) {
        if (const Held held(is_held); held.is_held()) {
            UsageBatch& part = parts[part_of(token)];
            const std::size_t before = part.size();
            if (!add_to(part, tokens < tokens_max)) ++left_out;
            tokens += part.size() - before;
            return;
        }
        if (const Held held(is_side_held); held.is_held()) {
            if (!add_to(side, side.size() < kSideMax)) ++left_out;
            return;
        }
    }
}

UsageRecorder::UsageRecorder(std::size_t tokens_max)
    : state_(std::make_unique<State>(tokens_max)) {}
UsageRecorder::~UsageRecorder() = default;

void UsageRecorder::record(const Use& use) {
    state_->add(use.token,
                [&](UsageBatch& batch, bool may_be_new) { return batch.add(use, may_be_new); });
}

void UsageRecorder::record_scope(const TokenId& token, std::uint32_t generation, Timestamp now,
                                 std::string_view scope) {
    const Address nowhere{};
    const Use use{.token = token,
                  .generation = generation,
                  .now = now,
                  .address = nowhere,
                  .agent = {},
                  .scopes = std::span(&scope, 1)};
    state_->add(token, [&](UsageBatch& batch, bool may_be_new) {
        return batch.add_scope(use, may_be_new);
    });
}

std::vector<Usage> UsageRecorder::take_part() {
    return take_part(state_->turn++ % kParts);
}

std::vector<Usage> UsageRecorder::take_part_of(const TokenId& token) {
    return take_part(part_of(token));
}

std::vector<Usage> UsageRecorder::take_part(std::size_t part) {
    State& state = *state_;
    wait_for(state.is_taking);
    wait_for(state.is_held);
    std::swap(state.parts[part], state.spare);
    state.tokens -= state.spare.size();
    state.is_held.clear(std::memory_order_release);
    wait_for(state.is_side_held);
    std::swap(state.side, state.spare_side);
    state.is_side_held.clear(std::memory_order_release);
    std::vector<Usage> taken;
    state.spare.append_to(taken);
    state.spare_side.append_to(taken);
    empty(state.spare);
    empty(state.spare_side);
    state.is_taking.clear(std::memory_order_release);
    return taken;
}

std::vector<Usage> UsageRecorder::take() {
    std::vector<Usage> taken;
    for (std::size_t i = 0; i < kParts; ++i) {
        auto part = take_part();
        taken.insert(taken.end(), std::make_move_iterator(part.begin()),
                     std::make_move_iterator(part.end()));
    }
    return taken;
}

std::uint64_t UsageRecorder::left_out() const {
    return state_->left_out.load();
}

}  // namespace latchkey::verify
