// The replica against a model that keeps facts in maps and works everything out when asked.
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "token/scope.h"
#include "verify/fact_makers.h"
#include "verify/judge.h"
#include "verify/replica.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(100);
constexpr std::uint64_t kTokens = 12;

struct Model {
    std::map<TokenId, TokenFact> tokens;
    std::map<SecretId, SecretFact> secrets;
    std::map<BulkId, BulkFact> rules;
    std::map<UserId, UserFact> users;
    std::map<RoleId, RoleFact> roles;
    std::map<ApiId, ApiFact> apis;
    std::map<std::string, KeyFact> keys;
    std::map<ProjectId, ProjectFact> projects;
    std::map<std::pair<ProjectId, UserId>, MembershipFact> members;
    std::map<std::tuple<ProjectId, PrincipalKind, UuidBytes>, GrantFact> grants;
    std::set<AccessId> revoked_access;

    void put(const Fact& fact) {
        struct Put {
            Model& model;
            void operator()(const TokenFact& one) const { model.tokens[one.id] = one; }
            void operator()(const SecretFact& one) const { model.secrets[one.id] = one; }
            void operator()(const BulkFact& one) const {
                model.rules.erase(one.id);
                if (!one.is_settled) model.rules[one.id] = one;
            }
            void operator()(const BulkSparedFact& one) const {
                const auto rule = model.rules.find(one.rule);
                if (rule != model.rules.end()) rule->second.spared.push_back(one.token);
            }
            void operator()(const TokenStatesFact& one) const {
                for (const TokenId& id : one.tokens) {
                    if (model.tokens.contains(id)) model.tokens.at(id).state = one.state;
                }
            }
            void operator()(const UserFact& one) const { model.users[one.id] = one; }
            void operator()(const RoleFact& one) const { model.roles[one.id] = one; }
            void operator()(const ApiFact& one) const { model.apis[one.id] = one; }
            void operator()(const KeyFact& one) const { model.keys[one.kid] = one; }
            void operator()(const ProjectFact& one) const { model.projects[one.id] = one; }
            void operator()(const MembershipFact& one) const {
                model.members[{one.project, one.user}] = one;
            }
            void operator()(const GrantFact& one) const {
                model.grants[{one.project, one.kind, one.principal}] = one;
            }
            void operator()(const AccessFact& one) const { model.revoked_access.insert(one.id); }
        };
        std::visit(Put{*this}, fact);
    }

    [[nodiscard]] std::set<std::string> patterns(const UserFact& user, const ApiFact& api) const {
        std::set<std::string> result;
        for (const RoleId& id : user.roles) {
            const auto role = roles.find(id);
            if (role == roles.end()) continue;
            for (const auto& [slug, items] : role->second.patterns) {
                if (slug == api.slug || (slug == "*" && api.slug != "latchkey")) {
                    result.insert(items.begin(), items.end());
                }
            }
        }
        return result;
    }

    // The grant that counts now, or nullptr.
    [[nodiscard]] const GrantFact* grant(const ProjectId& project, PrincipalKind kind,
                                         const UuidBytes& principal) const {
        const auto place = projects.find(project);
        const auto found = grants.find({project, kind, principal});
        const bool counts = place != projects.end() && !place->second.is_deleted &&
                            found != grants.end() && !found->second.is_removed;
        return counts ? &found->second : nullptr;
    }

    [[nodiscard]] bool is_compromised(const SecretFact& secret) const {
        const auto key = keys.find(secret.kid);
        return key != keys.end() && key->second.is_compromised;
    }

    // What is known of a secret's token, if all of it is.
    struct Whole {
        const TokenFact& token;
        const UserFact& user;
        const ApiFact& api;
    };
    [[nodiscard]] std::optional<Whole> whole(const TokenId& id) const {
        const auto token = tokens.find(id);
        if (token == tokens.end()) return std::nullopt;
        const auto user = users.find(token->second.owner);
        const auto api = apis.find(token->second.api);
        if (user == users.end() || api == apis.end()) return std::nullopt;
        return Whole{token->second, user->second, api->second};
    }

    static bool is_about(const BulkFact& rule, const TokenFact& token, const std::string& kid) {
        const auto has = [&](const std::vector<TokenId>& list) {
            return std::find(list.begin(), list.end(), token.id) != list.end();
        };
        if (rule.last_token < token.id || has(rule.spared)) return false;
        if (has(rule.tokens) || rule.is_list) return has(rule.tokens);
        const auto scopes = token.scopes.value_or(std::vector<std::string>{});
        const bool holds =
            rule.scope.empty() || std::any_of(scopes.begin(), scopes.end(), [&](const auto& one) {
                return scope_matches(one, rule.scope);
            });
        return holds && (!rule.owner || *rule.owner == token.owner) &&
               (!rule.api || *rule.api == token.api) && (rule.kid.empty() || rule.kid == kid);
    }
    // As the rules have it.
    [[nodiscard]] TokenState state(const TokenFact& token, const SecretFact& secret) const {
        TokenState worst = token.state;
        for (const auto& [id, rule] : rules) {
            if (is_about(rule, token, secret.kid)) worst = std::max(worst, rule.action);
        }
        return worst;
    }

    [[nodiscard]] int status(const SecretFact& secret) const {
        const auto token = tokens.find(secret.token);
        const bool is_known = token != tokens.end();
        if (secret.is_revoked || is_compromised(secret)) return 1;
        if (is_known && state(token->second, secret) == TokenState::kRevoked) return 1;
        if (!is_known) return 3;
        if (state(token->second, secret) == TokenState::kSuspended) return 2;
        const auto user = users.find(token->second.owner);
        if (user != users.end() && user->second.is_disabled) return 2;
        if (secret.must_ask || secret.ends_at) return 3;
        if (!token->second.allowed_ips.empty() || token->second.rate.is_set()) return 3;
        if (token->second.not_before) return 3;
        std::set<std::string> allowed;
        const auto known = whole(secret.token);
        if (known) allowed = patterns(known->user, known->api);
        for (const auto& scope : token->second.scopes.value_or(std::vector<std::string>{})) {
            bool is_covered = false;
            for (const auto& pattern : allowed) {
                is_covered = is_covered || scope_matches(pattern, scope);
            }
            if (!is_covered) return 3;
        }
        return 0;
    }
};

void compare_secret(const Model& model, const SecretFact& secret, const Replica::Reader& reader) {
    TokenView view;
    const auto whole = model.whole(secret.token);
    RC_ASSERT(reader.find(secret.digest, view) == whole.has_value());
    if (!whole) return;
    RC_ASSERT(view.token == secret.token);
    RC_ASSERT(view.secret == secret.id);
    RC_ASSERT(view.owner == whole->user.id);
    RC_ASSERT(view.kind == whole->token.kind);
    RC_ASSERT(view.state == model.state(whole->token, secret));
    RC_ASSERT(view.secret_is_revoked == secret.is_revoked);
    RC_ASSERT(view.owner_is_disabled == whole->user.is_disabled);
    RC_ASSERT(view.owner_is_machine == whole->user.is_machine);
    RC_ASSERT(view.key_is_compromised == model.is_compromised(secret));
    RC_ASSERT(view.expires_at == whole->token.expires_at);
    RC_ASSERT(view.not_before == whole->token.not_before);
    RC_ASSERT(view.rate == whole->token.rate);
    RC_ASSERT(view.generation == secret.generation);
    RC_ASSERT(view.secret_ends_at == secret.ends_at);
    RC_ASSERT(view.api == whole->api.id);
    RC_ASSERT(view.api_slug == whole->api.slug);
    RC_ASSERT(view.audience == whole->api.audience);
    RC_ASSERT(view.api_is_default == whole->api.is_default);
    RC_ASSERT(view.has_scopes == whole->token.scopes.has_value());
    const std::vector<std::string> scopes(view.scopes.begin(), view.scopes.end());
    RC_ASSERT(scopes == whole->token.scopes.value_or(std::vector<std::string>{}));
    const std::vector<std::string> ips(view.allowed_ips.begin(), view.allowed_ips.end());
    RC_ASSERT(ips == whole->token.allowed_ips);
    const std::set<std::string> patterns(view.owner_patterns.begin(), view.owner_patterns.end());
    RC_ASSERT(patterns == model.patterns(whole->user, whole->api));
    RC_ASSERT(view.owner_allows_everything == patterns.contains("*"));
    const std::vector<ApiId> verifies(view.verifies.begin(), view.verifies.end());
    RC_ASSERT(verifies == whole->user.verifies);
}

void compare_policy(const Policy* found, const GrantFact* known) {
    const bool has_policy = known != nullptr && known->policy.has_value();
    RC_ASSERT((found != nullptr) == has_policy);
    if (has_policy) RC_ASSERT(to_text(*found) == *known->policy);
}

void compare_places(const Model& model, const Replica::Reader& reader, TokenView view) {
    std::set<ProjectId> expected;
    for (std::uint64_t n = 0; n < 5; ++n) {
        const auto project = make_id<ProjectId>(n);
        const GrantFact* const known =
            model.grant(project, PrincipalKind::kToken, view.token.bytes);
        RC_ASSERT(reader.find_grant(project, view) == (known != nullptr));
        RC_ASSERT(view.grant.has_value() == (known != nullptr));
        if (known == nullptr) continue;
        expected.insert(project);
        RC_ASSERT(view.grant->project == project);
        compare_policy(view.grant->policy, known);
        compare_policy(view.grant->owner_policy,
                       model.grant(project, PrincipalKind::kUser, view.owner.bytes));
        const auto member = model.members.find({project, view.owner});
        const bool is_limited = member != model.members.end() && !member->second.is_removed &&
                                member->second.custom_role.has_value();
        RC_ASSERT(view.grant->owner_is_limited == is_limited);
        UserFact as_member;
        if (is_limited) as_member.roles = {*member->second.custom_role};
        const auto& patterns = view.grant->member_patterns;
        RC_ASSERT(std::set<std::string>(patterns.begin(), patterns.end()) ==
                  model.patterns(as_member, model.apis.at(view.api)));
    }
    const auto listed = reader.projects_of(view.token, 10);
    RC_ASSERT(listed.size() == expected.size());
    RC_ASSERT(std::set<ProjectId>(listed.begin(), listed.end()) == expected);
}

void compare(const Model& model, const Replica& replica, Replica::Reader& reader) {
    std::size_t live = 0;
    for (const auto& [id, token] : model.tokens) {
        live += token.state == TokenState::kRevoked ? 0U : 1U;
    }
    RC_ASSERT(replica.token_count() == live);
    const ReadGuard guard(reader);
    const std::string list = reader.status_list(0);
    for (const auto& [id, secret] : model.secrets) {
        compare_secret(model, secret, reader);
        if (!secret.status_index) continue;
        const int entry = list.at(*secret.status_index / 4) >> (*secret.status_index % 4 * 2) & 3;
        RC_ASSERT(entry == model.status(secret));
    }
    for (std::uint64_t n = 0; n < kTokens; ++n) {
        TokenView view;
        const auto id = make_id<TokenId>(n);
        RC_ASSERT(reader.find_by_token(id, view) == model.whole(id).has_value());
        if (model.whole(id)) compare_places(model, reader, view);
    }
}

Fact random_secret() {
    const auto n = *rc::gen::inRange<std::uint64_t>(0, kTokens * 3);
    SecretFact secret = any_secret(n);
    secret.token = make_id<TokenId>(n % kTokens);  // up to three secrets a token
    secret.generation = static_cast<std::uint32_t>(1 + n / kTokens);
    secret.is_revoked = *rc::gen::inRange(0, 4) == 0;
    secret.must_ask = *rc::gen::inRange(0, 6) == 0;
    secret.ends_at.reset();
    if (*rc::gen::inRange(0, 4) == 0) secret.ends_at = kNow;
    return secret;
}

Fact random_token() {
    TokenFact token = any_token(*rc::gen::inRange<std::uint64_t>(0, 1000));
    token.id = make_id<TokenId>(*rc::gen::inRange<std::uint64_t>(0, kTokens));
    return token;
}

Fact random_fact() {
    switch (*rc::gen::inRange(0, 15)) {
        case 0:
        case 1:
        case 2: return random_secret();
        case 3:
        case 4: return random_token();
        case 13:
        case 14: return any_bulk(*rc::gen::inRange<std::uint64_t>(0, 1000));
        case 5: {
            UserFact user = any_user(*rc::gen::inRange<std::uint64_t>(0, 30));
            user.id = make_id<UserId>(*rc::gen::inRange<std::uint64_t>(0, 5));
            return user;
        }
        case 6: {
            RoleFact role = any_role(*rc::gen::inRange<std::uint64_t>(0, 30));
            role.id = make_id<RoleId>(*rc::gen::inRange<std::uint64_t>(0, 3));
            if (*rc::gen::inRange(0, 3) == 0) role.patterns["*"] = {"*"};
            if (*rc::gen::inRange(0, 3) == 0) role.patterns["api-1"] = {"report:read"};
            return role;
        }
        case 7: {
            ApiFact api = any_api(*rc::gen::inRange<std::uint64_t>(0, 3));
            if (*rc::gen::inRange(0, 3) == 0) api.audience = "https://moved.example";
            if (api.slug == "api-2") api.slug = "latchkey";
            return api;
        }
        case 8:
            return any_project(*rc::gen::inRange<std::uint64_t>(0, 5) +
                               5 * *rc::gen::inRange<std::uint64_t>(0, 2));
        case 9: return any_membership(*rc::gen::inRange<std::uint64_t>(0, 200));
        case 10:
        case 11: return any_grant(*rc::gen::inRange<std::uint64_t>(0, 1000));
        default: {
            KeyFact key = any_key(*rc::gen::inRange<std::uint64_t>(0, 4));
            key.is_compromised = *rc::gen::inRange(0, 3) == 0;
            return key;
        }
    }
}

RC_GTEST_PROP(ReplicaModel, EverySequenceOfEventsEndsAsTheModelDoes, ()) {
    Replica replica;
    Model model;
    const int loaded = *rc::gen::inRange(0, 20);
    for (int i = 0; i < loaded; ++i) {
        const Fact fact = random_fact();
        replica.load(fact);
        model.put(fact);
    }
    replica.finish_loading({.epoch = 1, .revision = 0});
    const auto reader = replica.make_reader();
    compare(model, replica, *reader);
    const int events = *rc::gen::inRange(1, 30);
    for (int i = 0; i < events; ++i) {
        const auto count = *rc::gen::inRange(1, 5);
        const Model before = model;
        std::vector<Fact> facts;
        bool has_grant = false;  // no event says two things about one grant, or one rule
        bool has_rule = false;
        for (int k = 0; k < count; ++k) {
            Fact fact = random_fact();
            if (has_grant && std::holds_alternative<GrantFact>(fact)) continue;
            has_grant = has_grant || std::holds_alternative<GrantFact>(fact);
            if (has_rule && std::holds_alternative<BulkFact>(fact)) continue;
            has_rule = has_rule || std::holds_alternative<BulkFact>(fact);
            model.put(fact);
            facts.push_back(std::move(fact));
        }
        // Or many states at once, as a rule is settled.
        if (*rc::gen::inRange(0, 5) == 0) {
            facts = {any_states(*rc::gen::inRange<std::uint64_t>(0, 1000))};
            model = before;
            model.put(facts.front());
        }
        // Or a token that a rule, or two, are not about any more.
        if (*rc::gen::inRange(0, 5) == 0) {
            const auto n = *rc::gen::inRange<std::uint64_t>(0, 1000);
            facts = {any_spared(n), any_spared(n + 1)};
            model = before;
            std::for_each(facts.begin(), facts.end(), [&](const Fact& fact) { model.put(fact); });
        }
        const ReplicaPosition position{.epoch = 1, .revision = static_cast<std::uint64_t>(i) + 1};
        RC_ASSERT(replica.apply(position, make_body(facts)).has_value());
        compare(model, replica, *reader);
    }
}

}  // namespace
}  // namespace latchkey::verify
