#include "verify/judge.h"

#include <algorithm>

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
    if (token.key_is_compromised) return Verdict::kKeyCompromised;
    if (token.expires_at && *token.expires_at <= now) return Verdict::kExpired;
    if (token.secret_ends_at && *token.secret_ends_at <= now) return Verdict::kExpired;
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
    return std::any_of(token.allowed_ips.begin(), token.allowed_ips.end(),
                       [&](const std::string& text) {
                           const auto block = parse_address_block(text);
                           return block && is_inside(*address, *block);
                       });
}

// What the token has in the asked space: its own scopes or, in a project, its grants there. There
// are no grants yet, so that nothing is allowed in any project.
bool token_covers(const TokenView& token, const Requirement& wanted, std::string_view scope) {
    if (wanted.project) return false;
    return covers(token.scopes, scope);
}

Judgement scopes_of(const TokenView& token, const Requirement& wanted) {
    Judgement judgement{Verdict::kActive, 0};
    if (wanted.scopes.size() > kScopesAskedMax) {
        return {Verdict::kInsufficientScope, (1U << kScopesAskedMax) - 1};
    }
    for (std::size_t i = 0; i < wanted.scopes.size(); ++i) {
        const std::string_view scope = wanted.scopes[i];
        if (!token_covers(token, wanted, scope) || !owner_covers(token, scope)) {
            judgement.missing |= 1U << i;
        }
    }
    if (judgement.missing != 0 || wanted.project) judgement.verdict = Verdict::kInsufficientScope;
    return judgement;
}

// Appends `scope` unless it stands among the words from `start` on.
void append_once(std::string& out, std::size_t start, std::string_view scope) {
    std::string_view words = std::string_view{out}.substr(start);
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == scope) return;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    if (out.size() > start) out.push_back(' ');
    out += scope;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kActive: return "active";
        case Verdict::kMalformed: return "malformed";
        case Verdict::kUnknown: return "unknown";
        case Verdict::kRevoked: return "revoked";
        case Verdict::kExpired: return "expired";
        case Verdict::kSuspended: return "suspended";
        case Verdict::kOwnerDisabled: return "owner_disabled";
        case Verdict::kKeyCompromised: return "key_compromised";
        case Verdict::kWrongAudience: return "wrong_audience";
        case Verdict::kAddressNotAllowed: return "address_not_allowed";
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
        case Verdict::kSuspended: return "The token is suspended.";
        case Verdict::kOwnerDisabled: return "The token's owner is disabled.";
        case Verdict::kKeyCompromised: return "The key that signed the token was withdrawn.";
        case Verdict::kWrongAudience: return "The token is for another API.";
        case Verdict::kAddressNotAllowed: return "The token may not be used from this address.";
        case Verdict::kInsufficientScope: return "The token lacks a scope that this needs.";
    }
    return "No such token is known here.";
}

Judgement judge(const TokenView& token, const Requirement& wanted, Timestamp now) {
    const Verdict life = life_of(token, now);
    if (life != Verdict::kActive) return {life, 0};
    if (!is_for(token, wanted.api_slug)) return {Verdict::kWrongAudience, 0};
    if (!address_is_allowed(token, wanted.address)) return {Verdict::kAddressNotAllowed, 0};
    return scopes_of(token, wanted);
}

void effective_scopes(const TokenView& token, std::string& out) {
    const std::size_t start = out.size();
    for (const std::string& scope : token.scopes) {
        if (owner_covers(token, scope)) {
            append_once(out, start, scope);
            continue;
        }
        for (const std::string& pattern : token.owner_patterns) {
            if (scope_matches(scope, pattern)) append_once(out, start, pattern);
        }
    }
}

}  // namespace latchkey::verify
