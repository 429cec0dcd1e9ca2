#include "authority/rights.h"

#include <algorithm>

#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "store/tables.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kEveryApi = "*";

void add(std::vector<std::string>& patterns, std::string_view pattern) {
    if (!covers(patterns, pattern)) patterns.emplace_back(pattern);
}

// What both lists cover, exactly. Pair by pair: together they may be more than one set holds.
std::vector<std::string> meeting(const std::vector<std::string>& left,
                                 const std::vector<std::string>& right) {
    std::vector<std::string> both;
    for (const auto& one : left) {
        for (const auto& other : right) {
            const auto mine = ScopeSet::create({one});
            const auto theirs = ScopeSet::create({other});
            if (!mine || !theirs) continue;  // no pattern: covers nothing
            const ScopeSet met = mine->intersection(*theirs);
            for (const auto& pattern : met.items()) {
                add(both, pattern);
            }
        }
    }
    return both;
}

}  // namespace

Rights everything() {
    return {{std::string(kEveryApi), {"*"}}, {std::string(kManagementApi), {"*"}}};
}

Result<Rights> rights_of(const store::RoleRecord& role) {
    return TRY(fact_of(role)).patterns;
}

Result<Rights> rights_of_roles(store::Connection& db, const std::vector<RoleId>& roles) {
    Rights rights;
    for (const auto& id : roles) {
        const auto role = TRY(store::find_role(db, id));
        if (role) rights = united(std::move(rights), TRY(rights_of(*role)));
    }
    return rights;
}

Result<Rights> rights_of_user(store::Connection& db, const UserId& user) {
    const auto record = TRY(store::find_user(db, user));
    if (!record || record->state != store::UserState::kActive) return Rights{};
    return rights_of_roles(db, record->roles);
}

Result<Rights> rights_of_actor(store::Connection& db, const Actor& actor) {
    if (actor.is_system) return everything();
    auto rights = TRY(rights_of_user(db, actor.user));
    if (!actor.token) return rights;
    const auto owned = rights_at(rights, kManagementApi);
    return Rights{{std::string(kManagementApi), meeting(actor.permissions, owned)}};
}

std::vector<std::string> rights_at(const Rights& rights, std::string_view api_slug) {
    std::vector<std::string> patterns;
    const auto take = [&](std::string_view slug) {
        const auto found = rights.find(std::string(slug));
        if (found == rights.end()) return;
        patterns.insert(patterns.end(), found->second.begin(), found->second.end());
    };
    take(api_slug);
    if (api_slug != kManagementApi && api_slug != kEveryApi) take(kEveryApi);
    return patterns;
}

bool covers(const std::vector<std::string>& patterns, std::string_view scope) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return scope_matches(pattern, scope); });
}

Rights intersection(const Rights& left, const Rights& right) {
    Rights both;
    for (const Rights* side : {&left, &right}) {
        for (const auto& [slug, patterns] : *side) {
            if (both.contains(slug)) continue;
            auto met = meeting(rights_at(left, slug), rights_at(right, slug));
            if (!met.empty()) both.emplace(slug, std::move(met));
        }
    }
    return both;
}

std::vector<std::string> beyond(const Rights& wanted, const Rights& limit) {
    std::vector<std::string> missing;
    for (const auto& [slug, patterns] : wanted) {
        const auto allowed = rights_at(limit, slug);
        for (const auto& pattern : patterns) {
            if (covers(allowed, pattern)) continue;
            std::string named = slug == kManagementApi ? std::string() : slug + " ";
            missing.push_back(std::move(named.append(pattern)));
        }
    }
    return missing;
}

Rights united(Rights rights, const Rights& more) {
    for (const auto& [slug, patterns] : more) {
        auto& target = rights[slug];
        for (const auto& pattern : patterns) {
            add(target, pattern);
        }
    }
    return rights;
}

}  // namespace latchkey::authority
