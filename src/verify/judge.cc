#include "verify/judge.h"

#include <algorithm>
#include <array>

#include "token/scope.h"
#include "verify/address_block.h"

namespace latchkey::verify {
namespace {

bool covers(std::span<const std::string> patterns, std::string_view scope) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return scope_matches(pattern, scope); });
}

bool owner_covers(const TokenView& token, std::string_view scope) {
    return token.owner_allows_everything || covers(token.owner_patterns, scope);
}

Verdict life_of(const TokenView& token, Timestamp now) {
    if (token.state == TokenState::kRevoked || token.secret_is_revoked) return Verdict::kRevoked;
    if (token.access_is_revoked) return Verdict::kRevoked;
    if (token.key_is_compromised) return Verdict::kKeyCompromised;
    if (token.expires_at && *token.expires_at <= now) return Verdict::kExpired;
    if (token.secret_ends_at && *token.secret_ends_at <= now) return Verdict::kExpired;
    if (token.access != nullptr && token.access->expires_at <= now) return Verdict::kExpired;
    if (token.not_before && *token.not_before > now) return Verdict::kNotYetValid;
    if (token.state == TokenState::kSuspended) return Verdict::kSuspended;
    if (token.owner_is_disabled) return Verdict::kOwnerDisabled;
    return Verdict::kActive;
}

bool is_for(const TokenView& token, std::string_view api_slug) {
    return api_slug.empty() ? token.api_is_default : token.api_slug == api_slug;
}

// A block that cannot be read matches nothing: a damaged list must not open a token to everyone.
bool address_is_allowed(const TokenView& token, const std::optional<Address>& address) {
    if (token.allowed_ips.empty()) return true;
    if (!address) return false;
    if (!token.allowed_blocks.empty()) {
        return std::any_of(token.allowed_blocks.begin(), token.allowed_blocks.end(),
                           [&](const AddressBlock& block) { return is_inside(*address, block); });
    }
    return std::any_of(token.allowed_ips.begin(), token.allowed_ips.end(),
                       [&](const std::string& text) {
                           const auto block = parse_address_block(text);
                           return block && is_inside(*address, *block);
                       });
}

// A bound token without its proof is as good as stolen; a proof for one that is not bound proves
// nothing, and whoever sent it believes otherwise.
Verdict proof_of(const TokenView& token, Proof proof) {
    const bool is_bound = token.access != nullptr && token.access->holder_key.has_value();
    if (!is_bound) return proof == Proof::kInvalid ? Verdict::kProofInvalid : Verdict::kActive;
    switch (proof) {
        case Proof::kAbsent: return Verdict::kProofNeeded;
        case Proof::kValid: return Verdict::kActive;
        case Proof::kInvalid: return Verdict::kProofInvalid;
    }
    return Verdict::kProofInvalid;
}

// Everything that has a say about one scope: what was asked for with an access token, the token's
// own scopes if it declared any, its owner, and in a project the policies and the owner's place.
bool allows(const TokenView& token, const GrantView* grant, std::string_view scope,
            std::string_view resource) {
    if (token.access != nullptr && token.access->scopes && !covers(*token.access->scopes, scope)) {
        return false;
    }
    if (token.has_scopes && !covers(token.scopes, scope)) return false;
    if (token.claimed != nullptr && !covers(*token.claimed, scope)) return false;
    if (!owner_covers(token, scope)) return false;
    if (grant == nullptr) return token.has_scopes;
    if (grant->policy == nullptr || !decide(*grant->policy, scope, resource).is_allowed) {
        return false;
    }
    if (grant->owner_policy != nullptr &&
        !decide(*grant->owner_policy, scope, resource).is_allowed) {
        return false;
    }
    return !grant->owner_is_limited || covers(grant->member_patterns, scope);
}

// The project that the question is about: the one named, else that of the access token.
std::optional<ProjectId> project_of(const TokenView& token, const Requirement& wanted) {
    if (wanted.project || token.access == nullptr) return wanted.project;
    return token.access->project;
}

// A place in a project counts from the first Allow on.
bool gives_something(const GrantView& grant) {
    if (grant.policy == nullptr) return false;
    const auto& statements = grant.policy->statements;
    return std::any_of(statements.begin(), statements.end(),
                       [](const PolicyStatement& one) { return one.effect == Effect::kAllow; });
}

Judgement scopes_of(const TokenView& token, const Requirement& wanted) {
    if (wanted.scopes.size() > kScopesAskedMax) {
        return {Verdict::kInsufficientScope, (1U << kScopesAskedMax) - 1};
    }
    const auto every = static_cast<std::uint32_t>((1U << wanted.scopes.size()) - 1);
    const auto project = project_of(token, wanted);
    const GrantView* grant = nullptr;
    if (project) {
        const bool is_of_other_project =
            token.access != nullptr && token.access->project != project;
        const bool has_grant = token.grant && token.grant->project == *project;
        if (is_of_other_project || !has_grant || !gives_something(*token.grant)) {
            return {Verdict::kInsufficientScope, every};
        }
        grant = &*token.grant;
    }
    Judgement judgement{Verdict::kActive, 0};
    const std::string_view resource = wanted.resource.empty() ? "*" : wanted.resource;
    for (std::size_t i = 0; i < wanted.scopes.size(); ++i) {
        if (!allows(token, grant, wanted.scopes[i], resource)) judgement.missing |= 1U << i;
    }
    if (judgement.missing != 0) judgement.verdict = Verdict::kInsufficientScope;
    return judgement;
}

// Appends `scope` unless a word from `start` on says as much already.
void append_once(std::string& out, std::size_t start, std::string_view scope) {
    std::string_view words = std::string_view{out}.substr(start);
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (scope_matches(words.substr(0, end), scope)) return;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    if (out.size() > start) out.push_back(' ');
    out += scope;
}

// About 0.2 ms of comparing patterns, however long the lists are that somebody wrote.
constexpr std::size_t kEffectiveWorkMax = 20'000;

// Every list of patterns that has a say about a token, on every resource.
class Ceilings {
public:
    explicit Ceilings(const TokenView& token) {
        if (token.grant) add_grant(*token.grant);
        if (token.has_scopes || !token.grant) add(token.scopes);
        if (!token.owner_allows_everything) add(token.owner_patterns);
        if (token.access != nullptr && token.access->scopes) add(*token.access->scopes);
        if (token.claimed != nullptr) add(*token.claimed);
    }
    [[nodiscard]] std::span<const std::span<const std::string>> lists() const {
        return std::span(lists_).first(count_);
    }
    [[nodiscard]] std::size_t total() const { return total_; }
    [[nodiscard]] bool cover(std::string_view pattern) const {
        const auto all = lists();
        return std::all_of(all.begin(), all.end(),
                           [&](const auto& list) { return covers(list, pattern); });
    }

private:
    void add_grant(const GrantView& grant) {
        add(grant.everywhere);
        if (grant.owner_policy != nullptr) add(grant.owner_everywhere);
        if (grant.owner_is_limited) add(grant.member_patterns);
    }
    void add(std::span<const std::string> list) {
        lists_.at(count_++) = list;
        total_ += list.size() + 1;
    }

    std::array<std::span<const std::string>, 7> lists_{};
    std::size_t count_{0};
    std::size_t total_{0};
};

}  // namespace

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kActive: return "active";
        case Verdict::kMalformed: return "malformed";
        case Verdict::kUnknown: return "unknown";
        case Verdict::kRevoked: return "revoked";
        case Verdict::kExpired: return "expired";
        case Verdict::kNotYetValid: return "not_yet_valid";
        case Verdict::kSuspended: return "suspended";
        case Verdict::kOwnerDisabled: return "owner_disabled";
        case Verdict::kKeyCompromised: return "key_compromised";
        case Verdict::kWrongAudience: return "wrong_audience";
        case Verdict::kAddressNotAllowed: return "address_not_allowed";
        case Verdict::kProofNeeded: return "proof_needed";
        case Verdict::kProofInvalid: return "proof_invalid";
        case Verdict::kRateLimited: return "rate_limited";
        case Verdict::kInsufficientScope: return "insufficient_scope";
    }
    return "unknown";
}

std::string_view verdict_reason(Verdict verdict) {
    switch (verdict) {
        case Verdict::kActive: return "The token is valid and allows this.";
        case Verdict::kMalformed: return "This is not a token: its form or checksum is wrong.";
        case Verdict::kUnknown: return "No such token is known here.";
        case Verdict::kRevoked: return "The token was revoked.";
        case Verdict::kExpired: return "The token has expired.";
        case Verdict::kNotYetValid: return "The token is not valid yet.";
        case Verdict::kSuspended: return "The token is suspended.";
        case Verdict::kOwnerDisabled: return "The token's owner is disabled.";
        case Verdict::kKeyCompromised: return "The key that signed the token was withdrawn.";
        case Verdict::kWrongAudience: return "The token is for another API.";
        case Verdict::kAddressNotAllowed: return "The token may not be used from this address.";
        case Verdict::kProofNeeded: return "The token needs a proof of its holder's key.";
        case Verdict::kProofInvalid: return "The proof of the holder's key is not valid here.";
        case Verdict::kRateLimited: return "The token was used too often; wait a little.";
        case Verdict::kInsufficientScope: return "The token lacks a scope that this needs.";
    }
    return "No such token is known here.";
}

Judgement judge(const TokenView& token, const Requirement& wanted, Timestamp now) {
    const Verdict life = life_of(token, now);
    if (life != Verdict::kActive) return {life, 0};
    if (!is_for(token, wanted.api_slug)) return {Verdict::kWrongAudience, 0};
    if (!address_is_allowed(token, wanted.address)) return {Verdict::kAddressNotAllowed, 0};
    const Verdict proven = proof_of(token, wanted.proof);
    if (proven != Verdict::kActive) return {proven, 0};
    return scopes_of(token, wanted);
}

void effective_scopes(const TokenView& token, std::string& out) {
    // The common case, on the path of most checks: nobody takes anything away.
    const bool is_whole = !token.grant && token.access == nullptr && token.claimed == nullptr &&
                          std::all_of(token.scopes.begin(), token.scopes.end(),
                                      [&](const auto& one) { return owner_covers(token, one); });
    if (is_whole) {
        out += token.scopes_text;
        return;
    }
    const std::size_t start = out.size();
    const Ceilings ceilings(token);
    std::size_t work = 0;
    for (const auto& list : ceilings.lists()) {
        for (const std::string& pattern : list) {
            work += ceilings.total();
            if (work > kEffectiveWorkMax) return;
            if (ceilings.cover(pattern)) append_once(out, start, pattern);
        }
    }
}

}  // namespace latchkey::verify
