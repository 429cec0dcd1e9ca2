#include "authority/access_claims.h"

#include <algorithm>

#include "authority/access_token_life.h"
#include "authority/create_token.h"
#include "token/jws.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

Error invalid_scope(std::string why) {
    return invalid(std::move(why), "invalid_scope");
}

// The names of the catalogue that are allowed though no pattern that is written down says so as a
// whole: a Deny cuts into it.
void add_names(const verify::TokenView& view, verify::Requirement wanted, const DirectoryEntry& api,
               Timestamp now, std::vector<std::string>& allowed) {
    std::vector<std::string_view> open;
    for (const auto& scope : api.scopes) {
        const bool is_said = std::any_of(
            allowed.begin(), allowed.end(),
            [&](const std::string& pattern) { return scope_matches(pattern, scope.name); });
        if (!is_said && is_scope(scope.name)) open.emplace_back(scope.name);
    }
    for (std::size_t from = 0; from < open.size(); from += verify::kScopesAskedMax) {
        const std::size_t count = std::min(verify::kScopesAskedMax, open.size() - from);
        wanted.scopes = std::span(open).subspan(from, count);
        const auto judged = verify::judge(view, wanted, now);
        const bool is_about_scopes = judged.verdict == verify::Verdict::kActive ||
                                     judged.verdict == verify::Verdict::kInsufficientScope;
        for (std::size_t i = 0; is_about_scopes && i < count; ++i) {
            if ((judged.missing & (1U << i)) != 0) continue;
            if (allowed.size() < kScopesMax) allowed.emplace_back(open[from + i]);
        }
    }
}

// Some statement, for some resource, may allow one of them.
bool is_conceivable(const verify::TokenView& view, const ScopeSet& asked) {
    if (!view.grant || view.grant->policy == nullptr) return false;
    for (const auto& statement : view.grant->policy->statements) {
        if (statement.effect != Effect::kAllow) continue;
        for (const auto& action : statement.actions) {
            const auto one = ScopeSet::create({action});
            if (one && !one->intersection(asked).empty()) return true;
        }
    }
    return false;
}

std::vector<std::string> first_words(std::string_view text, std::size_t most) {
    std::vector<std::string> words;
    while (!text.empty() && words.size() < most) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

}  // namespace

void set_access_life(const verify::TokenView& view, Timestamp now, AccessClaims& claims) {
    Timestamp end = now + kAccessTokenLife;
    if (view.expires_at) end = std::min(end, *view.expires_at);
    if (view.secret_ends_at) end = std::min(end, *view.secret_ends_at);
    if (view.access != nullptr) end = std::min(end, view.access->expires_at);
    claims.issued_at = Timestamp::from_seconds(now.seconds());
    claims.expires_at = Timestamp::from_seconds(end.seconds());
}

Result<std::optional<ScopeSet>> read_access_scopes(const DirectoryEntry& api,
                                                   const std::optional<std::string>& text) {
    if (!text) return std::optional<ScopeSet>();
    const auto asked = ScopeSet::parse(*text);
    if (!asked || asked->empty()) return invalid_scope("this is no list of scopes");
    std::vector<std::string> names;
    for (const auto& scope : asked->items()) {
        const auto canonical = api.canonical(scope);
        const bool means_something =
            canonical || std::any_of(api.scopes.begin(), api.scopes.end(), [&](const auto& entry) {
                return scope_matches(scope, entry.name);
            });
        if (!means_something) {
            return invalid_scope("the API " + api.api.slug + " has no scope " + scope);
        }
        names.push_back(canonical.value_or(scope));
    }
    return std::optional<ScopeSet>(TRY(ScopeSet::create(std::move(names))));
}

Status set_access_scopes(const verify::TokenView& view, const verify::Requirement& wanted,
                         const DirectoryEntry& api, Timestamp now, AccessClaims& claims) {
    std::string text;
    verify::effective_scopes(view, text);
    auto allowed = first_words(text, kScopesMax);
    add_names(view, wanted, api, now, allowed);
    claims.scopes = TRY(ScopeSet::create(std::move(allowed)));
    if (!claims.requested) return {};
    claims.scopes = claims.scopes.intersection(*claims.requested);
    if (!claims.scopes.empty() || is_conceivable(view, *claims.requested)) return {};
    return invalid_scope("none of these scopes is allowed to this token there");
}

Result<std::string> sign_access_claims(Authority& authority, const AccessClaims& claims) {
    const auto keys = authority.keys().keys();
    auto text = sign_jws(*keys->active, kAccessTokenTyp, keys->active->kid(), to_claims(claims));
    if (text.size() <= kSecretBytesMax) return text;
    return invalid_scope("with so many scopes the access token is too long: ask for fewer");
}

}  // namespace latchkey::authority
