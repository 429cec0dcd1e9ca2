#include "authority/policy_rights.h"

#include <algorithm>

#include "token/scope.h"

namespace latchkey::authority {
namespace {

struct Pair {
    std::string_view action;
    std::string_view resource;
};

template <typename Use>
void for_each_pair(const Policy& policy, Effect effect, const Use& use) {
    for (const auto& statement : policy.statements) {
        if (statement.effect != effect) continue;
        for (const auto& action : statement.actions) {
            for (const auto& resource : statement.resources) {
                use(Pair{action, resource});
            }
        }
    }
}

// A "*" in the narrower pattern is a segment as any other, so that whatever it stands for is
// covered too.
bool covers(const Pair& wider, const Pair& narrower) {
    return scope_matches(wider.action, narrower.action) &&
           (wider.resource == "*" || resource_matches(wider.resource, narrower.resource));
}

bool has_pair(const Policy& policy, Effect effect, const Pair& wanted) {
    bool is_found = false;
    for_each_pair(policy, effect,
                  [&](const Pair& pair) { is_found = is_found || covers(pair, wanted); });
    return is_found;
}

// Whether some action may be named by both.
bool may_meet(std::string_view one, std::string_view other) {
    const auto left = ScopeSet::create({std::string(one)});
    const auto right = ScopeSet::create({std::string(other)});
    return !left || !right || !left->intersection(*right).empty();
}

// Whatever the source denies of this action, the new policy denies too.
bool keeps_denies(const Policy& wanted, const Policy& source, std::string_view action) {
    bool keeps = true;
    for_each_pair(source, Effect::kDeny, [&](const Pair& denied) {
        if (!may_meet(denied.action, action)) return;
        keeps = keeps && has_pair(wanted, Effect::kDeny, denied);
    });
    return keeps;
}

bool gives(const PolicySource& source, const Policy& wanted, const Pair& allowed) {
    const bool is_covered = std::all_of(
        source.patterns.begin(), source.patterns.end(),
        [&](const auto& patterns) { return authority::covers(patterns, allowed.action); });
    if (!is_covered || source.policy == nullptr) return is_covered;
    return has_pair(*source.policy, Effect::kAllow, allowed) &&
           keeps_denies(wanted, *source.policy, allowed.action);
}

bool is_known(const DirectoryEntry& api, std::string_view action) {
    return std::any_of(api.scopes.begin(), api.scopes.end(), [&](const auto& scope) {
        return scope_matches(scope.name, action) || scope_matches(action, scope.name);
    });
}

// The name that `action` is an alias of, or nearly is; empty: none.
std::string meant_by(const DirectoryEntry& api, std::string_view action) {
    if (auto name = api.canonical(action)) return std::move(*name);
    auto near = suggest_scopes(action, api.scope_names());
    return near.empty() ? std::string() : std::move(near.front());
}

}  // namespace

std::vector<std::string> not_given(const Policy& wanted, const std::vector<PolicySource>& sources) {
    std::vector<std::string> missing;
    for_each_pair(wanted, Effect::kAllow, [&](const Pair& allowed) {
        const bool is_given =
            std::any_of(sources.begin(), sources.end(),
                        [&](const PolicySource& source) { return gives(source, wanted, allowed); });
        const bool is_listed =
            std::find(missing.begin(), missing.end(), allowed.action) != missing.end();
        if (!is_given && !is_listed) missing.emplace_back(allowed.action);
    });
    return missing;
}

Error bad_policy(std::string_view text, const std::string& pointer, const std::string& why) {
    const auto place = locate(text, pointer);
    return invalid("line " + std::to_string(place.line) + ", column " +
                       std::to_string(place.column) + ": " + why,
                   "bad_policy", pointer);
}

Status check_actions(const Policy& policy, std::string_view text,
                     const std::vector<const DirectoryEntry*>& apis) {
    for (std::size_t i = 0; i < policy.statements.size(); ++i) {
        const auto& actions = policy.statements[i].actions;
        for (std::size_t j = 0; j < actions.size(); ++j) {
            const std::string& action = actions[j];
            const bool is_fine = is_everything(action) ||
                                 std::any_of(apis.begin(), apis.end(), [&](const auto* api) {
                                     return is_known(*api, action);
                                 });
            std::string meant;
            for (const auto* api : apis) {
                if (!is_fine && meant.empty()) meant = meant_by(*api, action);
            }
            if (meant.empty()) continue;
            return bad_policy(text,
                              "/statement/" + std::to_string(i) + "/action/" + std::to_string(j),
                              "there is no action " + action)
                .with_hint("did you mean " + meant + "?");
        }
    }
    return {};
}

}  // namespace latchkey::authority
