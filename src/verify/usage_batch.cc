#include "verify/usage_batch.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace latchkey::verify {
namespace {

// Of one token, and of a part: memory that no client can make us take more of.
constexpr std::size_t kScopesOfTokenMax = 64;
constexpr std::size_t kScopeNodesMax = 65'536;
constexpr std::size_t kScopeNamesMax = 4'096;
constexpr std::size_t kScopeBytesMax = 64;  // no scope is longer
constexpr std::size_t kCallerNodesMax = 4'096;
constexpr std::size_t kPlacesMin = 32;
constexpr std::size_t kKept = 8'192;  // memory for so many is never given back

// What a client calls itself ends up on screens: nothing but printable ASCII is kept.
class Printable {
public:
    explicit Printable(std::string_view agent) : bytes_(agent.size()) {
        std::transform(agent.begin(), agent.end(), text_.begin(),
                       [](char c) { return c >= ' ' && c <= '~' ? c : '?'; });
    }
    [[nodiscard]] std::string_view view() const { return {text_.data(), bytes_}; }

private:
    std::size_t bytes_;
    std::array<char, SharedTexts::kBytesMax> text_;
};

}  // namespace

bool UsageBatch::add(const Use& use, bool may_be_new) {
    Entry* const entry = find_or_add(use, may_be_new);
    if (entry == nullptr) return false;
    note_only_scope(*entry, use);
    entry->last_used_at = use.now;
    entry->address = use.address;
    set_agent(*entry, use.agent);
    if (use.is_being_replaced) add_caller(*entry, use.address, agent_of(*entry), use.now);
    if (use.verdict != Verdict::kActive) {
        add_denial(*entry, use.verdict, use.now);
        return true;
    }
    ++entry->uses;
    if (entry->only_scope != kNone) return true;
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, use.now);
    }
    return true;
}

bool UsageBatch::add_scope(const Use& use, bool may_be_new) {
    Entry* const entry = find_or_add(use, may_be_new);
    if (entry == nullptr) return false;
    count_scopes_apart(*entry);
    entry->last_used_at = std::max(entry->last_used_at, use.now);
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, use.now);
    }
    return true;
}

// Before the use is counted.
void UsageBatch::note_only_scope(Entry& entry, const Use& use) {
    const bool is_of_one = use.verdict == Verdict::kActive && use.scopes.size() == 1;
    if (is_of_one && entry.only_scope != kNone &&
        scope_names_.view(entry.only_scope) == use.scopes[0]) {
        return;
    }
    if (!is_of_one || !entry.is_new() || use.scopes[0].size() > kScopeBytesMax) {
        count_scopes_apart(entry);
        return;
    }
    entry.only_scope = scope_names_.hold(use.scopes[0], kScopeNamesMax);
}

void UsageBatch::count_scopes_apart(Entry& entry) {
    if (entry.only_scope == kNone) return;
    ScopeNode node;
    node.scope = std::exchange(entry.only_scope, kNone);
    node.uses = entry.uses;
    node.last_used_at = entry.last_used_at;
    push_scope(entry, node);
}

UsageBatch::Entry* UsageBatch::find_or_add(const Use& use, bool may_be_new) {
    if (4 * (size_ + 1) > 3 * places_) grow();
    const std::int64_t day = day_of(use.now);
    const std::uint32_t generation = use.generation + 1;
    const std::size_t mask = places_ - 1;
    for (std::size_t i = place_of(use.token);; i = (i + 1) & mask) {
        Entry& entry = entries_[i];
        if (entry.is_of(use.token, generation, day)) return &entry;
        if (entry.generation != 0) continue;
        if (!may_be_new) return nullptr;
        entry.token = use.token;
        entry.generation = generation;
        entry.last_used_at = use.now;
        ++size_;
        return &entry;
    }
}

std::size_t UsageBatch::place_of(const TokenId& token) const {
    return IdHash<TokenTag>{}(token) >> 32 & (places_ - 1);
}

void UsageBatch::grow() {
    const std::size_t before = std::exchange(places_, std::max(kPlacesMin, places_ * 2));
    const LargeArray<Entry> entries = std::exchange(entries_, LargeArray<Entry>(places_));
    const std::size_t mask = places_ - 1;
    for (const Entry& entry : std::span(entries.get(), before)) {
        if (entry.generation == 0) continue;
        std::size_t i = place_of(entry.token);
        while (entries_[i].generation != 0) {
            i = (i + 1) & mask;
        }
        entries_[i] = entry;
    }
}

bool UsageBatch::is_far_too_large() const {
    return places_ > std::max(kKept, 8 * size_) ||
           scopes_.capacity() > std::max(kKept, 8 * scopes_.size());
}

UsageBatch::Rare& UsageBatch::rare_of(Entry& entry) {
    if (entry.rare == kNone) {
        entry.rare = static_cast<std::uint32_t>(rares_.size());
        rares_.emplace_back();
    }
    return rares_[entry.rare];
}

std::string_view UsageBatch::agent_of(const Entry& entry) const {
    return entry.agent == kNone ? std::string_view{} : agents_.view(entry.agent);
}

void UsageBatch::set_agent(Entry& entry, std::string_view agent) {
    agent = agent.substr(0, SharedTexts::kBytesMax);
    if (agent == agent_of(entry)) return;
    const std::uint32_t before = entry.agent;
    entry.agent = agents_.hold(Printable(agent).view());
    if (before != kNone) agents_.release(before);
}

void UsageBatch::add_denial(Entry& entry, Verdict verdict, Timestamp now) {
    Rare& rare = rare_of(entry);
    for (std::uint32_t i = rare.first_denial; i != kNone; i = denials_[i].next) {
        DenialNode& node = denials_[i];
        if (node.verdict != verdict) continue;
        ++node.count;
        node.last_at = std::max(node.last_at, now);
        return;
    }
    DenialNode& node = denials_.emplace_back();
    node.verdict = verdict;
    node.count = 1;
    node.last_at = now;
    node.next = std::exchange(rare.first_denial, static_cast<std::uint32_t>(denials_.size() - 1));
}

// What finds no room is never forgotten: the token then counts as having used everything.
void UsageBatch::add_scope(Entry& entry, std::string_view scope, Timestamp now) {
    if (scope.size() > kScopeBytesMax) return;
    std::size_t seen = 0;
    for (std::uint32_t i = entry.first_scope; i != kNone; i = scopes_[i].next, ++seen) {
        ScopeNode& node = scopes_[i];
        if (scope_names_.view(node.scope) != scope) continue;
        ++node.uses;
        node.last_used_at = std::max(node.last_used_at, now);
        return;
    }
    ScopeNode node;
    if (seen < kScopesOfTokenMax) node.scope = scope_names_.hold(scope, kScopeNamesMax);
    if (node.scope == kNone) {
        rare_of(entry).has_many_scopes = true;
        return;
    }
    node.uses = 1;
    node.last_used_at = now;
    push_scope(entry, node);
}

void UsageBatch::push_scope(Entry& entry, const ScopeNode& node) {
    if (scopes_.size() >= kScopeNodesMax) {
        rare_of(entry).has_many_scopes = true;
        return;
    }
    const auto index = static_cast<std::uint32_t>(scopes_.size());
    scopes_.push_back(node);
    scopes_.back().next = std::exchange(entry.first_scope, index);
}

void UsageBatch::add_caller(Entry& entry, const Address& address, std::string_view agent,
                            Timestamp now) {
    Rare& rare = rare_of(entry);
    std::size_t seen = 0;
    for (std::uint32_t i = rare.first_caller; i != kNone; i = callers_[i].next, ++seen) {
        CallerNode& node = callers_[i];
        if (node.address != address || agents_.view(node.agent) != agent) continue;
        ++node.uses;
        node.last_used_at = std::max(node.last_used_at, now);
        return;
    }
    if (seen >= kCallersMax || callers_.size() >= kCallerNodesMax) return;
    CallerNode& node = callers_.emplace_back();
    node.agent = agents_.hold(agent);
    node.uses = 1;
    node.last_used_at = now;
    node.address = address;
    node.next = std::exchange(rare.first_caller, static_cast<std::uint32_t>(callers_.size() - 1));
}

void UsageBatch::rare_to_usage(const Rare& rare, Usage& usage) const {
    for (std::uint32_t i = rare.first_denial; i != kNone; i = denials_[i].next) {
        const DenialNode& node = denials_[i];
        usage.denied.push_back({node.verdict, node.count, node.last_at});
        usage.denials += node.count;
    }
    if (rare.has_many_scopes) {
        usage.scopes.push_back({std::string(kManyScopes), 1, usage.last_used_at});
    }
    for (std::uint32_t i = rare.first_caller; i != kNone; i = callers_[i].next) {
        const CallerNode& node = callers_[i];
        usage.callers.push_back(
            {node.address, std::string(agents_.view(node.agent)), node.uses, node.last_used_at});
    }
}

void UsageBatch::append_to(std::vector<Usage>& usages) const {
    usages.reserve(usages.size() + size_);
    for (const Entry& entry : std::span(entries_.get(), places_)) {
        if (entry.generation == 0) continue;
        Usage& usage = usages.emplace_back();
        usage.token = entry.token;
        usage.generation = entry.generation - 1;
        usage.day = day_of(entry.last_used_at);
        usage.last_used_at = entry.last_used_at;
        usage.last_address = entry.address;
        usage.last_agent = agent_of(entry);
        usage.uses = entry.uses;
        if (entry.only_scope != kNone) {
            usage.scopes.push_back(
                {std::string(scope_names_.view(entry.only_scope)), entry.uses, entry.last_used_at});
        }
        for (std::uint32_t i = entry.first_scope; i != kNone; i = scopes_[i].next) {
            const ScopeNode& node = scopes_[i];
            usage.scopes.push_back(
                {std::string(scope_names_.view(node.scope)), node.uses, node.last_used_at});
        }
        if (entry.rare != kNone) rare_to_usage(rares_[entry.rare], usage);
    }
}

void UsageBatch::clear() {
    if (size_ > 0) std::fill_n(entries_.get(), places_, Entry());
    size_ = 0;
    rares_.clear();
    denials_.clear();
    scopes_.clear();
    callers_.clear();
    agents_.clear();
    scope_names_.clear();
}

}  // namespace latchkey::verify
