#include "verify/replica_state.h"

#include <algorithm>
#include <memory>
#include <variant>

#include "token/scope.h"

namespace latchkey::verify {
namespace {

// Neighbours before the tokens that name them, a token before its secrets.
int rank_of(const Fact& fact) {
    struct Rank {
        // What stops tokens first; a rule goes when they all say so by themselves.
        int operator()(const BulkFact& fact) const { return fact.is_settled ? 10 : -1; }
        int operator()(const BulkSparedFact& /*fact*/) const { return 9; }
        int operator()(const TokenStatesFact& /*fact*/) const { return 5; }
        int operator()(const ApiFact& /*fact*/) const { return 0; }
        int operator()(const RoleFact& /*fact*/) const { return 1; }
        int operator()(const KeyFact& /*fact*/) const { return 2; }
        int operator()(const UserFact& /*fact*/) const { return 3; }
        int operator()(const TokenFact& /*fact*/) const { return 4; }
        int operator()(const SecretFact& /*fact*/) const { return 5; }
        int operator()(const AccessFact& /*fact*/) const { return 5; }
        // Between two facts of one event a reader must never see more than before and after it:
        // what a token loses goes first, limits change in between, what it gains comes last.
        int operator()(const ProjectFact& /*fact*/) const { return 6; }
        int operator()(const MembershipFact& /*fact*/) const { return 8; }
        int operator()(const GrantFact& fact) const {
            if (fact.kind == PrincipalKind::kUser) return 8;
            return fact.is_removed ? 7 : 9;
        }
    };
    return std::visit(Rank{}, fact);
}

std::optional<Timestamp> time_or_never(std::int64_t microseconds) {
    if (microseconds == kNever) return std::nullopt;
    return Timestamp::from_microseconds(microseconds);
}

}  // namespace

bool Replica::State::fill(const Row& row, TokenView& view) const {
    if (row.state == 0) return false;
    const OwnerWord owner = rights.owner_word(row.owner);
    const ApiFact* const api = rights.api(row.api);
    if (!owner.is_known || api == nullptr) return false;

    view.token = row.token;
    view.owner = rights.owner_id(row.owner);
    view.kind = row.kind;
    view.state = static_cast<TokenState>(row.state);
    const BulkRules::Set* const rules = bulk.current();
    if (rules != nullptr) view.state = BulkRules::state_of(*rules, row, sets);
    view.secret_is_revoked = (row.secret_bits & Row::kSecretRevoked) != 0;
    view.owner_is_disabled = owner.is_disabled;
    view.owner_is_machine = owner.is_machine;
    view.key_is_compromised = rights.is_compromised(row.key);
    view.expires_at = time_or_never(row.expires_at);

    const Rare* const rare = tokens.rare(row);
    view.secret = !row.has_secret   ? SecretId{}
                  : rare != nullptr ? rare->secret
                                    : SecretId{row.token.bytes};
    view.secret_ends_at.reset();
    view.not_before.reset();
    view.generation = 1;
    view.rate = {};
    view.allowed_ips = {};
    view.allowed_blocks = {};
    if (rare != nullptr) fill(*rare, view);

    view.api = api->id;
    view.api_slug = api->slug;
    view.audience = api->audience;
    view.api_is_default = api->is_default;

    view.has_scopes = row.scopes != 0;
    view.scopes = {};
    view.scopes_text = {};
    if (view.has_scopes) {
        const StringSet& scopes = sets.at(row.scopes);
        view.scopes = scopes.items;
        view.scopes_text = scopes.text;
    }
    const Patterns& patterns = rights.patterns(owner.role_set, row.api);
    view.owner_patterns = patterns.items;
    view.owner_allows_everything = patterns.allows_everything;
    view.verifies = rights.verifies(owner.verifies);
    view.grant.reset();
    view.access = nullptr;
    view.claimed = nullptr;
    view.access_is_revoked = false;
    return true;
}

void Replica::State::fill(const Rare& rare, TokenView& view) const {
    view.secret_ends_at = time_or_never(rare.ends_at);
    if (rare.not_before != kNoStart) {
        view.not_before = Timestamp::from_microseconds(rare.not_before);
    }
    view.generation = rare.generation;
    view.rate = rare.rate;
    if (rare.allowed_ips == 0) return;
    const StringSet& addresses = sets.at(rare.allowed_ips);
    view.allowed_ips = addresses.items;
    view.allowed_blocks = addresses.blocks;
}

ReplicaPosition Replica::State::position() const {
    for (;;) {
        const std::uint64_t before = position_changes_.load();
        const ReplicaPosition position{.epoch = epoch_.load(), .revision = revision_.load()};
        if (before % 2 == 0 && position_changes_.load() == before) return position;
    }
}

void Replica::State::set_position(ReplicaPosition position) {
    ++position_changes_;
    epoch_.store(position.epoch);
    revision_.store(position.revision);
    ++position_changes_;
}

void Replica::State::set_imports(ImportSources sources) {
    auto next =
        sources.empty() ? nullptr : std::make_unique<const ImportSources>(std::move(sources));
    const ImportSources* const old = imports_.exchange(next.release());
    if (old == nullptr) return;
    epochs.retire([old] { delete old; });
    epochs.advance();
}

void Replica::State::put(const TokenFact& fact) {
    TokenPart part;
    part.id = fact.id;
    part.owner = rights.owner_number(fact.owner);
    part.api = rights.api_number(fact.api);
    part.kind = fact.kind;
    part.state = fact.state;
    part.expires_at = fact.expires_at ? fact.expires_at->microseconds() : kNever;
    part.not_before = fact.not_before ? fact.not_before->microseconds() : kNoStart;
    part.rate = fact.rate;
    part.scopes = fact.scopes ? sets.intern(*fact.scopes) : 0;
    part.allowed_ips = fact.allowed_ips.empty() ? 0 : sets.intern(fact.allowed_ips);
    tokens.put(part);
    sets.release(part.scopes);
    sets.release(part.allowed_ips);
}

void Replica::State::put(const SecretFact& fact) {
    tokens.put(fact, rights.key_number(fact.kid));
}

void Replica::State::put(const BulkFact& fact) {
    BulkRules::Rule rule;
    rule.fact = fact;
    if (fact.owner) rule.owner = rights.owner_number(*fact.owner);
    if (fact.api) rule.api = rights.api_number(*fact.api);
    if (!fact.kid.empty()) rule.key = rights.key_number(fact.kid);
    bulk.set(std::move(rule));
}

std::string Replica::State::status_list(std::uint64_t list) const {
    // The rules first: one that is settled meanwhile still counts for bits that were copied before.
    const BulkRules::Set* const rules = bulk.current();
    std::string bytes = statuses.copy(list);
    if (rules == nullptr || bytes.empty()) return bytes;
    tokens.for_each_presentable([&](const Row& row) {
        if (row.status_index == Row::kNone || row.status_index >> StatusBits::kListBits != list) {
            return;
        }
        if (row.state == 0) return;
        // A row that says so by itself already may be newer than its bits.
        const TokenState state = BulkRules::state_of(*rules, row, sets);
        if (state == TokenState::kActive) return;
        const auto wanted = static_cast<std::uint8_t>(
            state == TokenState::kRevoked ? TokenStatus::kRevoked : TokenStatus::kSuspended);
        const std::uint64_t bit =
            (row.status_index & ((std::uint64_t{1} << StatusBits::kListBits) - 1)) * kStatusBits;
        auto byte = unsigned{static_cast<std::uint8_t>(bytes[bit / 8])};
        if ((byte >> (bit % 8) & 3U) == static_cast<unsigned>(TokenStatus::kRevoked)) return;
        byte &= ~(3U << (bit % 8));
        bytes[bit / 8] = static_cast<char>(byte | unsigned{wanted} << (bit % 8));
    });
    return bytes;
}

void Replica::State::put(const Fact& fact, Touched& touched) {
    if (const auto* token = std::get_if<TokenFact>(&fact)) {
        put(*token);
        touched.tokens.insert(token->id);
    } else if (const auto* secret = std::get_if<SecretFact>(&fact)) {
        put(*secret);
        touched.tokens.insert(secret->token);
    } else if (const auto* rule = std::get_if<BulkFact>(&fact)) {
        put(*rule);
    } else if (const auto* spared = std::get_if<BulkSparedFact>(&fact)) {
        bulk.spare(*spared);
    } else if (const auto* states = std::get_if<TokenStatesFact>(&fact)) {
        for (const TokenId& id : states->tokens) {
            tokens.set_state(id, states->state);
            touched.tokens.insert(id);
        }
    } else if (const auto* user = std::get_if<UserFact>(&fact)) {
        if (rights.set(*user)) touched.owners.insert(rights.owner_number(user->id));
    } else if (const auto* key = std::get_if<KeyFact>(&fact)) {
        if (rights.set(*key)) touched.keys.insert(rights.key_number(key->kid));
    } else if (const auto* role = std::get_if<RoleFact>(&fact)) {
        touched.all |= rights.set(*role);
    } else if (const auto* api = std::get_if<ApiFact>(&fact)) {
        touched.all |= rights.set(*api);
    } else if (const auto* access = std::get_if<AccessFact>(&fact)) {
        revoked_access.add(*access);
    } else {
        put_in_projects(fact);
    }
}

void Replica::State::put_in_projects(const Fact& fact) {
    if (const auto* project = std::get_if<ProjectFact>(&fact)) {
        projects.set(*project);
    } else if (const auto* membership = std::get_if<MembershipFact>(&fact)) {
        projects.set(*membership);
    } else if (const auto* grant = std::get_if<GrantFact>(&fact)) {
        projects.set(*grant);
    }
}

void Replica::State::put_all(std::vector<Fact> facts) {
    std::stable_sort(facts.begin(), facts.end(),
                     [](const Fact& a, const Fact& b) { return rank_of(a) < rank_of(b); });
    // A rule goes after the bits of its last tokens were set, or a list would call them valid.
    const auto is_end_of_rule = [](const Fact& fact) {
        const auto* rule = std::get_if<BulkFact>(&fact);
        return rule != nullptr && rule->is_settled;
    };
    const auto ends = std::find_if(facts.begin(), facts.end(), is_end_of_rule);
    Touched touched;
    std::for_each(facts.begin(), ends, [&](const Fact& fact) { put(fact, touched); });
    refresh_statuses(touched);
    std::for_each(ends, facts.end(), [&](const Fact& fact) { put(fact, touched); });
}

bool Replica::State::contradicts(std::span<const Fact> facts) const {
    std::map<Digest, SecretId> seen;
    std::map<SecretId, Digest> digests;
    for (const Fact& fact : facts) {
        const auto* secret = std::get_if<SecretFact>(&fact);
        if (secret == nullptr) continue;
        if (tokens.contradicts(*secret)) return true;
        if (digests.emplace(secret->id, secret->digest).first->second != secret->digest)
            return true;
        if (secret->digest == Digest{}) continue;
        if (seen.emplace(secret->digest, secret->id).first->second != secret->id) return true;
    }
    return false;
}

void Replica::State::refresh_all_statuses() {
    tokens.visit_all([&](const Row& row) { refresh_status(row); });
}

void Replica::State::refresh_statuses(const Touched& touched) {
    if (touched.all || !touched.owners.empty() || !touched.keys.empty()) {
        tokens.visit_all([&](const Row& row) {
            if (touched.all || touched.owners.contains(row.owner) ||
                touched.keys.contains(row.key)) {
                refresh_status(row);
            }
        });
    }
    for (const TokenId& token : touched.tokens) {
        tokens.visit(token, [&](const Row& row) { refresh_status(row); });
    }
}

void Replica::State::refresh_status(const Row& row) {
    if (row.status_index != Row::kNone) statuses.set(row.status_index, status_of(row));
}

TokenStatus Replica::State::status_of(const Row& row) const {
    const bool is_revoked = row.state == static_cast<std::uint8_t>(TokenState::kRevoked) ||
                            (row.secret_bits & Row::kSecretRevoked) != 0 ||
                            rights.is_compromised(row.key);
    if (is_revoked) return TokenStatus::kRevoked;
    // A secret whose token never came is found by nobody; a list must not call it valid.
    if (row.state == 0) return TokenStatus::kAsk;
    const OwnerWord owner = rights.owner_word(row.owner);
    if (owner.is_disabled || row.state == static_cast<std::uint8_t>(TokenState::kSuspended)) {
        return TokenStatus::kSuspended;
    }
    const Rare* const rare = tokens.rare(row);
    // What no claim carries: addresses, a rate, a start, the end that a rotation gave this secret.
    const bool is_bound =
        rare != nullptr && (rare->allowed_ips != 0 || rare->rate.is_set() ||
                            rare->not_before != kNoStart || rare->ends_at != kNever);
    const bool must_ask =
        is_bound || (row.secret_bits & Row::kMustAsk) != 0 || has_lost_scope(row, owner);
    return must_ask ? TokenStatus::kAsk : TokenStatus::kValid;
}

bool Replica::State::has_lost_scope(const Row& row, const OwnerWord& owner) const {
    const Patterns& patterns = rights.patterns(owner.role_set, row.api);
    if (row.scopes == 0 || patterns.allows_everything) return false;
    const auto& scopes = sets.at(row.scopes).items;
    return !std::all_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
        return std::any_of(
            patterns.items.begin(), patterns.items.end(),
            [&](const std::string& pattern) { return scope_matches(pattern, scope); });
    });
}

}  // namespace latchkey::verify
