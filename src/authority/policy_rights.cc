#include "authority/policy_rights.h"

#include <algorithm>

#include "token/scope.h"

namespace latchkey::authority {
namespace {

// A "*" in the narrower pattern is a segment as any other, so that whatever it stands for is
// covered too.
bool covers_resource(const std::vector<std::string>& patterns, const std::string& narrower) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return pattern == "*" || resource_matches(pattern, narrower);
    });
}

bool covers_resources(const PolicyStatement& wider, const PolicyStatement& narrower) {
    return std::all_of(
        narrower.resources.begin(), narrower.resources.end(),
        [&](const std::string& resource) { return covers_resource(wider.resources, resource); });
}

// Whoever writes a policy waits for nobody else: every function here looks at each action and each
// resource of one policy beside each of the other, and never at pairs of both. Two documents of the
// largest size are some hundred thousand comparisons.
bool covers_statement(const PolicyStatement& wider, const PolicyStatement& narrower) {
    return covers_resources(wider, narrower) &&
           std::all_of(
               narrower.actions.begin(), narrower.actions.end(),
               [&](const std::string& action) { return authority::covers(wider.actions, action); });
}

// The Deny statements of the source that `wanted` does not keep by one of its own.
std::vector<const PolicyStatement*> dropped_denies(const Policy& wanted, const Policy& source) {
    std::vector<const PolicyStatement*> dropped;
    for (const auto& denied : source.statements) {
        if (denied.effect != Effect::kDeny || denied.resources.empty()) continue;
        const bool is_kept = std::any_of(
            wanted.statements.begin(), wanted.statements.end(), [&](const PolicyStatement& kept) {
                return kept.effect == Effect::kDeny && covers_statement(kept, denied);
            });
        if (!is_kept) dropped.push_back(&denied);
    }
    return dropped;
}

// A source beside one Allow statement: which of its own Allow statements have all the resources.
class Giver {
public:
    Giver(const PolicySource& source, const Policy& wanted) : source_(source) {
        if (source.policy != nullptr) dropped_ = dropped_denies(wanted, *source.policy);
    }
    void turn_to(const PolicyStatement& allowed) {
        givers_.clear();
        if (source_.policy == nullptr) return;
        for (const auto& statement : source_.policy->statements) {
            const bool is_giver =
                statement.effect == Effect::kAllow && covers_resources(statement, allowed);
            if (is_giver) givers_.push_back(&statement);
        }
    }
    [[nodiscard]] bool gives(const std::string& action) const {
        const bool is_covered =
            std::all_of(source_.patterns.begin(), source_.patterns.end(),
                        [&](const auto& patterns) { return authority::covers(patterns, action); });
        if (!is_covered || source_.policy == nullptr) return is_covered;
        const bool is_allowed =
            std::any_of(givers_.begin(), givers_.end(), [&](const PolicyStatement* statement) {
                return authority::covers(statement->actions, action);
            });
        return is_allowed &&
               std::none_of(dropped_.begin(), dropped_.end(),
                            [&](const auto* denied) { return meets(*denied, action); });
    }

private:
    // Whether some action may be named by both.
    static bool meets(const PolicyStatement& denied, const std::string& action) {
        return std::any_of(
            denied.actions.begin(), denied.actions.end(),
            [&](const std::string& pattern) { return scopes_overlap(pattern, action); });
    }

    const PolicySource& source_;
    std::vector<const PolicyStatement*> dropped_;
    std::vector<const PolicyStatement*> givers_;
};

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
    std::vector<Giver> givers;
    givers.reserve(sources.size());
    for (const auto& source : sources) {
        givers.emplace_back(source, wanted);
    }
    std::vector<std::string> missing;
    for (const auto& statement : wanted.statements) {
        if (statement.effect != Effect::kAllow || statement.resources.empty()) continue;
        for (auto& giver : givers) {
            giver.turn_to(statement);
        }
        for (const auto& action : statement.actions) {
            const bool is_given =
                std::any_of(givers.begin(), givers.end(),
                            [&](const Giver& giver) { return giver.gives(action); });
            const bool is_listed =
                std::find(missing.begin(), missing.end(), action) != missing.end();
            if (!is_given && !is_listed) missing.push_back(action);
        }
    }
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
