#include "authority/shrink_token.h"

#include <algorithm>
#include <set>

#include "authority/edit_token.h"
#include "authority/maintenance.h"
#include "token/scope.h"
#include "verify/judge.h"

namespace latchkey::authority {
namespace {

constexpr Microseconds kDay{std::int64_t{86'400'000'000}};

// Whether a token with these scopes would have been allowed this: the judge says so, of a token
// that nothing else stands in the way of.
bool would_allow(const std::vector<std::string>& scopes, std::string_view scope, Timestamp now) {
    static const std::vector<std::string> kEverything{"*"};
    verify::TokenView view;
    view.api_is_default = true;
    view.has_scopes = true;
    view.scopes = scopes;
    view.owner_patterns = kEverything;
    view.owner_allows_everything = true;
    verify::Requirement wanted;
    wanted.scopes = std::span(&scope, 1);
    return verify::judge(view, wanted, now).verdict == verify::Verdict::kActive;
}

// A scope that a catalogue does not know could not be given to the token again.
bool is_known(const DirectoryEntry* api, const std::string& scope) {
    return api != nullptr && api->canonical(scope).has_value();
}

// What is left of one granted scope: itself if it was used; of a pattern what was used of it.
std::vector<std::string> narrowed(const std::string& granted,
                                  const std::vector<store::ScopeUsage>& used,
                                  const DirectoryEntry* api) {
    std::vector<std::string> below;
    for (const auto& one : used) {
        if (one.scope == granted) return {granted};
        if (scope_matches(granted, one.scope)) below.push_back(one.scope);
    }
    const bool can_be_given = std::all_of(below.begin(), below.end(),
                                          [&](const auto& scope) { return is_known(api, scope); });
    if (!can_be_given) return {granted};
    return below;
}

// Our own API asks for more than the scope that a route is for: whether other people's things are
// meant, and, of whoever changes something, for whatever he gives away. Nobody recorded that.
void add_unseen(const store::TokenRecord& token, std::vector<store::ScopeUsage>& used) {
    if (used.empty()) return;
    const bool changes_things = std::any_of(used.begin(), used.end(), [](const auto& one) {
        return std::string_view(one.scope).ends_with(":write");
    });
    const auto unseen = changes_things ? *token.scopes : std::vector<std::string>{"user:read"};
    for (const auto& scope : unseen) {
        used.push_back({scope, 0, used.front().last_used_at});
    }
}

void review(ScopeReview& found, const std::vector<store::ScopeUsage>& used,
            const DirectoryEntry* api, Timestamp now) {
    std::set<std::string> to;
    for (const auto& granted : *found.details.token.scopes) {
        const auto left = narrowed(granted, used, api);
        (left.empty() ? found.unused : found.used).push_back(granted);
        to.insert(left.begin(), left.end());
    }
    // What another granted scope covers anyway is not said twice.
    for (const auto& scope : to) {
        const bool is_covered = std::any_of(to.begin(), to.end(), [&](const std::string& other) {
            return other != scope && scope_matches(other, scope);
        });
        if (!is_covered) found.to.push_back(scope);
    }
    for (const auto& one : used) {
        const bool was_allowed = would_allow(*found.details.token.scopes, one.scope, now);
        if (was_allowed && !would_allow(found.to, one.scope, now)) found.denied.push_back(one);
    }
}

}  // namespace

Result<ScopeReview> review_scopes(store::Connection& db, const Actor& actor,
                                  const DirectoryView& directory, std::string_view id,
                                  std::int64_t days, Timestamp now) {
    ScopeReview found;
    found.details = TRY(get_token(db, actor, id));
    const auto& token = found.details.token;
    if (!token.scopes) {
        return Error{ErrorCode::kInvalidArgument, "this token declares no scopes"}
            .with_reason("scopes_not_declared")
            .with_hint("its policies say what it may do: narrow those");
    }
    const Timestamp from = now - kDay * days;
    found.since = std::max(TRY(recording_since(db)), token.created_at);
    found.is_enough = found.since <= from;
    std::vector<store::ScopeUsage> used;
    for (auto& one : TRY(store::usage_scopes(db, token.id))) {
        if (one.last_used_at < from) continue;
        if (one.scope.empty()) {
            found.uses_without_scope = one.uses;
        } else {
            used.push_back(std::move(one));
        }
    }
    const DirectoryEntry* const api = directory.find(token.api);
    if (api != nullptr && api->api.slug == kManagementApi) add_unseen(token, used);
    // Too many to tell apart: every scope counts as used.
    const bool are_all = std::any_of(used.begin(), used.end(),
                                     [](const auto& one) { return is_everything(one.scope); });
    if (are_all) {
        found.used = *token.scopes;
        found.to = *token.scopes;
        return found;
    }
    review(found, used, api, now);
    return found;
}

Result<ScopeReview> shrink_token(store::Transaction& tx, const Actor& actor,
                                 const DirectoryView& directory, std::string_view id,
                                 std::int64_t days) {
    auto found = TRY(review_scopes(tx.connection(), actor, directory, id, days, tx.now()));
    if (!found.denied.empty()) {
        return Error{ErrorCode::kConflict, "uses that were recorded would be denied"}.with_reason(
            "would_deny");
    }
    TokenEdit edit;
    edit.scopes = found.to;
    found.details = TRY(edit_token(tx, actor, directory, id, edit));
    return found;
}

}  // namespace latchkey::authority
