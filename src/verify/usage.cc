#include "verify/usage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace latchkey::verify {
namespace {

constexpr std::size_t kAgentBytesMax = 120;
constexpr std::size_t kSideMax = 64;

// One use, and a token's uses: the same shape, so that the side buffer is merged like any other.
struct Entry {
    TokenId token;
    Timestamp last_used_at;
    Address address{};
    std::int64_t uses{0};
    std::int64_t denials{0};
    std::uint8_t agent_bytes{0};
    std::array<char, kAgentBytesMax> agent{};
};

// What a client calls itself ends up on screens: nothing but printable ASCII is kept.
void set_agent(Entry& entry, std::string_view agent) {
    agent = agent.substr(0, kAgentBytesMax);
    if (agent == std::string_view(entry.agent.data(), entry.agent_bytes)) return;
    entry.agent_bytes = static_cast<std::uint8_t>(agent.size());
    std::transform(agent.begin(), agent.end(), entry.agent.begin(),
                   [](char c) { return c >= ' ' && c <= '~' ? c : '?'; });
}

struct Use {
    const TokenId& token;
    Timestamp now;
    const Address& address;
    std::string_view agent;
    bool was_allowed;
};

void count(Entry& entry, const Use& use) {
    entry.last_used_at = use.now;
    entry.address = use.address;
    set_agent(entry, use.agent);
    ++(use.was_allowed ? entry.uses : entry.denials);
}

// Tokens in the order first seen, found by open addressing; keeps its memory when cleared.
class Batch {
public:
    // Null: full, and not known.
    Entry* find_or_add(const TokenId& token, std::size_t tokens_max) {
        if (2 * (entries_.size() + 1) > places_.size()) grow();
        const std::size_t mask = places_.size() - 1;
        for (std::size_t i = IdHash<TokenTag>{}(token) >> 32 & mask;; i = (i + 1) & mask) {
            if (places_[i] == 0) {
                if (entries_.size() >= tokens_max) return nullptr;
                entries_.emplace_back().token = token;
                places_[i] = static_cast<std::uint32_t>(entries_.size());
                return &entries_.back();
            }
            Entry& entry = entries_[places_[i] - 1];
            if (entry.token == token) return &entry;
        }
    }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    void clear() {
        entries_.clear();
        std::fill(places_.begin(), places_.end(), 0);
    }

private:
    void grow() {
        std::vector<std::uint32_t> places(std::max<std::size_t>(64, places_.size() * 2), 0);
        const std::size_t mask = places.size() - 1;
        for (std::uint32_t n = 0; n < entries_.size(); ++n) {
            std::size_t i = IdHash<TokenTag>{}(entries_[n].token) >> 32 & mask;
            while (places[i] != 0) {
                i = (i + 1) & mask;
            }
            places[i] = n + 1;
        }
        places_ = std::move(places);
    }

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> places_;  // entry + 1, zero is empty
};

}  // namespace

struct UsageRecorder::State {
    explicit State(std::size_t most) : tokens_max(most) {}

    void record(const Use& use);
    void keep_aside(const Use& use);
    void merge_side();

    const std::size_t tokens_max;
    // Held for one record or for one swap of pointers. Only take() ever waits for it.
    std::atomic_flag is_held = ATOMIC_FLAG_INIT;
    std::unique_ptr<Batch> current = std::make_unique<Batch>();
    std::unique_ptr<Batch> spare = std::make_unique<Batch>();
    std::atomic<std::uint64_t> left_out{0};
    // The recording thread's own: uses that met take() and are counted with the next one.
    std::array<Entry, kSideMax> side;
    std::size_t side_count{0};
    std::atomic_flag is_taking = ATOMIC_FLAG_INIT;
};

void UsageRecorder::State::record(const Use& use) {
    Entry* const entry = current->find_or_add(use.token, tokens_max);
    if (entry == nullptr) {
        ++left_out;
    } else {
        count(*entry, use);
    }
}

void UsageRecorder::State::keep_aside(const Use& use) {
    if (side_count == kSideMax) {
        ++left_out;
        return;
    }
    Entry& entry = side[side_count++];
    entry = Entry{};
    entry.token = use.token;
    count(entry, use);
}

void UsageRecorder::State::merge_side() {
    for (std::size_t i = 0; i < side_count; ++i) {
        const Entry& kept = side[i];
        record({kept.token, kept.last_used_at, kept.address,
                std::string_view(kept.agent.data(), kept.agent_bytes), kept.uses > 0});
    }
    side_count = 0;
}

UsageRecorder::UsageRecorder(std::size_t tokens_max)
    : state_(std::make_unique<State>(tokens_max)) {}
UsageRecorder::~UsageRecorder() = default;

void UsageRecorder::record(const TokenId& token, Timestamp now, const Address& address,
                           std::string_view agent, bool was_allowed) {
    State& state = *state_;
    const Use use{token, now, address, agent, was_allowed};
    if (state.is_held.test_and_set(std::memory_order_acquire)) {
        state.keep_aside(use);
        return;
    }
    if (state.side_count > 0) state.merge_side();
    state.record(use);
    state.is_held.clear(std::memory_order_release);
}

std::vector<Usage> UsageRecorder::take() {
    State& state = *state_;
    while (state.is_taking.test_and_set(std::memory_order_acquire)) {
    }
    while (state.is_held.test_and_set(std::memory_order_acquire)) {
    }
    std::swap(state.current, state.spare);
    state.is_held.clear(std::memory_order_release);

    std::vector<Usage> batch;
    batch.reserve(state.spare->entries().size());
    for (const Entry& entry : state.spare->entries()) {
        batch.push_back({.token = entry.token,
                         .last_used_at = entry.last_used_at,
                         .last_address = entry.address,
                         .last_agent = std::string(entry.agent.data(), entry.agent_bytes),
                         .uses = entry.uses,
                         .denials = entry.denials});
    }
    state.spare->clear();
    state.is_taking.clear(std::memory_order_release);
    return batch;
}

std::uint64_t UsageRecorder::left_out() const {
    return state_->left_out.load();
}

}  // namespace latchkey::verify
