#include "verify/usage_batch.h"

#include <algorithm>
#include <array>
#include <utility>

namespace latchkey::verify {
namespace {

// Of one token, and of all: memory that no client can make us take more of.
constexpr std::size_t kScopesOfTokenMax = 64;
constexpr std::size_t kScopeNodesMax = 16'384;
constexpr std::size_t kScopeNamesMax = 1'024;
constexpr std::size_t kScopeBytesMax = 64;  // no scope is longer
constexpr std::size_t kCallerNodesMax = 1'024;
constexpr std::size_t kPlacesMin = 8;

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
    entry->last_used_at = use.now;
    entry->address = use.address;
    set_agent(*entry, use.agent);
    if (use.is_being_replaced) add_caller(*entry, use.address, agent_of(*entry), use.now);
    if (use.verdict != Verdict::kActive) {
        add_denial(*entry, use.verdict, use.now);
        return true;
    }
    ++entry->uses;
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, use.now);
    }
    return true;
}

bool UsageBatch::add_scope(const Use& use, bool may_be_new) {
    Entry* const entry = find_or_add(use, may_be_new);
    if (entry == nullptr) return false;
    entry->last_used_at = std::max(entry->last_used_at, use.now);
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, use.now);
    }
    return true;
}

UsageBatch::Entry* UsageBatch::find_or_add(const Use& use, bool may_be_new) {
    const auto day = static_cast<std::int32_t>(day_of(use.now));
    if (2 * (entries_.size() + 1) > places_.size()) grow();
    const std::size_t mask = places_.size() - 1;
    for (std::size_t i = IdHash<TokenTag>{}(use.token) >> 32 & mask;; i = (i + 1) & mask) {
        if (places_[i] == 0) {
            if (!may_be_new) return nullptr;
            Entry& entry = entries_.emplace_back();
            entry.token = use.token;
            entry.generation = use.generation;
            entry.day = day;
            places_[i] = static_cast<std::uint32_t>(entries_.size());
            return &entry;
        }
        Entry& entry = entries_[places_[i] - 1];
        if (entry.token == use.token && entry.generation == use.generation && entry.day == day) {
            return &entry;
        }
    }
}

void UsageBatch::grow() {
    std::vector<std::uint32_t> places(std::max(kPlacesMin, places_.size() * 2), 0);
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
    if (seen >= kScopesOfTokenMax || scopes_.size() >= kScopeNodesMax ||
        scope_names_.size() >= kScopeNamesMax) {
        rare_of(entry).has_many_scopes = true;
        return;
    }
    ScopeNode& node = scopes_.emplace_back();
    node.scope = scope_names_.hold(scope);
    node.uses = 1;
    node.last_used_at = now;
    node.next = std::exchange(entry.first_scope, static_cast<std::uint32_t>(scopes_.size() - 1));
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
    usages.reserve(usages.size() + entries_.size());
    for (const Entry& entry : entries_) {
        Usage& usage = usages.emplace_back();
        usage.token = entry.token;
        usage.generation = entry.generation;
        usage.day = entry.day;
        usage.last_used_at = entry.last_used_at;
        usage.last_address = entry.address;
        usage.last_agent = agent_of(entry);
        usage.uses = entry.uses;
        for (std::uint32_t i = entry.first_scope; i != kNone; i = scopes_[i].next) {
            const ScopeNode& node = scopes_[i];
            usage.scopes.push_back(
                {std::string(scope_names_.view(node.scope)), node.uses, node.last_used_at});
        }
        if (entry.rare != kNone) rare_to_usage(rares_[entry.rare], usage);
    }
}

void UsageBatch::clear() {
    entries_.clear();
    std::fill(places_.begin(), places_.end(), 0);
    rares_.clear();
    denials_.clear();
    scopes_.clear();
    callers_.clear();
    agents_.clear();
    scope_names_.clear();
}

}  // namespace latchkey::verify
