#include "verify/usage_batch.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace latchkey::verify {
namespace {

// Of one token, and of all: memory that no client can make us take more of.
constexpr std::size_t kScopesOfTokenMax = 64;
constexpr std::size_t kScopeNodesMax = 131'072;
constexpr std::size_t kCallerNodesMax = 16'384;

}  // namespace

// What a client calls itself ends up on screens: nothing but printable ASCII is kept.
void UsageBatch::Text::set(std::string_view agent) {
    agent = agent.substr(0, kAgentBytesMax);
    if (agent == view()) return;
    bytes = static_cast<std::uint8_t>(agent.size());
    std::transform(agent.begin(), agent.end(), text.begin(),
                   [](char c) { return c >= ' ' && c <= '~' ? c : '?'; });
}

std::int64_t UsageBatch::Entry::denials() const {
    return std::accumulate(denied.begin(), denied.end(), std::int64_t{0},
                           [](std::int64_t sum, const Denied& one) { return sum + one.count; });
}

bool UsageBatch::add(const Use& use, std::size_t tokens_max) {
    Entry* const entry = find_or_add(use.token, use.generation, day_of(use.now), tokens_max);
    if (entry == nullptr) return false;
    entry->last_used_at = use.now;
    entry->address = use.address;
    entry->agent.set(use.agent);
    if (use.is_being_replaced) add_caller(*entry, use.address, entry->agent.view(), {1, use.now});
    if (use.verdict != Verdict::kActive) {
        Denied& denied = entry->denied.at(static_cast<std::size_t>(use.verdict));
        ++denied.count;
        denied.last_at = use.now;
        return true;
    }
    ++entry->uses;
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, {1, use.now});
    }
    return true;
}

bool UsageBatch::add_scope(const Use& use, std::size_t tokens_max) {
    Entry* const entry = find_or_add(use.token, use.generation, day_of(use.now), tokens_max);
    if (entry == nullptr) return false;
    entry->last_used_at = std::max(entry->last_used_at, use.now);
    for (const std::string_view scope : use.scopes) {
        add_scope(*entry, scope, {1, use.now});
    }
    return true;
}

UsageBatch::Entry* UsageBatch::find_or_add(const TokenId& token, std::uint32_t generation,
                                           std::int64_t day, std::size_t tokens_max) {
    if (2 * (entries_.size() + 1) > places_.size()) grow();
    const std::size_t mask = places_.size() - 1;
    for (std::size_t i = IdHash<TokenTag>{}(token) >> 32 & mask;; i = (i + 1) & mask) {
        if (places_[i] == 0) {
            if (entries_.size() >= tokens_max) return nullptr;
            Entry& entry = entries_.emplace_back();
            entry.token = token;
            entry.generation = generation;
            entry.day = day;
            places_[i] = static_cast<std::uint32_t>(entries_.size());
            return &entry;
        }
        Entry& entry = entries_[places_[i] - 1];
        if (entry.token == token && entry.generation == generation && entry.day == day) {
            return &entry;
        }
    }
}

void UsageBatch::grow() {
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

// What finds no room is never forgotten: the token then counts as having used everything.
void UsageBatch::add_scope(Entry& entry, std::string_view scope, Counted counted) {
    if (scope.size() > ScopeNode{}.text.size()) return;  // no scope is that long
    std::size_t seen = 0;
    for (std::uint32_t i = entry.first_scope; i != kNone; i = scopes_[i].next, ++seen) {
        ScopeNode& node = scopes_[i];
        if (node.view() != scope) continue;
        node.uses += counted.uses;
        node.last_used_at = std::max(node.last_used_at, counted.last_used_at);
        return;
    }
    if (seen >= kScopesOfTokenMax || scopes_.size() >= kScopeNodesMax) {
        entry.has_many_scopes = true;
        return;
    }
    ScopeNode& node = scopes_.emplace_back();
    node.uses = counted.uses;
    node.last_used_at = counted.last_used_at;
    node.bytes = static_cast<std::uint8_t>(scope.size());
    std::copy(scope.begin(), scope.end(), node.text.begin());
    node.next = std::exchange(entry.first_scope, static_cast<std::uint32_t>(scopes_.size() - 1));
}

void UsageBatch::add_caller(Entry& entry, const Address& address, std::string_view agent,
                            Counted counted) {
    std::size_t seen = 0;
    for (std::uint32_t i = entry.first_caller; i != kNone; i = callers_[i].next, ++seen) {
        CallerNode& node = callers_[i];
        if (node.address != address || node.agent.view() != agent) continue;
        node.uses += counted.uses;
        node.last_used_at = std::max(node.last_used_at, counted.last_used_at);
        return;
    }
    if (seen >= kCallersMax || callers_.size() >= kCallerNodesMax) return;
    CallerNode& node = callers_.emplace_back();
    node.uses = counted.uses;
    node.last_used_at = counted.last_used_at;
    node.address = address;
    node.agent.set(agent);
    node.next = std::exchange(entry.first_caller, static_cast<std::uint32_t>(callers_.size() - 1));
}

std::uint64_t UsageBatch::merge(const UsageBatch& other, std::size_t tokens_max) {
    std::uint64_t left_out = 0;
    for (const Entry& from : other.entries_) {
        Entry* const entry = find_or_add(from.token, from.generation, from.day, tokens_max);
        if (entry == nullptr) {
            left_out += static_cast<std::uint64_t>(from.uses + from.denials());
        } else {
            merge_into(*entry, other, from);
        }
    }
    return left_out;
}

void UsageBatch::merge_into(Entry& entry, const UsageBatch& other, const Entry& from) {
    if (from.last_used_at >= entry.last_used_at) {
        entry.last_used_at = from.last_used_at;
        entry.address = from.address;
        entry.agent = from.agent;
    }
    entry.uses += from.uses;
    entry.has_many_scopes = entry.has_many_scopes || from.has_many_scopes;
    for (std::size_t i = 0; i < kVerdictsMax; ++i) {
        entry.denied[i].count += from.denied[i].count;
        entry.denied[i].last_at = std::max(entry.denied[i].last_at, from.denied[i].last_at);
    }
    for (std::uint32_t i = from.first_scope; i != kNone; i = other.scopes_[i].next) {
        const ScopeNode& node = other.scopes_[i];
        add_scope(entry, node.view(), {node.uses, node.last_used_at});
    }
    for (std::uint32_t i = from.first_caller; i != kNone; i = other.callers_[i].next) {
        const CallerNode& node = other.callers_[i];
        add_caller(entry, node.address, node.agent.view(), {node.uses, node.last_used_at});
    }
}

std::vector<Usage> UsageBatch::to_usages() const {
    std::vector<Usage> usages;
    usages.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        Usage& usage = usages.emplace_back();
        usage.token = entry.token;
        usage.generation = entry.generation;
        usage.day = entry.day;
        usage.last_used_at = entry.last_used_at;
        usage.last_address = entry.address;
        usage.last_agent = entry.agent.view();
        usage.uses = entry.uses;
        usage.denials = entry.denials();
        for (std::size_t i = 0; i < kVerdictsMax; ++i) {
            const Denied& denied = entry.denied[i];
            if (denied.count == 0) continue;
            usage.denied.push_back({static_cast<Verdict>(i), denied.count, denied.last_at});
        }
        for (std::uint32_t i = entry.first_scope; i != kNone; i = scopes_[i].next) {
            const ScopeNode& node = scopes_[i];
            usage.scopes.push_back({std::string(node.view()), node.uses, node.last_used_at});
        }
        if (entry.has_many_scopes) {
            usage.scopes.push_back({std::string(kManyScopes), 1, entry.last_used_at});
        }
        for (std::uint32_t i = entry.first_caller; i != kNone; i = callers_[i].next) {
            const CallerNode& node = callers_[i];
            usage.callers.push_back(
                {node.address, std::string(node.agent.view()), node.uses, node.last_used_at});
        }
    }
    return usages;
}

void UsageBatch::clear() {
    entries_.clear();
    std::fill(places_.begin(), places_.end(), 0);
    scopes_.clear();
    callers_.clear();
}

}  // namespace latchkey::verify
