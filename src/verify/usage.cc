#include "verify/usage.h"

#include <array>
#include <atomic>

#include "verify/usage_batch.h"

namespace latchkey::verify {
namespace {

constexpr std::size_t kSideMax = 64;

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
    void add(Add&& add_to);

    const std::size_t tokens_max;
    std::atomic_flag is_held = ATOMIC_FLAG_INIT;  // only take() ever waits for it
    std::unique_ptr<UsageBatch> current = std::make_unique<UsageBatch>();
    std::unique_ptr<UsageBatch> spare = std::make_unique<UsageBatch>();
    std::atomic<std::uint64_t> left_out{0};
    // The recording thread's own: uses that met take() and are counted with the next one.
    UsageBatch side;
    std::atomic_flag is_taking = ATOMIC_FLAG_INIT;
};

template <typename Add>
void UsageRecorder::State::add(Add&& add_to) {
    const Held held(is_held);
    if (!held.is_held()) {
        if (!add_to(side, kSideMax)) ++left_out;
        return;
    }
    if (side.size() > 0) {
        left_out += current->merge(side, tokens_max);
        side.clear();
    }
    if (!add_to(*current, tokens_max)) ++left_out;
}

UsageRecorder::UsageRecorder(std::size_t tokens_max)
    : state_(std::make_unique<State>(tokens_max)) {}
UsageRecorder::~UsageRecorder() = default;

void UsageRecorder::record(const Use& use) {
    state_->add([&](UsageBatch& batch, std::size_t most) { return batch.add(use, most); });
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
    state_->add([&](UsageBatch& batch, std::size_t most) { return batch.add_scope(use, most); });
}

std::vector<Usage> UsageRecorder::take() {
    State& state = *state_;
    while (state.is_taking.test_and_set(std::memory_order_acquire)) {
    }
    while (state.is_held.test_and_set(std::memory_order_acquire)) {
    }
    std::swap(state.current, state.spare);
    state.is_held.clear(std::memory_order_release);
    std::vector<Usage> batch = state.spare->to_usages();
    state.spare->clear();
    state.is_taking.clear(std::memory_order_release);
    return batch;
}

std::size_t UsageRecorder::waiting() const {
    State& state = *state_;
    while (state.is_held.test_and_set(std::memory_order_acquire)) {
    }
    const std::size_t size = state.current->size();
    state.is_held.clear(std::memory_order_release);
    return size;
}

std::uint64_t UsageRecorder::left_out() const {
    return state_->left_out.load();
}

}  // namespace latchkey::verify
