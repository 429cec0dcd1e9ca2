// For widening_test.cc: who may do what, worked out from plain sets. Written without a look at
// judge, scope.h or policy.h, so that a mistake in them is not repeated here. A small universe:
// three APIs, fourteen actions as bits of a mask, three resources.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/id.h"

namespace latchkey::authority::testing {

using Mask = std::uint32_t;

inline constexpr std::array<std::string_view, 14> kActions = {
    "license:read",  "license:write", "template:write", "log:line",    "project:read",
    "project:write", "policy:read",   "policy:write",   "token:read",  "token:write",
    "user:read",     "user:write",    "role:write",     "account:read"};
inline constexpr std::array<std::string_view, 3> kResources = {"*", "eu:1", "us:1"};
inline constexpr std::array<std::string_view, 3> kApis = {"latchkey", "billing", "orders"};

// "a:*" covers "a:b": one star for one segment, the lone one for all.
inline bool word_covers(std::string_view pattern, std::string_view word) {
    if (pattern == "*") return true;
    while (true) {
        const auto one = pattern.substr(0, pattern.find(':'));
        const auto other = word.substr(0, word.find(':'));
        if (one != "*" && one != other) return false;
        const bool ends = one.size() == pattern.size();
        if (ends != (other.size() == word.size())) return false;
        if (ends) return true;
        pattern.remove_prefix(one.size() + 1);
        word.remove_prefix(other.size() + 1);
    }
}

inline Mask mask_of(std::string_view pattern) {
    static std::map<std::string, Mask, std::less<>> known;
    if (const auto found = known.find(pattern); found != known.end()) return found->second;
    Mask mask = 0;
    for (std::size_t i = 0; i < kActions.size(); ++i) {
        if (word_covers(pattern, kActions[i])) mask |= Mask{1} << i;
    }
    known.emplace(pattern, mask);
    return mask;
}

inline Mask mask_of(const std::vector<std::string>& patterns) {
    Mask mask = 0;
    for (const auto& pattern : patterns) {
        mask |= mask_of(pattern);
    }
    return mask;
}

struct ModelStatement {
    bool allows{true};
    std::vector<std::string> actions;
    std::vector<std::string> resources;
};
using ModelPolicy = std::vector<ModelStatement>;

inline Mask allowed_by(const ModelPolicy& policy, std::string_view resource) {
    Mask allowed = 0;
    Mask denied = 0;
    for (const auto& statement : policy) {
        const Mask actions = mask_of(statement.actions);
        for (const auto& pattern : statement.resources) {
            const bool is_wide = pattern == "*";
            const bool is_prefix = pattern.ends_with(":*") && !is_wide &&
                                   resource.starts_with(pattern.substr(0, pattern.size() - 1));
            const bool matches = is_wide || is_prefix || pattern == resource;
            // No resource named: an Allow must be for all, and any Deny counts.
            if (statement.allows && matches) allowed |= actions;
            if (!statement.allows && (matches || resource == "*")) denied |= actions;
        }
    }
    return allowed & ~denied;
}

using ModelRole = std::map<std::string, std::vector<std::string>>;

struct ModelUser {
    std::vector<RoleId> roles;
    bool is_disabled{false};
};

struct ModelToken {
    UserId owner;
    std::size_t api{0};
    Mask scopes{0};
    bool is_suspended{false};
};

struct ModelPlace {
    Mask built_in{0};
    std::optional<RoleId> custom;
};

struct ModelMaker {
    UserId user;
    std::optional<TokenId> token;
};

// What may be done: by a token without and with a project, by a user at an API, by a member in a
// project; and what a member's tokens could be given there at most.
enum class RightKind : std::uint8_t { kToken, kTokenInProject, kUser, kPlace, kCeiling };
struct RightKey {
    RightKind kind{RightKind::kToken};
    UuidBytes who{};
    std::size_t api{0};
    ProjectId project;
    std::size_t resource{0};
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the defaulted comparison.
    auto operator<=>(const RightKey&) const = default;
};

struct Model {
    std::map<RoleId, ModelRole> roles;
    std::map<UserId, ModelUser> users;
    std::map<TokenId, ModelToken> tokens;
    std::vector<ProjectId> projects;
    std::map<std::pair<ProjectId, UserId>, ModelPlace> places;
    // The custom role of who was removed: coming back must not lift it.
    std::map<std::pair<ProjectId, UserId>, RoleId> former;
    std::map<std::pair<ProjectId, TokenId>, ModelPolicy> grants;
    std::map<std::pair<ProjectId, UserId>, ModelPolicy> user_policies;

    [[nodiscard]] Mask role_mask(const RoleId& role, std::size_t api) const {
        const auto& patterns = roles.at(role);
        Mask mask = 0;
        const auto take = [&](std::string_view slug) {
            const auto found = patterns.find(std::string(slug));
            if (found != patterns.end()) mask |= mask_of(found->second);
        };
        take(kApis[api]);
        if (api != 0) take("*");
        return mask;
    }
    [[nodiscard]] Mask of_user(const UserId& user, std::size_t api) const {
        const auto& record = users.at(user);
        Mask mask = 0;
        for (const auto& role : record.roles) {
            mask |= role_mask(role, api);
        }
        return record.is_disabled ? 0 : mask;
    }
    [[nodiscard]] Mask of_place(const ProjectId& project, const UserId& user) const {
        const auto found = places.find({project, user});
        if (found == places.end()) return 0;
        const auto& place = found->second;
        // A place gives what there is to do in a project, whatever else its role says.
        return mask_of(std::vector<std::string>{"project:*", "policy:*", "token:*"}) &
               (place.custom ? role_mask(*place.custom, 0) : place.built_in);
    }
    // What a custom role and a policy of his own leave of a user's rights in a project.
    [[nodiscard]] Mask limits(const ProjectId& project, const UserId& user, std::size_t api,
                              std::size_t resource) const {
        Mask mask = ~Mask{0};
        const auto place = places.find({project, user});
        if (place != places.end() && place->second.custom) {
            mask &= role_mask(*place->second.custom, api);
        }
        const auto policy = user_policies.find({project, user});
        if (policy != user_policies.end()) {
            mask &= allowed_by(policy->second, kResources[resource]);
        }
        return mask;
    }
    [[nodiscard]] Mask of_token(const TokenId& id) const {
        const auto& token = tokens.at(id);
        return token.is_suspended ? 0 : token.scopes & of_user(token.owner, token.api);
    }
    [[nodiscard]] Mask of_token(const TokenId& id, const ProjectId& project,
                                std::size_t resource) const {
        const auto grant = grants.find({project, id});
        if (grant == grants.end()) return 0;
        const auto& token = tokens.at(id);
        return of_token(id) & allowed_by(grant->second, kResources[resource]) &
               limits(project, token.owner, token.api, resource);
    }

    using World = std::map<RightKey, Mask>;
    [[nodiscard]] World world() const {
        World all;
        for (const auto& [id, token] : tokens) {
            all[{RightKind::kToken, id.bytes, token.api, {}, 0}] = of_token(id);
        }
        for (const auto& [place, policy] : grants) {
            const auto api = tokens.at(place.second).api;
            for (std::size_t r = 0; r < kResources.size(); ++r) {
                all[{RightKind::kTokenInProject, place.second.bytes, api, place.first, r}] =
                    of_token(place.second, place.first, r);
            }
        }
        for (const auto& [id, user] : users) {
            for (std::size_t api = 0; api < kApis.size(); ++api) {
                all[{RightKind::kUser, id.bytes, api, {}, 0}] = of_user(id, api);
            }
        }
        for (const auto& [place, what] : places) {
            all[{RightKind::kPlace, place.second.bytes, 0, place.first, 0}] =
                of_place(place.first, place.second) & of_user(place.second, 0);
            add_ceilings(place.first, place.second, std::nullopt, all);
        }
        for (const auto& [place, role] : former) {
            add_ceilings(place.first, place.second, role, all);
        }
        return all;
    }
    void add_ceilings(const ProjectId& project, const UserId& user,
                      const std::optional<RoleId>& role, World& all) const {
        for (std::size_t api = 0; api < kApis.size(); ++api) {
            const Mask own = of_user(user, api) & (role ? role_mask(*role, api) : ~Mask{0});
            for (std::size_t r = 0; r < kResources.size(); ++r) {
                all[{RightKind::kCeiling, user.bytes, api, project, r}] =
                    own & limits(project, user, api, r);
            }
        }
    }

    // What the maker of a change has. A management token has nothing at other APIs.
    [[nodiscard]] Mask of_maker(const ModelMaker& maker, std::size_t api) const {
        if (!maker.token) return of_user(maker.user, api);
        return api == 0 ? of_token(*maker.token) : 0;
    }
    // The same in a project; an administrator of the installation stands above its limits.
    [[nodiscard]] Mask of_maker(const ModelMaker& maker, const ProjectId& project, std::size_t api,
                                std::size_t resource) const {
        const Mask own = of_maker(maker, api);
        const bool is_administrator = (of_maker(maker, 0) & mask_of("user:write")) != 0;
        return is_administrator ? own : own & limits(project, maker.user, api, resource);
    }
    [[nodiscard]] Mask place_of_maker(const ModelMaker& maker, const ProjectId& project) const {
        const Mask own = of_maker(maker, 0);
        const bool is_administrator = (own & mask_of("user:write")) != 0;
        // Who sees all users sees every project, whatever his place there.
        const bool sees_all = (own & mask_of("user:read")) != 0;
        const Mask seen =
            mask_of(std::vector<std::string>{"project:read", "policy:read", "token:read"});
        const Mask place = of_place(project, maker.user) | (sees_all ? seen : 0);
        return is_administrator ? own : own & place;
    }
};

}  // namespace latchkey::authority::testing
